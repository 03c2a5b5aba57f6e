"""What happens to events, for those who watch it happen. Runs on one event loop; no I/O.

Of each message that changed a watcher is told the key, once, however often it changes before the
watcher comes to it: who is slow sees fewer steps and the same end.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

MOST_WAITING = 10_000
"""Keys that may wait for one watcher; of more the oldest are left out."""


class Watcher:
    """One who watches, from `with` to its end."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._waiting: dict[str, None] = {}
        self._told = asyncio.Event()
        self._over = False

    def tell(self, key: str) -> None:
        """Something happened to this message."""
        self._waiting.setdefault(key)
        if len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._told.set()

    def end(self) -> None:
        """There will be no more."""
        self._over = True
        self._told.set()

    async def next(self) -> str | None:
        """The next key, or None at the end."""
        while not self._waiting:
            if self._over:
                return None
            self._told.clear()
            await self._told.wait()
        key = next(iter(self._waiting))
        del self._waiting[key]
        return key

    def __enter__(self) -> Watcher:  # noqa: PYI034 - nobody derives from it
        self._flow.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._flow.remove(self)


class Flow:
    """Tells everybody who watches."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._over = False

    def tell(self, key: str) -> None:
        """Something happened to this message."""
        for watcher in self._watchers:
            watcher.tell(key)

    def watch(self) -> Watcher:
        """Somebody who watches from when it is entered."""
        return Watcher(self)

    def add(self, watcher: Watcher) -> None:
        """Tell it what happens from now on."""
        self._watchers.add(watcher)
        if self._over:
            watcher.end()

    def remove(self, watcher: Watcher) -> None:
        """Tell it no more."""
        self._watchers.discard(watcher)

    def close(self) -> None:
        """End it for everybody, and for whoever comes later."""
        self._over = True
        for watcher in self._watchers:
            watcher.end()
