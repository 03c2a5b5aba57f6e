"""Writes what becomes of a queue to its stream: messages, leases, ends of tries.

A record of a delivery is written only if the one before it is the one that was known when it was
decided to write the next; what is seen in between belongs to somebody else. What was written is
known in memory when a method returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace

from wherry_local.queue.clock import Clock, Steady
from wherry_local.queue.contract import KeyTaken
from wherry_local.queue.delivery import Answer, Settlement, State
from wherry_local.queue.ledger import Arrival, Ledger
from wherry_local.queue.pending import PendingDelivery
from wherry_local.queue.records import place_of
from wherry_local.queue.stream import Outdated, Stream, at_once
from wherry_local.queue.stream_records import (
    DeliveryRecord,
    answer_out,
    delivery_out,
    message_out,
    record_of,
)

INLINE_BYTES = 128 * 1024
"""Bodies up to here lie in the record of their message; each platform reads them all."""


class StreamWriter:
    """Writes in the name of one owner."""

    def __init__(self, stream: Stream, ledger: Ledger, clock: Clock, *, owner: str) -> None:
        self._stream = stream
        self._ledger = ledger
        self._pending = ledger.pending
        self._clock = clock
        self._steady = Steady(clock)
        self._owner = owner
        self._extending: dict[int, asyncio.Future[None]] = {}

    async def store(self, arrival: Arrival) -> None:
        """Store a message.

        Raises:
            KeyTaken: There is one with its key.
        """
        message = arrival.accepted.message
        pieces: tuple[str, int] | None = None
        if len(message.body) > INLINE_BYTES:
            size = self._stream.piece_bytes
            parts = [message.body[at : at + size] for at in range(0, len(message.body), size)]
            pieces = (secrets.token_hex(8), len(parts))
            subjects = self._stream.pieces(message.key, pieces)
            await at_once([self._stream.write(*each) for each in zip(subjects, parts, strict=True)])
        payload = message_out(arrival, stored_at=self._steady.now(), pieces=pieces)
        try:
            sequence = await self._stream.write(self._stream.message(message.key), payload, 0)
        except Outdated as error:
            text = f"there is a message with the key {message.key!r} already"
            raise KeyTaken(text) from error
        await self._stream.applied(sequence)

    async def hold(self, delivery: PendingDelivery, known: int, lease_s: float) -> int | None:
        """Take the lease that memory has given already; its token, or None where others have it."""
        record = replace(
            record_of(delivery, State.LEASED, at=self._clock.wall()),
            owner=self._owner,
            lasts_s=lease_s,
        )
        try:
            return await self._put(delivery, record, known)
        except Outdated:
            if delivery.sequence == known and delivery.number in self._pending.deliveries:
                self._pending.again(delivery, delivery.due)  # who has it will be seen soon
            return None

    def extending(self, number: int) -> asyncio.Future[None] | None:
        """Done when nobody is about to extend a delivery's lease; None where nobody is."""
        return self._extending.get(number)

    async def extend(self, delivery: PendingDelivery, lease_s: float) -> int | None:
        """Keep a lease; the sequence of what says so, or None where others have it."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._extending[delivery.number] = future
        record = replace(
            record_of(delivery, State.LEASED, at=self._clock.wall()),
            token=delivery.token,
            owner=self._owner,
            lasts_s=lease_s,
        )
        try:
            return await self._put(delivery, record, delivery.sequence)
        except Outdated:
            return None
        finally:
            del self._extending[delivery.number]
            future.set_result(None)

    async def settle(
        self,
        delivery: PendingDelivery,
        settlement: Settlement,
        arrivals: Sequence[Arrival],
        known: int,
    ) -> bool:
        """Store what follows from a try, and then how it ended; False as for `end`."""
        for arrival in arrivals:
            await self.store(arrival)
        answer_bytes = 0
        if settlement.answer is not None:
            answer_bytes = await self._answer(delivery, settlement.answer)
        record = record_of(delivery, settlement.state, at=self._clock.wall())
        if settlement.attempt is not None:
            attempts = (*delivery.attempts, settlement.attempt)
            record = replace(record, attempts=attempts, tries=delivery.tries + 1)
        record = replace(record, lost=0, lasts_s=settlement.delay_s, answer_bytes=answer_bytes)
        return await self.end(delivery, record, known)

    async def _answer(self, delivery: PendingDelivery, answer: Answer) -> int:
        size = min(self._ledger.bounds.answer_bytes, self._stream.piece_bytes)
        kept = answer._replace(body=answer.body[:size])
        subject = self._stream.answer(*place_of(delivery.number))
        await self._stream.write(subject, answer_out(kept))
        return len(kept.body)

    async def end(self, delivery: PendingDelivery, record: DeliveryRecord, known: int) -> bool:
        """Write what ends a lease, or a wait; False where somebody else has written since."""
        try:
            await self._put(delivery, record, known)
        except Outdated:
            return False
        return True

    @contextlib.contextmanager
    def settling(self, deliveries: Sequence[PendingDelivery]) -> Iterator[None]:
        """Keep deliveries from others while their ends are written; as before if they are not."""
        for delivery in deliveries:
            delivery.settling = True
        try:
            yield
        finally:
            for delivery in deliveries:
                if delivery.settling and delivery.number in self._pending.deliveries:
                    self._pending.unsettle(delivery)

    async def _put(self, delivery: PendingDelivery, record: DeliveryRecord, known: int) -> int:
        subject = self._stream.delivery(*place_of(delivery.number))
        payload = delivery_out(record)
        sequence = await self._stream.write(subject, payload, known)
        await self._stream.applied(sequence)
        return sequence
