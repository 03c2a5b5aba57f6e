"""The server under load: `python -m wherry` at its defaults, but for ports and what it serves.

It writes to a file, as under a container's engine, and has a folder for temporary files of its own.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import wherry
from benchmarks.serving.servers import pinned

FUNCTIONS = Path(__file__).with_name("functions.py")
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 60.0
_CORE = 0
_READY = re.compile(r"is ready on http://[^ ]+:(\d+), metrics on http://[^ ]+:(\d+)/metrics")
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL")


class ServerError(Exception):
    """The server did not start."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server that is ready.

    Attributes:
        log: What it writes.
        scratch: Its folder for temporary files.
    """

    process: subprocess.Popen[bytes]
    port: int
    metrics_port: int
    log: Path
    scratch: Path

    def end(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_TIMEOUT_S)


@contextlib.contextmanager
def served(workers: int) -> Iterator[Served]:
    """Serve the functions with one process alone, or with several workers under gunicorn.

    Raises:
        ServerError: It was not ready within `START_TIMEOUT_S`.
    """
    with tempfile.TemporaryDirectory() as folder:
        log, scratch = Path(folder, "log"), Path(folder, "scratch")
        scratch.mkdir()
        with log.open("wb") as written:
            process = subprocess.Popen(
                [*pinned(_CORE), sys.executable, "-m", "wherry"],
                env=_environment(workers, scratch),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                start_new_session=True,
            )
        try:
            port, metrics_port = _ports(process, log, workers)
            yield Served(
                process=process, port=port, metrics_port=metrics_port, log=log, scratch=scratch
            )
        finally:
            _cleared_away(process)


def _environment(workers: int, scratch: Path) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **inherited,
        "PYTHONPATH": str(Path(wherry.__file__).resolve().parents[1]),
        "TMPDIR": str(scratch),
        "WHERRY_HANDLER": str(FUNCTIONS),
        "WHERRY_WORKERS": str(workers),
        "PORT": "0",
        "WHERRY_METRICS_PORT": "0",
    }


def _ports(process: subprocess.Popen[bytes], log: Path, workers: int) -> tuple[int, int]:
    """The ports, when every worker has said that it is ready."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        found = _READY.findall(log.read_text(errors="replace"))
        if len(found) >= workers:
            port, metrics_port = found[0]
            return int(port), int(metrics_port)
        time.sleep(0.05)
    raise ServerError(f"the server is not ready:\n{log.read_text(errors='replace')[-2000:]}")


def _cleared_away(process: subprocess.Popen[bytes]) -> None:
    """Nothing is left of the group, whatever has happened."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_TIMEOUT_S)
