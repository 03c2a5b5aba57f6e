"""What the queue's file says: messages and deliveries as they are stored. Reads only.

Each method is one short read; nothing here knows what waits in memory, which is newer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wherry_local.queue.database import failure, open_reader
from wherry_local.queue.delivery import Kind, State
from wherry_local.queue.records import (
    KIND_CODES,
    KINDS,
    STATE_CODES,
    answer_of,
    attempts_in,
    loads,
    message_of,
    number_of,
)
from wherry_local.queue.view import StoredDelivery, StoredMessage

_COLUMNS = "position, key, kind, scope, accepted_at, parent, subscribers, head"
_DELIVERY = "number, state, tries, attempts, answer_head, answer_body"


class History:
    """Reads one queue's file, for one thread after the other."""

    def __init__(self, path: Path) -> None:
        """Read from the queue at `path`."""
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def page(
        self,
        *,
        kind: Kind | None,
        scope: str,
        states: Sequence[State],
        pending: Sequence[int],
        before: int | None,
        most: int,
    ) -> Sequence[StoredMessage]:
        """Messages before a position, the newest first; `pending` are in `states` whatever.

        Their bodies are not read.
        """
        conditions = ["TRUE"]
        values: list[object] = []
        if before is not None:
            conditions.append("position < ?")
            values.append(before)
        if kind is not None:
            conditions.append("kind = ?")
            values.append(KIND_CODES[kind])
        if scope:
            conditions.append("scope = ?")
            values.append(scope)
        if states:
            conditions.append(
                "(position IN (SELECT value FROM json_each(?)) OR EXISTS (SELECT 1 FROM delivery"
                " WHERE number >= position << 16 AND number < (position + 1) << 16"
                " AND state >= 2 AND state IN (SELECT value FROM json_each(?))))"
            )
            codes = [STATE_CODES[state] for state in states]
            values += json.dumps(pending), json.dumps(codes)
        return self._messages(
            f"WHERE {' AND '.join(conditions)} ORDER BY position DESC LIMIT ?",
            (*values, most),
            body="x''",
        )

    def at(self, positions: Sequence[int]) -> Sequence[StoredMessage]:
        """The messages at these positions, in any order."""
        return self._messages(
            "WHERE position IN (SELECT value FROM json_each(?))", (json.dumps(positions),)
        )

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _messages(
        self, condition: str, values: Sequence[object], body: str = "body"
    ) -> Sequence[StoredMessage]:
        try:
            return self._read(
                f"SELECT {_COLUMNS}, {body} FROM message {condition}",  # noqa: S608 - constants
                values,
            )
        except sqlite3.Error as error:
            raise failure(self._path, error) from error

    def _read(self, statement: str, values: Sequence[object]) -> Sequence[StoredMessage]:
        if self._connection is None:
            self._connection = open_reader(self._path)
        connection = self._connection
        connection.execute("BEGIN")  # one state of the file for messages and deliveries
        try:
            rows = connection.execute(statement, values).fetchall()
            return [_stored(row, _deliveries(connection, row[0])) for row in rows]
        finally:
            connection.execute("ROLLBACK")


def _deliveries(connection: sqlite3.Connection, position: int) -> Mapping[int, StoredDelivery]:
    rows = connection.execute(
        f"SELECT {_DELIVERY} FROM delivery WHERE number >= ? AND number < ?",  # noqa: S608
        (number_of(position, 0), number_of(position + 1, 0)),
    )
    return {
        number: StoredDelivery(
            number=number,
            state=state,
            tries=tries,
            attempts=attempts_in(attempts),
            answer=answer_of(answer_head, answer_body),
        )
        for number, state, tries, attempts, answer_head, answer_body in rows
    }


def _stored(row: Sequence[Any], deliveries: Mapping[int, StoredDelivery]) -> StoredMessage:
    position, key, kind, scope, accepted_at, parent, subscribers, head, body = row
    message = message_of(
        head,
        key=key,
        kind=KINDS[kind],
        scope=scope,
        body=body,
        accepted_at=accepted_at,
        parent=parent,
    )
    return StoredMessage(
        position=position,
        message=message,
        subscribers=loads(subscribers),
        deliveries=deliveries,
    )
