"""Who wants to know what a queue stores. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial


class Listeners:
    """Those that are woken by what is due, and those that are told of what has changed."""

    def __init__(self) -> None:
        self._wakes: list[Callable[[], None]] = []
        self._told: list[Callable[[str], None]] = []

    def on_due(self, wake: Callable[[], None]) -> None:
        """Add one that is woken."""
        self._wakes.append(wake)

    def on_change(self, told: Callable[[str], None]) -> Callable[[], None]:
        """Add one that is told; what is returned takes it away."""
        self._told.append(told)
        return partial(self._told.remove, told)

    def wake(self) -> None:
        """Something is due at once."""
        for wake in self._wakes:
            wake()

    def tell(self, key: str) -> None:
        """The message with this key was stored, or one of its deliveries has changed."""
        for told in tuple(self._told):
            told(key)
