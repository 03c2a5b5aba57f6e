"""What a file of a queue says of what waited, put back into memory when it is opened.

Every lease of the process before is void. A due moment is kept as wall time and with the delay that
was meant: after a clock has jumped nothing waits longer than was said.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from wherry_local.queue.clock import Clock
from wherry_local.queue.delivery import State
from wherry_local.queue.ledger import Ledger
from wherry_local.queue.pending import Pending, PendingDelivery, PendingMessage
from wherry_local.queue.records import (
    FORGOTTEN,
    KINDS,
    STATE_CODES,
    attempts_in,
    loads,
    number_of,
)
from wherry_local.queue.shelf import Finished

_OVER = STATE_CODES[State.DELIVERED]


def restore(connection: sqlite3.Connection, ledger: Ledger, clock: Clock) -> None:
    """Put what a queue's file holds into an empty ledger."""
    connection.execute("UPDATE opening SET count = count + 1")
    opening = int(connection.execute("SELECT count FROM opening").fetchone()[0])
    ledger.pending = Pending(first_token=opening << 32)
    ends = _ends(connection)
    for position, key, kind, scope, stored_at, subscribers, receivers, size in connection.execute(
        "SELECT position, key, kind, scope, stored_at, subscribers, receivers, size_bytes"
        " FROM message ORDER BY position"
    ):
        over, answers_bytes = ends.get(position, ({}, 0))
        ledger.positions[key] = ledger.newest = position
        if sum(over.values()) < receivers:
            message = PendingMessage(
                position=position,
                key=key,
                kind=KINDS[kind],
                scope=scope,
                receivers=receivers,
                stored_at=stored_at,
                message=None,
                size_bytes=size + answers_bytes,
                over=_shown(over),
            )
            _restore_deliveries(connection, ledger, message, loads(subscribers), clock)
        else:
            finished = Finished(
                key=key,
                kind=KINDS[kind],
                scope=scope,
                receivers=receivers,
                size_bytes=size + answers_bytes,
                stored_at=stored_at,
                over=_shown(over),
            )
            ledger.shelf.put(position, finished)


def _ends(connection: sqlite3.Connection) -> dict[int, tuple[dict[int, int], int]]:
    """Of each message how many deliveries ended how, and the bytes of their answers."""
    ends: dict[int, tuple[dict[int, int], int]] = {}
    for position, state, count, answers_bytes in connection.execute(
        "SELECT number >> 16, state, count(*), coalesce(sum(length(answer_body)), 0)"
        " FROM delivery WHERE state >= ? GROUP BY 1, 2",
        (_OVER,),
    ):
        over, before = ends.get(position, ({}, 0))
        ends[position] = ({**over, state: count}, before + answers_bytes)
    return ends


def _shown(over: dict[int, int]) -> dict[int, int]:
    return {code: count for code, count in over.items() if code != FORGOTTEN}


def _restore_deliveries(
    connection: sqlite3.Connection,
    ledger: Ledger,
    message: PendingMessage,
    subscribers: Sequence[str],
    clock: Clock,
) -> None:
    position = message.position
    rows = {
        number: row
        for number, *row in connection.execute(
            "SELECT number, state, lost, tries, due_at, delay_s, attempts"
            " FROM delivery WHERE number >= ? AND number < ?",
            (number_of(position, 0), number_of(position + 1, 0)),
        )
    }
    deliveries = []
    for index, subscriber in enumerate(subscribers):
        number = number_of(position, index)
        row = rows.get(number)
        if row is not None and row[0] >= _OVER:
            continue
        lane = (message.scope, subscriber)
        delivery = PendingDelivery(number, message, subscriber, lane, clock.monotonic())
        if row is not None:
            _resume(delivery, row, clock)
        deliveries.append(delivery)
    ledger.pending.add(message, deliveries)


def _resume(delivery: PendingDelivery, row: Sequence[Any], clock: Clock) -> None:
    state, delivery.lost, delivery.tries, due_at, delay_s, attempts = row
    delivery.attempts = attempts_in(attempts)
    if state == STATE_CODES[State.LEASED]:
        delivery.lost += 1
    elif due_at is not None and delay_s is not None:
        delivery.due += min(max(due_at - clock.wall(), 0.0), delay_s)
