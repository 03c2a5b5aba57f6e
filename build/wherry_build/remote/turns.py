"""Builds one after the other where there are more than may run at once. No I/O."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK_S = 0.5


class Turns:
    """So many at once; who comes later waits.

    Args:
        most: How many.
    """

    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)

    @contextmanager
    def turn(self, *, on_wait: Callable[[], None], check: Callable[[], None]) -> Iterator[None]:
        """Wait for a turn, and have it until the block ends.

        Args:
            on_wait: Called once when there is none yet.
            check: Called again and again while waiting; what it raises ends that.
        """
        check()
        if not self._free.acquire(blocking=False):
            on_wait()
            while not self._free.acquire(timeout=_LOOK_S):
                check()
        try:
            check()
            yield
        finally:
            self._free.release()
