"""The payloads of a queue's stream: lines of JSON, and behind them bytes as they are. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wherry_local.queue.delivery import Accepted, Answer, Attempt, State
from wherry_local.queue.ledger import Arrival
from wherry_local.queue.pending import PendingDelivery
from wherry_local.queue.records import (
    KIND_CODES,
    KINDS,
    STATE_CODES,
    answer_head_of,
    answer_of,
    attempt_rows,
    attempts_of,
    dumps,
    loads,
    message_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """A message as the stream holds it.

    Attributes:
        pieces: Name and number of the records of their own in which the body lies; None where
            it is here.
    """

    arrival: Arrival
    stored_at: float
    pieces: tuple[str, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """How far a delivery has come.

    Attributes:
        state: The code of it.
        token: That of the lease that the record is of or extends; 0 is the record's sequence.
        owner: Who holds the lease.
        at: Seconds since the epoch when it was written.
        lasts_s: Time that the lease lasts, or until the next try.
        answer_bytes: Bytes of the body of the answer that came with it.
    """

    state: int
    token: int = 0
    owner: str = ""
    at: float = 0.0
    lasts_s: float = 0.0
    lost: int = 0
    tries: int = 0
    attempts: Sequence[Attempt] = ()
    answer_bytes: int = 0


def message_out(arrival: Arrival, *, stored_at: float, pieces: tuple[str, int] | None) -> bytes:
    """The payload of a message; without the body where that lies in pieces."""
    message = arrival.accepted.message
    line = dumps(
        (
            message.key,
            KIND_CODES[message.kind],
            message.scope,
            message.accepted_at,
            stored_at,
            message.parent,
            tuple(arrival.accepted.subscribers),
            arrival.size_bytes,
            pieces,
        )
    )
    return b"\n".join((line, arrival.head, b"" if pieces else message.body))


def message_in(payload: bytes, sequence: int) -> MessageRecord:
    """What `message_out` was given."""
    line, head, body = payload.split(b"\n", 2)
    key, kind, scope, accepted_at, stored_at, parent, subscribers, size, pieces = loads(line)
    message = message_of(
        head,
        key=key,
        kind=KINDS[kind],
        scope=scope,
        body=body,
        accepted_at=accepted_at,
        parent=parent,
    )
    arrival = Arrival(
        position=sequence,
        accepted=Accepted(message=message, subscribers=tuple(subscribers)),
        head=head,
        size_bytes=size,
        whole=not pieces,
    )
    return MessageRecord(
        arrival=arrival, stored_at=stored_at, pieces=tuple(pieces) if pieces else None
    )


def record_of(delivery: PendingDelivery, state: State, *, at: float) -> DeliveryRecord:
    """A delivery as it is, in another state."""
    return DeliveryRecord(
        state=STATE_CODES[state],
        at=at,
        lost=delivery.lost,
        tries=delivery.tries,
        attempts=delivery.attempts,
    )


def delivery_out(record: DeliveryRecord) -> bytes:
    """The payload of how far a delivery has come."""
    return dumps(
        (
            record.state,
            record.token,
            record.owner,
            record.at,
            record.lasts_s,
            record.lost,
            record.tries,
            record.answer_bytes,
            attempt_rows(record.attempts),
        )
    )


def delivery_in(payload: bytes) -> DeliveryRecord:
    """What `delivery_out` was given."""
    state, token, owner, at, lasts_s, lost, tries, answer_bytes, attempts = loads(payload)
    return DeliveryRecord(
        state=state,
        token=token,
        owner=owner,
        at=at,
        lasts_s=lasts_s,
        lost=lost,
        tries=tries,
        attempts=attempts_of(attempts),
        answer_bytes=answer_bytes,
    )


def answer_out(answer: Answer) -> bytes:
    """The payload of an answer."""
    return answer_head_of(answer) + b"\n" + answer.body


def answer_in(payload: bytes) -> Answer | None:
    """What `answer_out` was given."""
    head, _, body = payload.partition(b"\n")
    return answer_of(head, body)
