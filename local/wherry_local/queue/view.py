"""Deliveries as their history shows them: what is stored, and what memory knows better. No I/O."""

from __future__ import annotations

from wherry_local.queue.delivery import Delivery, State
from wherry_local.queue.history import StoredDelivery, StoredMessage
from wherry_local.queue.pending import Pending, PendingDelivery
from wherry_local.queue.records import FORGOTTEN, STATE_CODES, STATES, number_of


class Stale(Exception):  # noqa: N818 - named for the state
    """What was read is older than what is known; reading once more helps."""


def deliveries_of(
    stored: StoredMessage, pending: Pending, *, monotonic: float, wall: float
) -> list[Delivery]:
    """A message's deliveries, in the order of its subscribers.

    Raises:
        Stale: One has ended since `stored` was read.
    """
    deliveries = []
    for index, subscriber in enumerate(stored.subscribers):
        number = number_of(stored.position, index)
        row = stored.deliveries.get(number)
        live = pending.deliveries.get(number)
        if live is not None:
            due_at = wall + max(0.0, live.due - monotonic) if live.state is State.DUE else None
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
    return deliveries


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
