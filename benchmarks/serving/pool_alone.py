"""A pool of threads and no server: what the machine leaves of 32 calls of 10 ms at once.

A sleep of 10 ms takes longer than that, and a thread that wakes up waits for the interpreter lock.
The same Python, as many threads as the pool has and the same core, each of which calls
`time.sleep(0.01)` again and again: no server in front of such threads answers more.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

from benchmarks.serving.figures import Figures
from benchmarks.serving.origins import ROOT
from benchmarks.serving.servers import Launch, pinned

THREADS = 32
SLEEP_S = 0.01


def run(launch: Launch, *, seconds: float, core: int = 0) -> Figures:
    """Let the threads sleep for `seconds` in a process of their own, on `core`.

    Raises:
        subprocess.CalledProcessError: The process failed.
    """
    said = subprocess.run(
        [*pinned(core), *launch.words, str(seconds)],
        check=True,
        cwd=ROOT,
        env=launch.environment,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    ).stdout
    return Figures(**json.loads(said))


def measured(seconds: float) -> Figures:
    """The same in this process: sleeps a second, and how long they took."""
    taken: list[list[float]] = [[] for _ in range(THREADS)]
    began = time.perf_counter()
    threads = [
        threading.Thread(target=_sleep, args=(began + seconds, each), daemon=True) for each in taken
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    found = sorted(each * 1000 for one in taken for each in one)
    return Figures(
        per_s=round(len(found) / elapsed, 1),
        p50_ms=round(found[len(found) // 2], 3),
        p99_ms=round(found[len(found) * 99 // 100], 3),
        faults=0,
    )


def _sleep(until: float, taken: list[float]) -> None:
    now = time.perf_counter()
    while now < until:
        before = now
        time.sleep(SLEEP_S)
        now = time.perf_counter()
        taken.append(now - before)


if __name__ == "__main__":
    print(json.dumps(vars(measured(float(sys.argv[1])))))
