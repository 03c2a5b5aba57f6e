"""How messages, tries and answers are written as bytes, and read again. No I/O.

Everything but bodies is JSON, so that a file can be read with any tool; bytes of headers are
written as the text of ISO 8859-1, which has a character for each.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson

from wherry_local.queue.delivery import Answer, Attempt, Headers, Kind, Message, Mismatch, State

KINDS = (Kind.EVENT, Kind.CALL)
STATES = (State.DUE, State.LEASED, State.DELIVERED, State.DEAD, State.CANCELLED)
KIND_CODES = {kind: code for code, kind in enumerate(KINDS)}
STATE_CODES = {state: code for code, state in enumerate(STATES)}
FORGOTTEN = len(STATES)
"""Code of a dead delivery that was discarded: it is over, and shown no more."""

SUBSCRIBER_BITS = 16
MOST_SUBSCRIBERS = 1 << SUBSCRIBER_BITS
MOST_ATTEMPTS = 20


def number_of(position: int, index: int) -> int:
    """The number of a message's delivery: its position and which of its subscribers."""
    return position << SUBSCRIBER_BITS | index


def place_of(number: int) -> tuple[int, int]:
    """The position and the subscriber that a delivery's number stands for."""
    return number >> SUBSCRIBER_BITS, number & (MOST_SUBSCRIBERS - 1)


def dumps(value: object) -> bytes:
    """JSON; of text that is no Unicode as well."""
    try:
        return orjson.dumps(value)
    except TypeError:  # a lone surrogate
        return json.dumps(value).encode()


def loads(text: bytes | str) -> Any:
    """What `dumps` was given, with lists for tuples."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def headers_out(headers: Headers) -> list[tuple[str, str]]:
    """Headers as text."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def headers_in(pairs: Sequence[Sequence[str]]) -> Headers:
    """Headers as they were."""
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs)


def head_of(message: Message) -> bytes:
    """All of a message that no column of its own holds."""
    mismatches = {name: (why.clause, why.reason) for name, why in message.mismatches.items()}
    return dumps(
        (
            message.method,
            message.target,
            headers_out(message.headers),
            dict(message.attributes),
            mismatches,
            dict(message.notes),
        )
    )


def message_of(
    head: bytes,
    *,
    key: str,
    kind: Kind,
    scope: str,
    body: bytes,
    accepted_at: float,
    parent: int | None,
) -> Message:
    """The message that `head` and the columns beside it stand for."""
    method, target, headers, attributes, mismatches, notes = loads(head)
    return Message(
        key=key,
        kind=kind,
        scope=scope,
        method=method,
        target=target,
        headers=headers_in(headers),
        body=body,
        attributes=attributes,
        accepted_at=accepted_at,
        parent=parent,
        mismatches={
            name: Mismatch(clause=clause, reason=reason)
            for name, (clause, reason) in mismatches.items()
        },
        notes=notes,
    )


def attempt_rows(attempts: Sequence[Attempt]) -> list[tuple[float, float, int, str]]:
    """The newest tries, as JSON has them."""
    return [(a.at, a.took_s, a.status, a.reason) for a in attempts[-MOST_ATTEMPTS:]]


def attempts_of(rows: Sequence[Sequence[Any]]) -> tuple[Attempt, ...]:
    """What `attempt_rows` was given."""
    return tuple(
        Attempt(at=at, took_s=took_s, status=status, reason=reason)
        for at, took_s, status, reason in rows
    )


def attempts_out(attempts: Sequence[Attempt]) -> bytes | None:
    """The newest tries; None where there were none."""
    return dumps(attempt_rows(attempts)) if attempts else None


def attempts_in(text: bytes | None) -> tuple[Attempt, ...]:
    """The tries, the oldest first."""
    return attempts_of(loads(text)) if text else ()


def answer_head_of(answer: Answer) -> bytes:
    """An answer without its body."""
    return dumps((answer.status, headers_out(answer.headers)))


def answer_of(head: bytes | None, body: bytes | None) -> Answer | None:
    """The answer, or None where there is none."""
    if head is None:
        return None
    status, headers = loads(head)
    return Answer(status=status, headers=headers_in(headers), body=body or b"")
