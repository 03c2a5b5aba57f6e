"""What is stored of an event that a broker takes: the event, and a delivery for each match. No I/O.

Filters are asked here and only here, once for each trigger; of each that does not match it is kept
why.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from wherry_local.broker.envelope import Envelope
from wherry_local.broker.subscription import BrokerKey, Subscription
from wherry_local.queue.delivery import Accepted, Kind, Message, Mismatch

TTL_FIRST = 255
"""Brokers that an event may pass which does not say how many."""
NOTE_TTL = "ttl"
NOTE_PARENT = "parent"
"""Notes of a message: how many brokers it may still pass, the key of what it follows from."""
_bits = random.Random().getrandbits  # noqa: S311 - a name, and no secret


def ttl_here(envelope: Envelope) -> int:
    """How many brokers an event may still pass once it is here; at 0 it must not be taken."""
    return TTL_FIRST if envelope.ttl is None else max(0, envelope.ttl - 1)


def accepted(
    envelope: Envelope,
    broker: BrokerKey,
    subscriptions: Sequence[Subscription],
    *,
    at: float,
    ttl: int,
    parent: int | None = None,
    parent_key: str = "",
) -> Accepted:
    """The event with a delivery for each of `subscriptions` that it matches.

    Args:
        envelope: The event.
        broker: Who takes it.
        subscriptions: The triggers of the broker.
        at: Seconds since the epoch.
        ttl: How many brokers it may still pass.
        parent: The delivery that it is the reply to.
        parent_key: The message that it follows from.
    """
    attributes = envelope.attributes
    matched: list[str] = []
    mismatches: dict[str, Mismatch] = {}
    for each in subscriptions:
        verdict = each.condition(attributes)
        if verdict.passes:
            matched.append(each.name)
        else:
            mismatches[each.name] = Mismatch(clause=verdict.clause, reason=verdict.reason)
    return addressed(
        envelope,
        str(broker),
        matched,
        at=at,
        ttl=ttl,
        parent=parent,
        parent_key=parent_key,
        mismatches=mismatches,
    )


def addressed(
    envelope: Envelope,
    scope: str,
    subscribers: Sequence[str],
    *,
    at: float,
    ttl: int,
    parent: int | None = None,
    parent_key: str = "",
    mismatches: Mapping[str, Mismatch] | None = None,
) -> Accepted:
    """The event for `subscribers`, whatever their filters say."""
    notes = {NOTE_TTL: str(ttl)}
    if parent_key:
        notes[NOTE_PARENT] = parent_key
    message = Message(
        key=new_key(),
        kind=Kind.EVENT,
        scope=scope,
        headers=envelope.headers,
        body=envelope.body,
        attributes=envelope.attributes,
        accepted_at=at,
        parent=parent,
        mismatches=mismatches or {},
        notes=notes,
    )
    return Accepted(message=message, subscribers=subscribers)


def new_key() -> str:
    """A key that no other message has."""
    return f"{_bits(96):024x}"


def ttl_of(message: Message) -> int:
    """How many brokers the event of a message may still pass."""
    return int(message.notes.get(NOTE_TTL, TTL_FIRST))
