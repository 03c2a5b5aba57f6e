"""Messages as their history shows them: what is stored, and what memory knows better.

Knows no file and no server; whoever reads them says how.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from wherry_local.queue.clock import Clock
from wherry_local.queue.contract import StorageFailed
from wherry_local.queue.delivery import Answer, Attempt, Delivery, Message, State
from wherry_local.queue.pending import Pending, PendingDelivery
from wherry_local.queue.records import FORGOTTEN, STATE_CODES, STATES, number_of

MOST_READS = 5
"""Looks at what is stored until it agrees with what memory knows."""

Found = tuple[int, Message, Sequence[Delivery]]
"""A message of the history: its position, itself, its deliveries."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelivery:
    """What is stored of a delivery; `state` is its code."""

    number: int
    state: int
    tries: int
    attempts: Sequence[Attempt]
    answer: Answer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message, and those of its deliveries of which something is stored, by number."""

    position: int
    message: Message
    subscribers: Sequence[str]
    deliveries: Mapping[int, StoredDelivery]


class Stale(Exception):  # noqa: N818 - named for the state
    """What was read is older than what is known; reading once more helps."""


async def agreed(look: Callable[[], Awaitable[T]]) -> T:
    """What `look` finds, once it is not older than what memory knows.

    Raises:
        StorageFailed: It changes too fast for that.
    """
    for _ in range(MOST_READS):
        with contextlib.suppress(Stale):
            return await look()
    raise StorageFailed("the queue changes too fast to be read")


def shown(stored: StoredMessage, pending: Pending, clock: Clock) -> Found:
    """A message with its deliveries, in the order of its subscribers.

    Raises:
        Stale: One has ended since `stored` was read.
    """
    wall = clock.wall()
    deliveries = []
    for index, subscriber in enumerate(stored.subscribers):
        number = number_of(stored.position, index)
        row = stored.deliveries.get(number)
        live = pending.deliveries.get(number)
        if live is not None:
            left_s = max(0.0, live.due - clock.monotonic())
            due_at = wall + left_s if live.state is State.DUE else None
            deliveries.append(_waiting(stored, live, row, due_at))
        elif row is None:
            deliveries.append(
                Delivery(
                    number=number,
                    message=stored.message.key,
                    subscriber=subscriber,
                    state=State.DUE,
                    due_at=wall,
                )
            )
        elif row.state < STATE_CODES[State.DELIVERED]:
            raise Stale
        elif row.state != FORGOTTEN:
            deliveries.append(_over(stored, subscriber, row))
    return stored.position, stored.message, deliveries


def _waiting(
    stored: StoredMessage,
    live: PendingDelivery,
    row: StoredDelivery | None,
    due_at: float | None,
) -> Delivery:
    return Delivery(
        number=live.number,
        message=stored.message.key,
        subscriber=live.subscriber,
        state=live.state,
        attempts=live.attempts,
        tries=live.tries,
        due_at=due_at,
        answer=None if row is None else row.answer,
    )


def _over(stored: StoredMessage, subscriber: str, row: StoredDelivery) -> Delivery:
    return Delivery(
        number=row.number,
        message=stored.message.key,
        subscriber=subscriber,
        state=STATES[row.state],
        attempts=row.attempts,
        tries=row.tries,
        answer=row.answer,
    )
