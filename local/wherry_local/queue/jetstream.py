"""The queue on a server of NATS JetStream, for those who outgrow one file.

Several platforms may share it: every one sees every record, in one order, and keeps in memory what
follows from them (`wherry_local.queue.ledger`). A record of a delivery is written only if the one
before it is the one that the writer knows, so that two never hold the same lease.

What is weaker than in a file:

- A message and to whom it goes are one record and so stored together; how a try ended and what
  follows from it are several. What follows is written first: nothing is lost, but after an end of
  the platform between the two the delivery is tried again and may be followed by the same twice.
- A body too large for one record is written before its message; after an end in between it stays,
  unused.
- The bound of what waits is kept by each platform for what it has seen.
- The server syncs its disk at intervals of its own (`sync_interval`, two minutes by default): what
  was accepted survives the end of the server's process; a loss of power may take what was accepted
  since the last sync. Newer servers can be told to sync each write.
- The history is read record by record, and each platform reads the whole log when it begins.
- An answer is kept only as far as it fits one record.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from wherry_local.queue.bounds import Bounds
from wherry_local.queue.clock import Clock, Steady, SystemClock
from wherry_local.queue.contract import Room, StorageFailed
from wherry_local.queue.delivery import (
    Accepted,
    Delivery,
    Kind,
    Leased,
    Message,
    Settlement,
    State,
)
from wherry_local.queue.ledger import Ledger
from wherry_local.queue.listeners import Listeners
from wherry_local.queue.pending import PendingDelivery, PendingMessage, leased_of
from wherry_local.queue.records import FORGOTTEN, STATE_CODES, number_of, place_of
from wherry_local.queue.shelf import Finished
from wherry_local.queue.stream import Outdated, Stream, at_once
from wherry_local.queue.stream_history import StreamHistory
from wherry_local.queue.stream_log import StreamLog
from wherry_local.queue.stream_records import (
    DeliveryRecord,
    delivery_out,
    record_of,
)
from wherry_local.queue.stream_writer import StreamWriter
from wherry_local.queue.view import Found, agreed, shown

MOST_DROPPED = 64
"""Messages of the history that one pass drops."""


class JetStreamQueue:
    """A `wherry_local.queue.contract.Queue` on a server; `open` makes one."""

    def __init__(self, stream: Stream, *, owner: str, bounds: Bounds, clock: Clock) -> None:
        """Use `open`."""
        self._stream = stream
        self._clock = clock
        self._steady = Steady(clock)
        self._ledger = Ledger(bounds)
        self._pending = self._ledger.pending
        self._tasks: set[asyncio.Task[None]] = set()
        self._dropping = self._closed = False
        self._listeners = Listeners()
        self.on_due = self._listeners.on_due
        self.on_change = self._listeners.on_change
        self._history = StreamHistory(stream)
        self._writer = StreamWriter(stream, self._ledger, clock, owner=owner)
        self._log = StreamLog(self._ledger, self._listeners, clock, owner=owner, changed=self._tidy)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        name: str = "WHERRY",
        owner: str = "wherry",
        bounds: Bounds | None = None,
        clock: Clock | None = None,
    ) -> JetStreamQueue:
        """Open the queue in the stream `name`.

        Platforms that share it each need an `owner` of their own, the same after a restart: what
        that owner held before is given up at once.

        Raises:
            StorageFailed: The server cannot be reached, or does not do it.
        """
        stream = await Stream.open(url, name)
        queue = cls(stream, owner=owner, bounds=bounds or Bounds(), clock=clock or SystemClock())
        try:
            await stream.watch(queue._log.apply)
        except BaseException:
            await stream.close()
            raise
        queue._log.live = True
        for place in queue._log.orphans:
            queue._begin(stream.delete(stream.delivery(*place)))
        queue._tidy()
        return queue

    async def accept(self, accepted: Accepted) -> None:
        """As `Queue.accept`."""
        arrivals = self._ledger.reserve((accepted,))
        try:
            await self._writer.store(arrivals[0])
        finally:
            self._ledger.release(arrivals)

    async def lease(
        self, most: int, lease_s: float, *, room: Room | None = None
    ) -> Sequence[Leased]:
        """As `Queue.lease`."""
        now = self._clock.monotonic()
        self._pending.expire(now)
        taken = self._pending.take(most, now, now + lease_s, room)
        held: list[PendingDelivery] = []
        try:
            holds = [self._writer.hold(each, each.sequence, lease_s) for each in taken]
            for delivery, token in zip(taken, await at_once(holds), strict=True):
                if token is not None and delivery.token == token:
                    held.append(delivery)
            absent = {each.of.position: each.of for each in held if each.of.message is None}
            messages = dict(
                zip(absent, await at_once([self._history.message(p) for p in absent]), strict=True)
            )
        except BaseException:
            for delivery in taken:
                if delivery.state is State.LEASED:
                    self._pending.again(delivery, delivery.due)
            raise
        leased = []
        for delivery in held:
            message = delivery.of.message or messages[delivery.of.position]
            if message is not None:
                leased.append(leased_of(delivery, message))
        return leased or ()

    async def extend(self, leased: Leased, lease_s: float) -> bool:
        """As `Queue.extend`."""
        delivery = self._pending.holder(leased.number, leased.token, settling=True)
        if delivery is None:
            return False
        if delivery.settling or self._writer.extending(delivery.number):
            return True
        return await self._writer.extend(delivery, lease_s) is not None

    async def settle(self, leased: Leased, settlement: Settlement) -> bool:
        """As `Queue.settle`."""
        if (extending := self._writer.extending(leased.number)) is not None:
            await asyncio.wait((extending,))
        delivery = self._pending.holder(leased.number, leased.token)
        if delivery is None:
            return False
        leaving = None if settlement.state is State.DUE else delivery.of
        # What an earlier try to store this has stored already is not stored again.
        follows = [
            each for each in settlement.follows if each.message.key not in self._ledger.positions
        ]
        arrivals = self._ledger.reserve(follows, leaving)
        known: int | None = delivery.sequence
        try:
            with self._writer.settling((delivery,)):
                # Whether the lease still holds is asked first: a late one leaves nothing behind.
                if arrivals:
                    known = await self._writer.extend(delivery, delivery.until - self._now())
                if known is None:
                    return False
                return await self._writer.settle(delivery, settlement, arrivals, known)
        finally:
            self._ledger.release(arrivals)

    async def next_due_s(self, *, room: Room | None = None) -> float | None:
        """As `Queue.next_due_s`."""
        due = self._pending.next_due(room)
        return None if due is None else max(0.0, due - self._now())

    async def messages(
        self,
        *,
        kind: Kind | None = None,
        scope: str = "",
        states: Sequence[State] = (),
        before: int | None = None,
        most: int = 100,
    ) -> Sequence[Found]:
        """As `Queue.messages`."""
        wanted = set(states)
        live = {
            each.of.position for each in self._pending.deliveries.values() if each.state in wanted
        }
        codes = [STATE_CODES[state] for state in states]
        every: list[tuple[int, PendingMessage | Finished]] = [
            *self._pending.messages.items(),
            *self._ledger.shelf.items(),
        ]
        positions = [
            position
            for position, message in every
            if (before is None or position < before)
            and (kind is None or message.kind is kind)
            and (not scope or message.scope == scope)
            and (not wanted or position in live or any(map(message.over.get, codes)))
        ]
        newest = heapq.nlargest(most, positions)
        found = await at_once([self._found(position, bodies=False) for position in newest])
        return [each for each in found if each is not None]

    async def message(self, key: str) -> tuple[Message, Sequence[Delivery]] | None:
        """As `Queue.message`."""
        position = self._ledger.positions.get(key)
        found = None if position is None else await self._found(position)
        return None if found is None else found[1:]

    async def delivery(self, number: int) -> Delivery | None:
        """As `Queue.delivery`."""
        found = await self._found(place_of(number)[0], bodies=False)
        deliveries = found[2] if found else ()
        return next((each for each in deliveries if each.number == number), None)

    async def cancel(self, key: str) -> int:
        """As `Queue.cancel`."""
        message = self._pending.messages.get(self._ledger.positions.get(key, 0))
        waiting = self._pending.of(message) if message else []
        due = [each for each in waiting if each.state is State.DUE and not each.settling]
        wall = self._clock.wall()
        ends = [
            self._writer.end(each, record_of(each, State.CANCELLED, at=wall), each.sequence)
            for each in due
        ]
        with self._writer.settling(due):
            return sum(await at_once(ends))

    async def discard(self, number: int) -> bool:
        """As `Queue.discard`."""
        delivery = await self.delivery(number)
        if delivery is None or delivery.state is not State.DEAD:
            return False
        record = DeliveryRecord(state=FORGOTTEN, at=self._clock.wall())
        subject = self._stream.delivery(*place_of(number))
        await self._stream.applied(await self._stream.write(subject, delivery_out(record)))
        return True

    async def counts(self) -> Mapping[tuple[Kind, State], int]:
        """As `Queue.counts`."""
        return self._ledger.counts()

    async def close(self) -> None:
        """As `Queue.close`; again does nothing."""
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stream.close()

    # What goes.

    def _tidy(self) -> None:
        if self._dropping or not self._log.live:
            return
        excess = self._ledger.shelf.excess(self._steady.now(), MOST_DROPPED, self._ledger.newest)
        if excess:
            self._dropping = True
            self._begin(self._drop(excess))

    async def _drop(self, excess: Sequence[tuple[int, Finished]]) -> None:
        """Delete messages that are over, each before its deliveries, which it would bring back."""
        try:
            for position, message in excess:
                await self._stream.delete(self._stream.message(message.key))
                await self._stream.purge(self._stream.body(message.key, ">"))
                await self._stream.purge(self._stream.answer(position, "*"))
                places = [self._stream.delivery(position, i) for i in range(message.receivers)]
                await at_once([self._stream.delete(subject) for subject in places])
                self._ledger.forget(position)
        finally:
            self._dropping = False
        self._tidy()

    def _begin(self, work: Coroutine[Any, Any, object]) -> None:
        """Have something done that nobody waits for, and that is done again where it fails."""

        async def done() -> None:
            with contextlib.suppress(StorageFailed, Outdated):
                await work

        task = asyncio.create_task(done())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Reading.

    async def _found(self, position: int, *, bodies: bool = True) -> Found | None:
        async def look() -> Found | None:
            known = self._pending.messages.get(position) or self._ledger.shelf.get(position)
            indexes = self._written(position, known.receivers) if known else ()
            stored = await self._history.at(position, indexes, bodies=bodies) if known else None
            return None if stored is None else shown(stored, self._pending, self._clock)

        return await agreed(look)

    def _written(self, position: int, receivers: int) -> Sequence[int]:
        """Which of a message's deliveries have a record."""
        lives = [self._pending.deliveries.get(number_of(position, i)) for i in range(receivers)]
        return [index for index, live in enumerate(lives) if live is None or live.sequence]

    def _now(self) -> float:
        return self._clock.monotonic()
