"""What a server holds at a moment: memory, threads, descriptors, connections, series, files.

Read from `/proc`, from its metrics and from its folder; it asks the function nothing.
"""

from __future__ import annotations

import contextlib
import os
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.memory import tree

_PROC = Path("/proc")
_OPEN = {"01", "08"}  # established, and closed by the other side alone
_SCRAPE_TIMEOUT_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """What all processes of the server hold together.

    Attributes:
        rss_mb: Resident memory, pages that processes share counted in each.
        pss_mb: The same, counted by share; the share depends on what else runs on the machine.
        own_mb: The part of it that is no file's, which no other program shares: heap and stacks.
        threads: Threads.
        descriptors: Open descriptors, connections included.
        connections: Connections to its port that it has open.
        series: Lines of the metrics that are no comments.
        log_bytes: What it has written so far.
        files: Files in its folder for temporary ones.
    """

    rss_mb: float
    pss_mb: float
    own_mb: float
    threads: int
    descriptors: int
    connections: int
    series: int
    log_bytes: int
    files: int


def is_available() -> bool:
    """Whether the system tells."""
    return (_PROC / "self" / "smaps_rollup").exists() and (_PROC / "net" / "tcp").exists()


def read(pid: int, *, port: int, metrics_port: int, log: Path, scratch: Path) -> Vitals:
    """Look at the server whose first process is `pid`.

    Raises:
        OSError: Its metrics are not to be had.
    """
    series = _series(metrics_port)
    processes = tree(pid)
    return Vitals(
        rss_mb=_memory_mb(processes, "Rss:"),
        pss_mb=_memory_mb(processes, "Pss:"),
        own_mb=_memory_mb(processes, "Pss_Anon:"),
        threads=sum(_count(each, "task") for each in processes),
        descriptors=sum(_count(each, "fd") for each in processes),
        connections=_connections(port),
        series=series,
        log_bytes=log.stat().st_size,
        files=sum(len(names) for _, _, names in os.walk(scratch)),
    )


def _memory_mb(processes: Sequence[int], name: str) -> float:
    return round(sum(_rollup_kib(each, name) for each in processes) * 1024 / 1e6, 2)


def _rollup_kib(pid: int, name: str) -> int:
    with contextlib.suppress(OSError):  # a process that has just ended
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0


def _count(pid: int, of: str) -> int:
    with contextlib.suppress(OSError):
        return len(list((_PROC / str(pid) / of).iterdir()))
    return 0


def _connections(port: int) -> int:
    lines = (_PROC / "net" / "tcp").read_text().splitlines()[1:]
    local = f":{port:04X}"
    fields = (line.split() for line in lines)
    return sum(each[1].endswith(local) and each[3] in _OPEN for each in fields)


def _series(metrics_port: int) -> int:
    url = f"http://127.0.0.1:{metrics_port}/metrics"
    with urllib.request.urlopen(url, timeout=_SCRAPE_TIMEOUT_S) as answer:
        lines = answer.read().splitlines()
    return sum(bool(line) and not line.startswith(b"#") for line in lines)
