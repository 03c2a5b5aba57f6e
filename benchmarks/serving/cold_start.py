"""From exec to the first answer: how long a caller waits who wakes the function up.

The clock starts before the program does, and its port is tried without a pause, so that no poll
interval hides in the figure. Byte code is warm: a first start that is not counted writes it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from benchmarks.serving.figures import ColdStart
from benchmarks.serving.origins import ROOT
from benchmarks.serving.peers import Peer
from benchmarks.serving.servers import Launch, ServerError, prepared
from benchmarks.serving.workloads import WORKLOADS, Workload

_TIMEOUT_S = 30.0
_APPS = {each.app: each for each in WORKLOADS}
# By kind of handler, the functions that are such a handler, the first that a peer has.
HANDLERS = {"plain": ("plain", "greet"), "event": ("check",), "request": ("greet",)}


def apps_of(peer: Peer) -> dict[str, str]:
    """By kind of handler, the function of `peer` that is measured."""
    found = {
        handler: next((app for app in apps if app in peer.commands), "")
        for handler, apps in HANDLERS.items()
    }
    return {handler: app for handler, app in found.items() if app}


def measure(peers: Iterable[Peer], *, runs: int, told: Callable[[str], None]) -> list[ColdStart]:
    """Start each peer `runs` times in turn, so that a machine that slows down slows all.

    Raises:
        ServerError: One gave no right answer in time.
    """
    pairs = [(peer, handler, app) for peer in peers for handler, app in apps_of(peer).items()]
    found: dict[tuple[str, str], list[float]] = {(peer.name, kind): [] for peer, kind, _ in pairs}
    for number in range(runs + 1):
        told(f"cold start {number}/{runs}")
        for peer, handler, app in pairs:
            with prepared(peer, app) as launch:
                seconds = first_answer(launch, _APPS.get(app, _APPS["greet"]))
            if number:
                found[peer.name, handler].append(round(seconds * 1000, 2))
    return [
        ColdStart(handler=handler, peer=name, runs_ms=each)
        for (name, handler), each in found.items()
    ]


def first_answer(launch: Launch, workload: Workload) -> float:
    """Seconds from the start of the program to its first 2xx.

    Raises:
        ServerError: There was none in time.
    """
    request = _request(workload)
    with _on_core(0):
        began = time.perf_counter()
        pid = _spawned(launch)
    try:
        with _on_core(1):
            while time.perf_counter() - began < _TIMEOUT_S:
                if _is_answered(launch.port, request):
                    return time.perf_counter() - began
                if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                    break
        raise ServerError(f"no answer from: {' '.join(launch.words)}")
    finally:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _spawned(launch: Launch) -> int:
    """Start the program in a group of its own: its workers end with it."""
    null = os.open(os.devnull, os.O_RDWR)
    before = Path.cwd()
    try:
        os.chdir(ROOT)
        actions = [(os.POSIX_SPAWN_DUP2, null, target) for target in (0, 1, 2)]
        return os.posix_spawn(
            launch.words[0], launch.words, launch.environment, file_actions=actions, setpgroup=0
        )
    finally:
        os.chdir(before)
        os.close(null)


def _is_answered(port: int, request: bytes) -> bool:
    with socket.socket() as sock:
        sock.settimeout(_TIMEOUT_S)
        try:
            sock.connect(("127.0.0.1", port))
            sock.sendall(request)
            head = sock.recv(4096)
        except ConnectionError:
            return False
    return head.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2"))


def _request(workload: Workload) -> bytes:
    fields = {"host": "127.0.0.1", "connection": "close", **workload.headers}
    if workload.body:
        fields["content-length"] = str(len(workload.body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    line = f"{workload.method} {workload.target} HTTP/1.1\r\n"
    return f"{line}{head}\r\n".encode() + workload.body


@contextlib.contextmanager
def _on_core(core: int) -> Iterator[None]:
    """This thread, and what it starts, on one core, where the machine has it."""
    if sys.platform != "linux" or (os.cpu_count() or 1) < 2:
        yield
        return
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {core})
        yield
    finally:
        os.sched_setaffinity(0, before)
