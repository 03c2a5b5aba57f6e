"""What a server's processes hold after load, pages that they share counted by share (PSS)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.serving import load
from benchmarks.serving.figures import Memory
from benchmarks.serving.peers import Peer
from benchmarks.serving.servers import running
from benchmarks.serving.workloads import WORKLOADS

WORKERS = (1, 2)
_PROC = Path("/proc")
_HTTP = next(each for each in WORKLOADS if each.name == "http")


def measure(
    peers: Iterable[Peer], *, runs: int, seconds: int, told: Callable[[str], None]
) -> list[Memory]:
    """Load each peer with one worker and, where it has them, with two, then look."""
    pairs = [
        (peer, workers)
        for peer in peers
        for workers in WORKERS
        if _HTTP.app in peer.commands and (workers == 1 or peer.scales)
    ]
    found: dict[tuple[str, int], list[float]] = {(peer.name, count): [] for peer, count in pairs}
    for number in range(runs):
        for peer, workers in pairs:
            told(f"memory {number + 1}/{runs} {peer.name}, {workers} workers")
            with running(peer, _HTTP.app, workers=workers) as server:
                load.run(_HTTP, server.port, seconds=seconds)
                found[peer.name, workers].append(round(pss_bytes(server.pid) / 1e6, 1))
    return [
        Memory(workers=workers, peer=name, runs_mb=each) for (name, workers), each in found.items()
    ]


def is_available() -> bool:
    """Whether the system tells."""
    return (_PROC / "self" / "smaps_rollup").exists()


def pss_bytes(pid: int) -> int:
    """The proportional set size of a process and all below it."""
    total = 0
    for each in tree(pid):
        try:
            rollup = (_PROC / str(each) / "smaps_rollup").read_text()
        except OSError:
            continue  # it has just ended
        found = [line.split() for line in rollup.splitlines() if line.startswith("Pss:")]
        total += 1024 * int(found[0][1]) if found else 0
    return total


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in (_PROC / str(pid) / "task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            found += tree(int(child))
    return found
