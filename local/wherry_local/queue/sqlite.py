"""The queue in one SQLite file: what every platform has.

What is accepted is on the disk when `accept` returns (`synchronous=FULL` in a write-ahead log); how
a try ended is safe from the end of the process, and after a loss of power may be tried once more.
The file belongs to one process; what waits is known in memory (`wherry_local.queue.ledger`), what
is over is read from the file.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from wherry_local.queue.bounds import Bounds
from wherry_local.queue.clock import Clock, Steady, SystemClock
from wherry_local.queue.contract import Room, StorageFailed
from wherry_local.queue.database import Ownership, damage, open_writer
from wherry_local.queue.delivery import (
    Accepted,
    Delivery,
    Kind,
    Leased,
    Message,
    Settlement,
    State,
)
from wherry_local.queue.ledger import Arrival, Ledger
from wherry_local.queue.listeners import Listeners
from wherry_local.queue.pending import PendingDelivery, leased_of
from wherry_local.queue.reading import Reader
from wherry_local.queue.records import FORGOTTEN, MOST_ATTEMPTS, number_of, place_of
from wherry_local.queue.restoring import restore
from wherry_local.queue.rows import Row, message_row, settled_row, state_row
from wherry_local.queue.view import Found
from wherry_local.queue.writing import Change, Writer

MOST_DROPPED = 256
"""Messages of the history that one change drops, so that nothing waits long for it."""


class SqliteQueue:
    """A `wherry_local.queue.contract.Queue` in one file."""

    def __init__(
        self, path: Path, *, bounds: Bounds | None = None, clock: Clock | None = None
    ) -> None:
        """Open the queue at `path`, or make one there.

        Raises:
            StorageFailed: It cannot be opened, is damaged, or is in use.
        """
        self._clock = clock or SystemClock()
        self._steady = Steady(self._clock)
        self._ledger = Ledger(bounds or Bounds())
        self._owner = Ownership(path)
        try:
            connection = _opened(path, self._ledger, self._clock)
        except StorageFailed:
            self._owner.release()
            raise
        self._pending = self._ledger.pending
        self._writer = Writer(path, connection)
        self._reader = Reader(path, self._pending, self._clock)
        self._forgetting: set[int] = set()
        self._dropping = self._closed = False
        self._listeners = Listeners()
        self.on_due = self._listeners.on_due
        self.on_change = self._listeners.on_change

    async def accept(self, accepted: Accepted) -> None:
        """As `Queue.accept`."""
        arrivals = self._ledger.admit((accepted,))
        stored_at = self._steady.now()
        await self._write(
            partial(self._land, arrivals, stored_at),
            partial(self._ledger.refuse, arrivals),
            messages=(message_row(arrivals[0], stored_at),),
        )

    async def lease(
        self, most: int, lease_s: float, *, room: Room | None = None
    ) -> Sequence[Leased]:
        """As `Queue.lease`."""
        now = self._clock.monotonic()
        self._pending.expire(now)
        taken = self._pending.take(most, now, now + lease_s, room)
        if not taken:
            return ()
        rows = [state_row(delivery, State.LEASED) for delivery in taken]
        self._writer.submit(Change(states=rows, sync=False, ended=lambda _: None))
        leased = [leased_of(each, each.of.message) for each in taken if each.of.message]
        return leased if len(leased) == len(taken) else await self._fetch(taken)

    async def extend(self, leased: Leased, lease_s: float) -> bool:
        """As `Queue.extend`."""
        delivery = self._pending.holder(leased.number, leased.token, settling=True)
        if delivery is None:
            return False
        self._pending.extend(delivery, self._clock.monotonic() + lease_s)
        return True

    async def settle(self, leased: Leased, settlement: Settlement) -> bool:
        """As `Queue.settle`."""
        delivery = self._pending.holder(leased.number, leased.token)
        if delivery is None:
            return False
        leaving = None if settlement.state is State.DUE else delivery.of
        arrivals = self._ledger.admit(settlement.follows, leaving)
        answer = settlement.answer
        if answer is not None and len(answer.body) > self._ledger.bounds.answer_bytes:
            body = answer.body[: self._ledger.bounds.answer_bytes]
            settlement = settlement._replace(answer=answer._replace(body=body))
        await self._settle(delivery, settlement, arrivals)
        return True

    async def next_due_s(self, *, room: Room | None = None) -> float | None:
        """As `Queue.next_due_s`."""
        due = self._pending.next_due(room)
        return None if due is None else max(0.0, due - self._clock.monotonic())

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
        return await self._reader.page(
            kind=kind, scope=scope, states=states, before=before, most=most
        )

    async def message(self, key: str) -> tuple[Message, Sequence[Delivery]] | None:
        """As `Queue.message`."""
        position = self._ledger.positions.get(key)
        found = None if position is None else await self._reader.at(position)
        return None if found is None else found[1:]

    async def delivery(self, number: int) -> Delivery | None:
        """As `Queue.delivery`."""
        found = await self._reader.at(place_of(number)[0])
        deliveries = found[2] if found else ()
        return next((each for each in deliveries if each.number == number), None)

    async def cancel(self, key: str) -> int:
        """As `Queue.cancel`."""
        message = self._pending.messages.get(self._ledger.positions.get(key, 0))
        waiting = self._pending.of(message) if message else []
        due = [each for each in waiting if each.state is State.DUE and not each.settling]
        if not due:
            return 0
        for delivery in due:
            delivery.settling = True
        await self._write(
            partial(self._cancelled, due),
            partial(self._unsettle, due),
            states=[state_row(delivery, State.CANCELLED) for delivery in due],
        )
        return len(due)

    async def discard(self, number: int) -> bool:
        """As `Queue.discard`."""
        delivery = await self.delivery(number)
        if delivery is None or delivery.state is not State.DEAD or number in self._forgetting:
            return False
        self._forgetting.add(number)
        await self._write(
            partial(self._forgotten, number, delivery.message),
            partial(self._forgetting.discard, number),
            states=[(number, FORGOTTEN, 0)],
        )
        return True

    async def counts(self) -> Mapping[tuple[Kind, State], int]:
        """As `Queue.counts`."""
        return self._ledger.counts()

    async def close(self) -> None:
        """As `Queue.close`; again does nothing."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        await self._reader.close()
        self._owner.release()

    # Writing.

    def _write(
        self,
        stored: Callable[[], object],
        failed: Callable[[], object],
        *,
        messages: Sequence[Row] = (),
        states: Sequence[Row] = (),
        deliveries: Sequence[Row] = (),
        sync: bool = True,
    ) -> asyncio.Future[None]:
        """Write rows; what is returned is done after `stored` or `failed` was called."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def ended(error: StorageFailed | None) -> None:
            if error is None:
                stored()
                if not future.done():
                    future.set_result(None)
            else:
                failed()
                if not future.done():
                    future.set_exception(error)

        self._writer.submit(
            Change(messages=messages, states=states, deliveries=deliveries, sync=sync, ended=ended)
        )
        return future

    def _settle(
        self, delivery: PendingDelivery, settlement: Settlement, arrivals: Sequence[Arrival] = ()
    ) -> asyncio.Future[None]:
        delivery.settling = True
        stored_at = self._steady.now() if arrivals else 0.0
        due = self._clock.monotonic() + settlement.delay_s
        return self._write(
            partial(self._settled, delivery, settlement, arrivals, stored_at, due),
            partial(self._unsettled, delivery, arrivals),
            messages=[message_row(arrival, stored_at) for arrival in arrivals],
            deliveries=(settled_row(delivery, settlement, self._clock.wall()),),
            sync=False,
        )

    # What was written.

    def _land(self, arrivals: Sequence[Arrival], stored_at: float) -> None:
        now = self._clock.monotonic()
        self._ledger.release(arrivals)
        due = [self._ledger.place(each, now=now, stored_at=stored_at) for each in arrivals]
        if any(due):
            self._listeners.wake()
        for arrival in arrivals:
            self._listeners.tell(arrival.accepted.message.key)
        self._tidy()

    def _settled(
        self,
        delivery: PendingDelivery,
        settlement: Settlement,
        arrivals: Sequence[Arrival],
        stored_at: float,
        due: float,
    ) -> None:
        if settlement.attempt is not None:
            delivery.attempts = (*delivery.attempts, settlement.attempt)[-MOST_ATTEMPTS:]
            delivery.tries += 1
        delivery.lost = 0
        if settlement.answer is not None:
            self._pending.count_answer(delivery, len(settlement.answer.body))
        if settlement.state is State.DUE:
            self._pending.again(delivery, due)
            if settlement.delay_s <= 0:
                self._listeners.wake()
        else:
            self._ledger.end(delivery, settlement.state)
        self._listeners.tell(delivery.of.key)
        if arrivals:
            self._land(arrivals, stored_at)
        else:
            self._tidy()

    def _unsettled(self, delivery: PendingDelivery, arrivals: Sequence[Arrival]) -> None:
        self._pending.unsettle(delivery)
        self._ledger.refuse(arrivals)

    def _cancelled(self, deliveries: Sequence[PendingDelivery]) -> None:
        for delivery in deliveries:
            self._ledger.end(delivery, State.CANCELLED)
        self._listeners.tell(deliveries[0].of.key)

    def _unsettle(self, deliveries: Sequence[PendingDelivery]) -> None:
        for delivery in deliveries:
            self._pending.unsettle(delivery)

    def _forgotten(self, number: int, key: str) -> None:
        self._forgetting.discard(number)
        self._ledger.forget_delivery(place_of(number)[0], State.DEAD)
        self._listeners.tell(key)

    def _tidy(self) -> None:
        """Drop what of the history is beyond its bounds, a part at a time."""
        if self._dropping:
            return
        excess = self._ledger.shelf.excess(self._steady.now(), MOST_DROPPED, self._ledger.newest)
        if not excess:
            return
        self._dropping = True
        dropped = [
            (position, range(number_of(position, 0), number_of(position + 1, 0)))
            for position, _ in excess
        ]
        ended = partial(self._dropped, [position for position, _ in excess])
        self._writer.submit(Change(dropped=dropped, sync=False, ended=ended))

    def _dropped(self, positions: Sequence[int], error: StorageFailed | None) -> None:
        self._dropping = False
        if error is None:
            for position in positions:
                self._ledger.forget(position)
            self._tidy()

    async def _fetch(self, taken: Sequence[PendingDelivery]) -> Sequence[Leased]:
        """Leases of which some messages are not in memory; given back where they cannot be read."""
        absent = list({each.of.position for each in taken if each.of.message is None})
        try:
            read = await self._reader.messages(absent)
        except BaseException:
            for delivery in taken:
                self._pending.again(delivery, delivery.due)
            raise
        found = [(each, each.of.message or read.get(each.of.position)) for each in taken]
        # One without its message is leased in vain.
        return [leased_of(delivery, message) for delivery, message in found if message]


def _opened(path: Path, ledger: Ledger, clock: Clock) -> sqlite3.Connection:
    connection = open_writer(path)
    try:
        restore(connection, ledger, clock)
    except (sqlite3.Error, ValueError, LookupError, TypeError) as error:
        connection.close()
        raise damage(path, error) from error
    return connection
