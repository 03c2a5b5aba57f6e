"""What a queue's stream says of one message: itself, its deliveries, their answers. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from wherry_local.queue.delivery import Message
from wherry_local.queue.records import number_of
from wherry_local.queue.stream import Stream, at_once
from wherry_local.queue.stream_records import answer_in, delivery_in, message_in
from wherry_local.queue.view import StoredDelivery, StoredMessage


class StreamHistory:
    """Reads one stream, record by record."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def at(
        self, position: int, indexes: Sequence[int], *, bodies: bool
    ) -> StoredMessage | None:
        """The message at a position, with the records of those of its deliveries."""
        read = await self._read(position, bodies=bodies)
        if read is None:
            return None
        message, subscribers = read
        rows = await at_once([self._delivery(position, index) for index in indexes])
        return StoredMessage(
            position=position,
            message=message,
            subscribers=subscribers,
            deliveries={row.number: row for row in rows if row is not None},
        )

    async def message(self, position: int) -> Message | None:
        """The message at a position alone."""
        read = await self._read(position, bodies=True)
        return None if read is None else read[0]

    async def _delivery(self, position: int, index: int) -> StoredDelivery | None:
        payload = await self._stream.newest(self._stream.delivery(position, index))
        if payload is None:
            return None
        record = delivery_in(payload)
        answer = None
        if record.tries:
            answer = await self._stream.newest(self._stream.answer(position, index))
        return StoredDelivery(
            number=number_of(position, index),
            state=record.state,
            tries=record.tries,
            attempts=record.attempts,
            answer=None if answer is None else answer_in(answer),
        )

    async def _read(self, position: int, *, bodies: bool) -> tuple[Message, Sequence[str]] | None:
        """A message and its subscribers; None where it is gone."""
        payload = await self._stream.record(position)
        if payload is None:
            return None
        record = message_in(payload, position)
        message = record.arrival.accepted.message
        if not bodies:
            message = message._replace(body=b"")
        elif record.pieces is not None:
            subjects = self._stream.pieces(message.key, record.pieces)
            parts = await at_once([self._stream.newest(subject) for subject in subjects])
            message = message._replace(body=b"".join([part or b"" for part in parts]))
        return message, record.arrival.accepted.subscribers
