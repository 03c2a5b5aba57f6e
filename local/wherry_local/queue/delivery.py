"""What the queue holds: messages, and deliveries of them. Values only, no I/O.

A message is an event that a broker accepted or an asynchronous call that the gateway accepted. Each
has deliveries, one for each trigger that it matched or for the function that is called; those are
what is leased, tried and settled. What is made for each of them is a tuple, which costs about half
of what a frozen dataclass does.

    DUE -> LEASED -> DELIVERED
                  -> DUE         again later
                  -> DEAD        given up; a dead letter may have been accepted in its place
    DUE -> CANCELLED
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

Headers = Sequence[tuple[bytes, bytes]]
Lane = tuple[str, str]
"""Whom deliveries are for: a message's scope and the subscriber."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Kind(enum.Enum):
    """What a message is."""

    __hash__ = object.__hash__  # each is one object; the usual one is written in Python
    EVENT = "event"
    CALL = "call"


class State(enum.Enum):
    """How far a delivery has come."""

    __hash__ = object.__hash__  # as above
    DUE = "due"
    LEASED = "leased"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """Why a trigger does not get an event: the clause that decided, and what it found."""

    clause: str
    reason: str


class Message(NamedTuple):
    """An event or a call as it was accepted, byte for byte.

    Attributes:
        key: Its own key here; of a call, the call id.
        kind: Which of the two.
        scope: `NAMESPACE/BROKER` of an event, `NAME.NAMESPACE` of a call.
        method: Method of a call; `POST` of an event.
        target: Path and query of a call behind the function's name; empty of an event.
        headers: Headers that are handed on, in order.
        body: The body.
        attributes: Context attributes of an event as text; empty of a call.
        accepted_at: Seconds since the epoch.
        parent: Number of the delivery that it is the reply or the dead letter of, or None.
        mismatches: Triggers that do not get it, by name, and why.
        notes: Anything else that whoever accepted it wants back with it; text, small.
    """

    key: str
    kind: Kind
    scope: str
    method: str = "POST"
    target: str = ""
    headers: Headers = ()
    body: bytes = b""
    attributes: Mapping[str, str] = _NOTHING
    accepted_at: float = 0.0
    parent: int | None = None
    mismatches: Mapping[str, Mismatch] = _NOTHING
    notes: Mapping[str, str] = _NOTHING


class Attempt(NamedTuple):
    """One try of a delivery.

    Attributes:
        at: Seconds since the epoch.
        took_s: How long it took.
        status: HTTP status; 0 where there was no answer.
        reason: What was wrong with it, empty where nothing was.
    """

    at: float
    took_s: float
    status: int
    reason: str = ""


class Leased(NamedTuple):
    """A delivery that the holder of `token` may try and must settle.

    Attributes:
        number: Which delivery.
        token: The fencing token; grows with each lease.
        message: What is delivered.
        subscriber: For whom: a trigger's name, or the function's of a call, or `dead-letter:NAME`.
        attempts: Tries so far.
        lost: Leases in a row before this one that ended without being settled.
    """

    number: int
    token: int
    message: Message
    subscriber: str
    attempts: int
    lost: int = 0

    @property
    def lane(self) -> Lane:
        """Whom it is for; deliveries of one lane go to the same place."""
        return self.message.scope, self.subscriber


class Accepted(NamedTuple):
    """A message and whom it goes to, each name once; to be stored together or not at all."""

    message: Message
    subscribers: Sequence[str]


class Answer(NamedTuple):
    """What a delivery was answered with, as far as it is kept."""

    status: int = 0
    headers: Headers = ()
    body: bytes = b""


class Settlement(NamedTuple):
    """How a try ended; stored with everything that follows from it, in one piece.

    Attributes:
        state: DELIVERED, DUE (again after `delay_s`) or DEAD.
        attempt: The try, or None where there was none, as at an end of the platform.
        delay_s: Time until the next try.
        answer: The answer to keep.
        follows: Replies and dead letters that it leads to.
    """

    state: State
    attempt: Attempt | None = None
    delay_s: float = 0.0
    answer: Answer | None = None
    follows: Sequence[Accepted] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery as its history shows it.

    Attributes:
        number: Which.
        message: The key of what is delivered.
        subscriber: For whom.
        state: How far it has come.
        attempts: Every try, the oldest first; of many the newest.
        tries: How many there were.
        due_at: Seconds since the epoch of the next try, or None.
        answer: What it was answered with at last, or None.
    """

    number: int
    message: str
    subscriber: str
    state: State
    attempts: Sequence[Attempt] = ()
    tries: int = 0
    due_at: float | None = None
    answer: Answer | None = None
