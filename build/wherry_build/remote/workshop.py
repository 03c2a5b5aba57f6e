"""A workshop that carries out each order in a process of its own, which ends when nobody waits.

Of the builder's environment the process gets what builds need and no more: a requirements file may
have `${NAME}` in the address of an index, and its author is not the builder's owner.
"""

from __future__ import annotations

import json
import logging
import os
import re
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from wherry_build.errors import ImageBuildFailed
from wherry_build.remote.build import Listener, Order
from wherry_build.remote.shrinkwrap import House

_log = logging.getLogger("wherry.builder")
_LOOK_S = 0.5
_PATIENCE_S = 5.0
_CHUNK_BYTES = 1 << 16
_LIMIT_LINE_BYTES = 4 * 1024 * 1024
_LAST_BYTES = 4_000
_PASSED_ON = re.compile(
    r"PATH|HOME|USER|UV|LOGNAME|LANG|LC_[A-Z]+|TZ|XDG_[A-Z_]+|PYTHON(PATH|HOME|UTF8)|"
    r"SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|SOURCE_DATE_EPOCH|"
    r"(https?|no|all|HTTPS?|NO|ALL)_(proxy|PROXY)|(PIP|UV|BUILDKIT|BUILDX|CONTAINER)_[A-Z0-9_]+|"
    r"DOCKER_(HOST|CONFIG|CONTEXT|TLS_VERIFY|CERT_PATH)|"
    r"REGISTRY_AUTH_FILE|WHERRY_(CACHE|CONTAINER_CLI)"
)

# A function's own folder says nothing to Python or to uv about how they are to run.
_OURS = {"PYTHONSAFEPATH": "1", "UV_NO_CONFIG": "1"}


class ProcessWorkshop:
    """Carries out orders.

    Args:
        house: What the builder's owner has decided.
        has_docker: Whether Dockerfiles are run, by this machine's container engine.
        is_insecure: Whether registries are believed without a certificate.
        command: What is run; the program of `wherry_build.remote.child` when not given.
        environ: The builder's environment.
    """

    def __init__(
        self,
        *,
        house: House | None = None,
        has_docker: bool = False,
        is_insecure: bool = False,
        command: tuple[str, ...] = (sys.executable, "-m", "wherry_build.remote.child"),
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._house = House() if house is None else house
        self._has_docker = has_docker
        self._is_insecure = is_insecure
        self._command = command
        self._environ = environ

    def build(self, order: Order, listener: Listener) -> str:
        """Build `order`; the reference that the image can be pulled by, or its name.

        Raises:
            ImageBuildFailed: The process says why not, or says nothing.
        """
        folder = order.context.parent / "tmp"
        folder.mkdir(mode=0o700)
        with self._started(folder) as process:
            _send(process, self._document(order))
            for said in _lines(process, listener):
                if "say" in said:
                    listener.say(said["say"])
                elif "built" in said:
                    return said["built"]
                elif "refused" in said:
                    raise ImageBuildFailed(said["refused"], hint=said.get("hint", ""))
                else:
                    _log.error("a build broke: %s", said.get("broken", "without a word"))
                    break
        raise ImageBuildFailed("the build's process has a fault, which the builder's log describes")

    def _document(self, order: Order) -> bytes:
        said = {
            "configuration": order.document.decode(),
            "context": str(order.context),
            "secrets": {name: str(file) for name, file in order.secrets.items()},
            "base": self._house.base,
            "builds_sources": self._house.builds_sources,
            "has_docker": self._has_docker,
            "is_insecure": self._is_insecure,
        }
        return json.dumps(said).encode()

    @contextmanager
    def _started(self, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
        errors = folder / "stderr"
        with errors.open("wb") as written:
            process = subprocess.Popen(  # noqa: S603 - ours, with no word of a stranger
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=written,
                cwd=folder,
                env={**passed_on(self._environ), **_OURS, "TMPDIR": str(folder)},
                start_new_session=True,  # a group of its own, so that what it has started ends too
            )
        try:
            yield process
        except BaseException:
            _end(process, patience_s=0.0)
            raise
        code = _end(process, patience_s=_PATIENCE_S)
        if code:
            last = errors.read_bytes()[-_LAST_BYTES:].decode(errors="replace")
            _log.error("a build's process ended with exit code %d: %s", code, last)


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """What a build's process has of the builder's environment."""
    kept = {name: value for name, value in environ.items() if _PASSED_ON.fullmatch(name)}
    if kept.get("PYTHONPATH"):  # it runs in another folder
        folders = kept["PYTHONPATH"].split(os.pathsep)
        kept["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, folders))
    return kept


def _send(process: subprocess.Popen[bytes], order: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    with suppress(BrokenPipeError):  # its exit code says why
        process.stdin.write(order + b"\n")
        process.stdin.flush()  # and it stays open, as long as the builder is there


def _lines(process: subprocess.Popen[bytes], listener: Listener) -> Iterator[dict[str, str]]:
    """What the process says, line by line; meanwhile it is looked whether anybody listens."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            listener.check()
            if not selector.select(_LOOK_S):
                continue
            chunk = os.read(process.stdout.fileno(), _CHUNK_BYTES)
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield json.loads(line)
            if not chunk or len(rest) > _LIMIT_LINE_BYTES:
                return


def _end(process: subprocess.Popen[bytes], *, patience_s: float) -> int:
    """Wait for the process for a while, then end it; its exit code.

    What it has started and what is left then ends in any case: with `--sources` or `--docker` that
    may be a stranger's, and other builds come after this one.
    """
    try:
        return _waited_for(process, patience_s)
    finally:
        with suppress(ProcessLookupError, PermissionError):  # nothing is left, or only the dead
            os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


def _waited_for(process: subprocess.Popen[bytes], patience_s: float) -> int:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(subprocess.TimeoutExpired):
            return process.wait(patience_s)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        patience_s = _PATIENCE_S
    return process.wait()
