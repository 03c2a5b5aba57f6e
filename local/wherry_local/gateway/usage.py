"""What the replicas of a function use: memory and processor, as `/proc` tells.

The processor's figure is the average since a replica began; nothing is sampled. Elsewhere than on
Linux nothing is known, and nothing is said.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from wherry_local.fleet.replica import Replica

_PROC = Path("/proc")


class _Listed(Protocol):
    @property
    def replicas(self) -> Sequence[Replica]: ...


def usage_of(replicas: _Listed) -> dict[str, float]:
    """`cpu` in thousandths of a core and `totalMemoryBytes`, of all replicas together."""
    found = [use for each in replicas.replicas if each.pid for use in _uses(each.pid)]
    return {
        "cpu": round(sum(cpu for cpu, _ in found), 1),
        "totalMemoryBytes": sum(memory for _, memory in found),
    }


def _uses(pid: int) -> Iterator[tuple[float, int]]:
    try:
        # The name of the program stands in parentheses and may hold anything but a NUL.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        up_s = float((_PROC / "uptime").read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return
    ticks_per_s = os.sysconf("SC_CLK_TCK")
    ticks, began, pages = int(fields[11]) + int(fields[12]), int(fields[19]), int(fields[21])
    age_s = max(up_s - began / ticks_per_s, 1.0)
    yield 1000 * ticks / ticks_per_s / age_s, pages * os.sysconf("SC_PAGE_SIZE")
