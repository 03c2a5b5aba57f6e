"""What happens to events, for those who watch it happen. Runs on one event loop; no I/O.

Of each message that changed a watcher is told the key, once, however often it changes before the
watcher comes to it: who is slow sees fewer steps and the same end.
"""

from __future__ import annotations

import asyncio

MOST_WAITING = 10_000
"""Keys that may wait for one watcher; of more the oldest are left out."""


class Watcher:
    """One who watches, until `close`."""

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

    def close(self) -> None:
        """Watch no more."""
        self._flow.remove(self)
        self.end()


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
        """Somebody who watches from now on."""
        watcher = Watcher(self)
        self._watchers.add(watcher)
        if self._over:
            watcher.end()
        return watcher

    def remove(self, watcher: Watcher) -> None:
        """Tell it no more."""
        self._watchers.discard(watcher)

    def close(self) -> None:
        """End it for everybody, and for whoever comes later."""
        self._over = True
        for watcher in self._watchers:
            watcher.end()
