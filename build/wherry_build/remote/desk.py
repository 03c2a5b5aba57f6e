"""The builder over HTTP: what is asked of it, and what it answers.

    POST /build      a signed tar in; results out, as they come or all at once
    GET  /publickey  what build secrets are sealed for

The server answers probes and bounds heads and bodies. Nothing in a body is looked at before its
signature is known to be right; until then it is only kept.
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
_HEADERS = [(b"cache-control", b"no-store")]
_log = logging.getLogger("wherry.builder")


class Desk:
    """Takes requests.

    Args:
        secret: What bodies are signed with.
        folder: Folder that builds have theirs in.
        terms: What all builds have in common.
        most: How many builds there may be, those that wait included.
    """

    def __init__(self, secret: bytes, folder: Path, terms: Terms, *, most: int) -> None:
        self._places = threading.BoundedSemaphore(most)
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
        if not self._places.acquire(blocking=False):
            return _refused(503, "as many builds are there as this builder takes", retry_after_s=10)
        try:
            build = self._begun(check, body)
        except SignatureRefused as error:
            self._places.release()
            return _unsigned(error)
        except BaseException:
            self._places.release()
            raise
        if LINES in (_field(request, "accept") or ""):
            return Reply(200, [(b"content-type", LINES.encode()), *_HEADERS], _Lines(build))
        return _whole(collected(build))

    def _begun(self, check: SignatureCheck, body: Iterator[bytes]) -> Build:
        """Keep the body in a folder of its own, and build from it if its signature is right."""
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            archive = folder / "body.tar"
            with os.fdopen(os.open(archive, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                for chunk in body:
                    check.update(chunk)
                    file.write(chunk)
            check.finish()
            return Build(folder, archive, self._terms, self._places.release)
        except BaseException:
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


def _refused(
    status: int, detail: str, *, allow: str | None = None, retry_after_s: int | None = None
) -> Reply:
    problem = Problem(status=status, detail=detail, allow=allow, retry_after_s=retry_after_s)
    return Reply.of_problem(problem)
