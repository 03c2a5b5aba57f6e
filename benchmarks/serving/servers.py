"""A server process for the length of a `with`: started on a free port, ended by its handle."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator

from benchmarks.serving.environments import bin_of
from benchmarks.serving.peers import APPS, HERE, Peer

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0


class ServerError(Exception):
    """A server did not start."""


def pinned(core: int) -> list[str]:
    """The words that keep a command on one core; none where that cannot be done."""
    can = shutil.which("taskset") and (os.cpu_count() or 1) > core
    return ["taskset", "-c", str(core)] if can else []


@contextlib.contextmanager
def running(peer: Peer, app: str, *, core: int = 0) -> Iterator[int]:
    """Serve `app` of `peer` on `core`; gives the port.

    Raises:
        ServerError: It ended or took no connection within `START_TIMEOUT_S`.
    """
    port = _free_port()
    filled = {"port": str(port), "apps": str(APPS)}
    words = [word.format(**filled) for word in peer.commands[app]]
    command = [*pinned(core), str(bin_of(peer) / words[0]), *words[1:]]
    environment = {name: value.format(**filled) for name, value in peer.environment.items()}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command,
            cwd=HERE.parent.parent,
            env=_clean_environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        try:
            if not _listens(process, port):
                said.seek(0)
                last = said.read().decode(errors="replace")[-2000:]
                raise ServerError(f"{peer.name} does not serve {app}: {' '.join(command)}\n{last}")
            yield port
        finally:
            _end(process)


def _clean_environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        time.sleep(0.02)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
            break
