"""Looks into what the queue keeps: events by what they are, one event, dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wherry_local.queue.contract import Queue
from wherry_local.queue.delivery import Delivery, Kind, Message, State

LOOKED_AT = 5_000
"""Events that are looked at for one answer; who wants more goes on from there."""
_AT_ONCE = 200


class Found(NamedTuple):
    """An event of the history."""

    position: int | None
    message: Message
    deliveries: Sequence[Delivery]


class Page(NamedTuple):
    """Some of the history, newest first.

    Attributes:
        events: What was found.
        next: Where to go on, or None at the end.
    """

    events: Sequence[Found]
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events; an empty text is any.

    Attributes:
        type: Their type; with a star at its end what it begins with.
        source: Their source, likewise.
        state: State of one of their deliveries.
        trigger: A trigger that they are delivered for, or were not.
    """

    type: str = ""
    source: str = ""
    state: State | None = None
    trigger: str = ""

    def fits(self, message: Message, deliveries: Sequence[Delivery]) -> bool:
        """Whether an event is one of them."""
        attributes = message.attributes
        if not _like(attributes.get("type", ""), self.type):
            return False
        if not _like(attributes.get("source", ""), self.source):
            return False
        of_trigger = [
            each for each in deliveries if not self.trigger or each.subscriber == self.trigger
        ]
        if self.state is not None:
            return any(each.state is self.state for each in of_trigger)
        return not self.trigger or bool(of_trigger) or self.trigger in message.mismatches


async def events(queue: Queue, wanted: Wanted, *, before: int | None, most: int) -> Page:
    """The newest of the wanted events, before a position where one is given."""
    states = () if wanted.state is None else (wanted.state,)
    found: list[Found] = []
    looked = 0
    while looked < LOOKED_AT:
        batch = await queue.messages(kind=Kind.EVENT, states=states, before=before, most=_AT_ONCE)
        for position, message, deliveries in batch:
            before = position
            if wanted.fits(message, deliveries):
                found.append(Found(position, message, deliveries))
                if len(found) == most:
                    return Page(found, before)
        if len(batch) < _AT_ONCE:
            return Page(found, None)
        looked += len(batch)
    return Page(found, before)


async def event(queue: Queue, key: str) -> Found | None:
    """The event of a key, or else the newest whose own id that is."""
    known = await queue.message(key)
    if known is not None and known[0].kind is Kind.EVENT:
        return Found(None, *known)
    before: int | None = None
    while True:
        batch = await queue.messages(kind=Kind.EVENT, before=before, most=_AT_ONCE)
        for position, message, _ in batch:
            before = position
            if message.attributes.get("id") == key:
                whole = await queue.message(message.key)
                return None if whole is None else Found(position, *whole)
        if len(batch) < _AT_ONCE:
            return None


async def dead(
    queue: Queue, trigger: str, *, before: int | None, most: int
) -> tuple[Sequence[tuple[Delivery, Message]], int | None]:
    """Deliveries that were given up, of the newest events first, and where to go on."""
    page = await events(queue, Wanted(state=State.DEAD, trigger=trigger), before=before, most=most)
    found = [
        (delivery, each.message)
        for each in page.events
        for delivery in each.deliveries
        if delivery.state is State.DEAD and trigger in {"", delivery.subscriber}
    ]
    return found, page.next


def _like(found: str, wanted: str) -> bool:
    if wanted.endswith("*"):
        return found.startswith(wanted[:-1])
    return not wanted or found == wanted
