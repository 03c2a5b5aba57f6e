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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.origins import HERE, LIMITS, ROOT
from benchmarks.serving.peers import Peer

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
_WORDS_TIMEOUT_S = 5.0
_APPS = HERE / "apps"


class ServerError(Exception):
    """A server did not start, or does not answer as it should."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A command that is ready to be run, and the port that it will serve."""

    words: tuple[str, ...]
    environment: Mapping[str, str]
    port: int


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that takes connections."""

    port: int
    pid: int


def pinned(core: int) -> list[str]:
    """The words that keep a command on one core; none where that cannot be done."""
    can = shutil.which("taskset") and (os.cpu_count() or 1) > core
    return ["taskset", "-c", str(core)] if can else []


@contextlib.contextmanager
def prepared(peer: Peer, app: str, *, workers: int = 1) -> Iterator[Launch]:
    """What starts `app` of `peer`, with its files in a folder that goes away.

    Raises:
        Absent: The peer's program is not on this machine.
    """
    command, programs = peer.commands[app], peer.origin.folder()
    with tempfile.TemporaryDirectory() as folder:
        port, metrics_port = free_ports(2)
        filled = {
            "port": port,
            "metrics_port": metrics_port,
            "workers": workers,
            "apps": _APPS,
            "folder": folder,
        }
        for name in peer.files:
            text = (LIMITS / name).read_text().format(**filled)
            Path(folder, name).write_text(text)
        words = [word.format(**filled) for word in command.words]
        given = {name: value.format(**filled) for name, value in command.environment.items()}
        yield Launch(
            words=(str(programs / words[0]), *words[1:]),
            environment=clean_environment() | given,
            port=port,
        )


@contextlib.contextmanager
def running(peer: Peer, app: str, *, core: int = 0, workers: int = 1) -> Iterator[Running]:
    """Serve `app` of `peer` on `core`; what it writes goes to the null device.

    Raises:
        Absent: The peer's program is not on this machine.
        ServerError: It ended or took no connection within `START_TIMEOUT_S`.
    """
    with (
        prepared(peer, app, workers=workers) as launch,
        serving(launch, f"{peer.name} does not serve {app}", core=core) as server,
    ):
        yield server


@contextlib.contextmanager
def serving(launch: Launch, failure: str, *, core: int) -> Iterator[Running]:
    """A server that was prepared, on `core`; what it writes goes to the null device.

    Raises:
        ServerError: `failure`, and what it said: it took no connection within `START_TIMEOUT_S`.
    """
    process = _started(launch, core, subprocess.DEVNULL)
    try:
        if not _listens(process, launch.port):
            _end(process)
            said = _last_words(launch, core)
            raise ServerError(f"{failure}: {' '.join(launch.words)}\n{said}")
        yield Running(port=launch.port, pid=process.pid)
    finally:
        _end(process)


def _started(launch: Launch, core: int, errors: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*pinned(core), *launch.words],
        cwd=ROOT,
        env=launch.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,
    )


def _last_words(launch: Launch, core: int) -> str:
    """What a server that failed says when it is started once more."""
    process = _started(launch, core, subprocess.PIPE)
    try:
        said = process.communicate(timeout=_WORDS_TIMEOUT_S)[1]
    except subprocess.TimeoutExpired:
        _end(process)
        said = process.communicate()[1]
    return said.decode(errors="replace")[-2000:]


def clean_environment() -> dict[str, str]:
    """What every server is given of the environment here."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


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
