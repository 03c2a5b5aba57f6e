"""The rows of the queue's file, from the values that they stand for. No I/O."""

from __future__ import annotations

from wherry_local.queue.delivery import Settlement, State
from wherry_local.queue.ledger import Arrival
from wherry_local.queue.pending import PendingDelivery
from wherry_local.queue.records import (
    KIND_CODES,
    STATE_CODES,
    answer_head_of,
    attempts_out,
    dumps,
)

Row = tuple[object, ...]


def message_row(arrival: Arrival, stored_at: float) -> Row:
    """A row of `message`."""
    accepted = arrival.accepted
    message = accepted.message
    return (
        arrival.position,
        message.key,
        KIND_CODES[message.kind],
        message.scope,
        message.accepted_at,
        stored_at,
        message.parent,
        dumps(tuple(accepted.subscribers)),
        len(accepted.subscribers),
        arrival.size_bytes,
        arrival.head,
        message.body,
    )


def state_row(delivery: PendingDelivery, state: State) -> Row:
    """The columns of a delivery of which nothing else has changed."""
    return delivery.number, STATE_CODES[state], delivery.lost


def settled_row(delivery: PendingDelivery, settlement: Settlement, wall: float) -> Row:
    """A row of `delivery` after a try."""
    attempts, tries = delivery.attempts, delivery.tries
    if settlement.attempt is not None:
        attempts, tries = (*attempts, settlement.attempt), tries + 1
    answer = settlement.answer
    again = settlement.state is State.DUE
    return (
        delivery.number,
        STATE_CODES[settlement.state],
        0,
        tries,
        wall + settlement.delay_s if again else None,
        settlement.delay_s if again else None,
        attempts_out(attempts),
        None if answer is None else answer_head_of(answer),
        None if answer is None else answer.body,
    )
