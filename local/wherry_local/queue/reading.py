"""Reads a queue's file in a thread of its own, and adds what memory knows better."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from wherry_local.queue.clock import Clock
from wherry_local.queue.delivery import Kind, Message, State
from wherry_local.queue.history import History
from wherry_local.queue.pending import Pending
from wherry_local.queue.view import Found, StoredMessage, agreed, shown


class Reader:
    """What a queue's history says now."""

    def __init__(self, path: Path, pending: Pending, clock: Clock) -> None:
        """Read from the queue at `path`, of which `pending` waits."""
        self._pending = pending
        self._clock = clock
        self._history = History(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="queue-reader")

    async def page(
        self,
        *,
        kind: Kind | None,
        scope: str,
        states: Sequence[State],
        before: int | None,
        most: int,
    ) -> Sequence[Found]:
        """As `Queue.messages`."""
        wanted = set(states)
        waiting = self._pending.deliveries.values() if wanted & {State.DUE, State.LEASED} else ()
        pending = {delivery.of.position for delivery in waiting if delivery.state in wanted}
        return await self._read(
            partial(
                self._history.page,
                kind=kind,
                scope=scope,
                states=states,
                pending=list(pending),
                before=before,
                most=most,
            )
        )

    async def at(self, position: int) -> Found | None:
        """The message at a position, with its deliveries."""
        found = await self._read(partial(self._history.at, [position]))
        return found[0] if found else None

    async def messages(self, positions: Sequence[int]) -> Mapping[int, Message]:
        """The messages at these positions, without their deliveries."""
        stored = await self._in_thread(partial(self._history.at, positions))
        return {each.position: each.message for each in stored}

    async def close(self) -> None:
        """Let go of the file and the thread."""
        await self._in_thread(self._close)
        self._thread.shutdown()

    def _close(self) -> Sequence[StoredMessage]:
        self._history.close()
        return ()

    async def _in_thread(
        self, read: Callable[[], Sequence[StoredMessage]]
    ) -> Sequence[StoredMessage]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, read)

    async def _read(self, read: Callable[[], Sequence[StoredMessage]]) -> Sequence[Found]:
        async def look() -> Sequence[Found]:
            stored = await self._in_thread(read)
            return [shown(message, self._pending, self._clock) for message in stored]

        return await agreed(look)
