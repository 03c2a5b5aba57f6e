"""What follows in memory from each record of a queue's log, whoever has written it. No I/O.

The same record leads to the same on every platform that sees it, but for the leases of the owner
itself from before it began: who held those is gone.
"""

from __future__ import annotations

from collections.abc import Callable

from wherry_local.queue.clock import Clock
from wherry_local.queue.delivery import State
from wherry_local.queue.ledger import Ledger
from wherry_local.queue.listeners import Listeners
from wherry_local.queue.records import FORGOTTEN, STATE_CODES, STATES, number_of
from wherry_local.queue.stream_records import DeliveryRecord, delivery_in, message_in


class StreamLog:
    """Puts records into a ledger, in their order.

    Attributes:
        live: Whether records are seen as they are written, and no more those from before.
        orphans: Places of deliveries whose message is gone.
    """

    def __init__(
        self,
        ledger: Ledger,
        listeners: Listeners,
        clock: Clock,
        *,
        owner: str,
        changed: Callable[[], None],
    ) -> None:
        """Call `changed` after each record."""
        self.live = False
        self.orphans: set[tuple[int, int]] = set()
        self._ledger = ledger
        self._pending = ledger.pending
        self._listeners = listeners
        self._clock = clock
        self._owner = owner
        self._changed = changed

    async def apply(self, subject: str, payload: bytes, sequence: int) -> None:
        """Take in a record."""
        _, _, what, *place = subject.split(".")
        if what == "message":
            self._place(payload, sequence)
        else:
            position, index = map(int, place)
            self._turn(position, index, delivery_in(payload), sequence)
        self._changed()

    def _place(self, payload: bytes, sequence: int) -> None:
        record = message_in(payload, sequence)
        now = self._clock.monotonic()
        if self._ledger.place(record.arrival, now=now, stored_at=record.stored_at):
            self._listeners.wake()
        self._listeners.tell(record.arrival.accepted.message.key)

    def _turn(self, position: int, index: int, record: DeliveryRecord, sequence: int) -> None:
        delivery = self._pending.deliveries.get(number_of(position, index))
        if delivery is None:
            self._turn_ended(position, index, record)
            return
        delivery.sequence = sequence
        delivery.lost, delivery.tries = record.lost, record.tries
        delivery.attempts = tuple(record.attempts)
        if record.answer_bytes:
            self._pending.count_answer(delivery, record.answer_bytes)
        now = self._clock.monotonic()
        until = now + self._left_s(record)
        if record.state == STATE_CODES[State.DUE]:
            self._pending.again(delivery, until)
            if until <= now:
                self._listeners.wake()
        elif record.state != STATE_CODES[State.LEASED]:
            forgotten = record.state == FORGOTTEN
            self._ledger.end(delivery, State.DEAD if forgotten else STATES[record.state])
            if forgotten:
                self._ledger.forget_delivery(position, State.DEAD)
        elif record.owner == self._owner and not self.live:
            delivery.lost += 1
            self._pending.again(delivery, now)
        else:
            self._pending.hold(delivery, record.token or sequence, until)
        self._listeners.tell(delivery.of.key)

    def _turn_ended(self, position: int, index: int, record: DeliveryRecord) -> None:
        """A record of a delivery that was over, or whose message is gone."""
        message = self._ledger.shelf.get(position) or self._pending.messages.get(position)
        if message is None:
            self.orphans.add((position, index))
        elif record.state == FORGOTTEN:
            self._ledger.forget_delivery(position, State.DEAD)
            self._listeners.tell(message.key)

    def _left_s(self, record: DeliveryRecord) -> float:
        """What is left of the time in a record; of one from before, never more than it says."""
        if self.live:
            return record.lasts_s
        return min(max(record.at + record.lasts_s - self._clock.wall(), 0.0), record.lasts_s)
