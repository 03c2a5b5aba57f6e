"""A progress between threads and whoever is told: one at a time, and a way to end their work."""

from __future__ import annotations

import threading

from wherry_build.errors import RegistryError
from wherry_build.image.engine import Progress


class StoppableProgress:
    """Tells a progress what threads tell it, until it is stopped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._turn = threading.Lock()
        self._is_stopped = False

    def stop(self) -> None:
        """Have whoever tells something next end."""
        self._is_stopped = True

    def step(self, text: str) -> None:
        """A step begins."""
        with self._turn:
            self._progress.step(text)

    def moved(self, what: str, done_bytes: int, total_bytes: int | None) -> None:
        """So much of `what` is there by now.

        Raises:
            RegistryError: It is to end.
        """
        with self._turn:
            if self._is_stopped:
                raise RegistryError(f"{what}: stopped")
            self._progress.moved(what, done_bytes, total_bytes)
