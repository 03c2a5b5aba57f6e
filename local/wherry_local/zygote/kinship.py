"""What Linux lets a process say of its parent and descendants; other systems know none of it."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

_PDEATHSIG = 1
_CHILD_SUBREAPER = 36


def end_with_parent() -> None:
    """Have this process killed when its parent ends, whatever it executes meanwhile."""
    _control(_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Have every descendant whose parent ends become a child of this process."""
    _control(_CHILD_SUBREAPER, 1)


def children() -> set[int]:
    """The children of this process, which has one thread; none where the system does not say."""
    with suppress(OSError):
        listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
        return set(map(int, listed.split()))
    return set()


def _control(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value)  # prctl(2)
