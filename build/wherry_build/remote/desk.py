"""The builder over HTTP: what is asked of it, and what it answers.

    POST /build      a signed tar in; results out, as they come or all at once
    GET  /publickey  what build secrets are sealed for

The server answers probes and bounds heads and bodies. Nothing in a body is looked at before its
signature is known to be right; until then it is only kept, and takes the place of no build, for
anybody can send one.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from wherry.problem import Problem
from wherry.reply import Reply
from wherry.request import Request
from wherry_build.errors import SignatureRefused
from wherry_build.remote.build import Build, Terms, collected
from wherry_build.remote.result import BuildResult, Status
from wherry_build.remote.signature import FIELD, SignatureCheck

LINES = "application/x-ndjson"
_BODY = "body.tar"
_RETRY_AFTER_S = 10
_HEADERS = [(b"cache-control", b"no-store")]
_log = logging.getLogger("wherry.builder")


class Desk:
    """Takes requests.

    Args:
        secret: What bodies are signed with.
        folder: Folder that builds have theirs in.
        terms: What all builds have in common.
        most: How many builds there may be, those that wait included.
        receiving: How many bodies may be on their way.
    """

    def __init__(
        self, secret: bytes, folder: Path, terms: Terms, *, most: int, receiving: int
    ) -> None:
        self._places = threading.BoundedSemaphore(most)
        self._receptions = threading.BoundedSemaphore(receiving)
        self._secret = secret
        self._folder = folder
        self._terms = terms

    def handle(self, request: Request, body: Iterator[bytes]) -> Reply:
        """Answer `request`, whose `body` arrives meanwhile."""
        match request.method, request.path:
            case "POST", "/build":
                return self._build(request, body)
            case (("GET" | "HEAD"), "/publickey"):
                return self._public_key()
            case _, "/build":
                return _refused(405, "expected POST", allow="POST")
            case _, "/publickey":
                return _refused(405, "expected GET", allow="GET, HEAD")
            case _:
                return _refused(404, "there are POST /build, GET /publickey and GET /_/health")

    def _public_key(self) -> Reply:
        key = self._terms.key
        if key is None:
            return _refused(404, "this builder takes no build secrets")
        content = json.dumps(key.document()).encode()
        return Reply(200, [(b"content-type", b"application/json"), *_HEADERS], content)

    def _build(self, request: Request, body: Iterator[bytes]) -> Reply:
        try:
            check = SignatureCheck(_field(request, FIELD), self._secret)
        except SignatureRefused as error:
            return _unsigned(error)
        if not self._receptions.acquire(blocking=False):
            return _full("as many requests are on their way as this builder takes")
        try:
            folder = self._received(check, body)
        except SignatureRefused as error:
            return _unsigned(error)
        finally:
            self._receptions.release()
        build = self._begun(folder)
        if build is None:
            return _full("as many builds are there as this builder takes")
        if LINES in (_field(request, "accept") or ""):
            return Reply(200, [(b"content-type", LINES.encode()), *_HEADERS], _Lines(build))
        return _whole(collected(build))

    def _received(self, check: SignatureCheck, body: Iterator[bytes]) -> Path:
        """Keep the body in a folder of its own, which stays if its signature is right."""
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            opened = os.open(folder / _BODY, os.O_WRONLY | os.O_CREAT, 0o600)
            with os.fdopen(opened, "wb") as file:
                for chunk in body:
                    check.update(chunk)
                    file.write(chunk)
            check.finish()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder

    def _begun(self, folder: Path) -> Build | None:
        """Build from the body in `folder`; None, and no folder, when there is no place."""
        if not self._places.acquire(blocking=False):
            shutil.rmtree(folder, ignore_errors=True)
            return None
        try:
            return Build(folder, folder / _BODY, self._terms, self._places.release)
        except BaseException:
            self._places.release()
            shutil.rmtree(folder, ignore_errors=True)
            raise


class _Lines:
    """A build's results as lines, and the build's end when their reader goes."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._rest: Iterator[bytes] = iter(())

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> bytes:
        while True:
            line = next(self._rest, None)
            if line is not None:
                return line
            self._rest = next(self._build).lines()

    def close(self) -> None:
        """Leave the build."""
        self._build.close()


def _whole(result: BuildResult) -> Reply:
    """The answer to a client that wants one document; older ones look at the status alone."""
    status = 200 if result.status is Status.SUCCESS else 422
    content = json.dumps(result.document(), ensure_ascii=False).encode()
    return Reply(status, [(b"content-type", b"application/json"), *_HEADERS], content)


def _field(request: Request, name: str) -> str | None:
    """The value of a field that was sent once; None of one that was sent never or twice."""
    wanted = name.lower().encode()
    found = [value for key, value in request.headers if key.lower() == wanted]
    return found[0].decode("latin-1") if len(found) == 1 else None


def _unsigned(error: SignatureRefused) -> Reply:
    _log.warning("refused: %s", error.message)
    return _refused(401, error.message)


def _full(detail: str) -> Reply:
    return _refused(503, detail, retry_after_s=_RETRY_AFTER_S)


def _refused(
    status: int, detail: str, *, allow: str | None = None, retry_after_s: int | None = None
) -> Reply:
    problem = Problem(status=status, detail=detail, allow=allow, retry_after_s=retry_after_s)
    return Reply.of_problem(problem)
