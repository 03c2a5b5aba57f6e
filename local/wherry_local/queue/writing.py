"""The thread that writes: everything that waits is one transaction, and one sync of the disk.

Knows rows, not what they mean. What waits while a transaction is under way becomes the next one, so
that the cost of a sync is shared by as many as there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from queue import SimpleQueue

from wherry_local.queue.contract import StorageFailed
from wherry_local.queue.database import failure, open_writer

Row = tuple[object, ...]
MOST_ROWS = 64
"""Rows of one statement. SQLite gives up the interpreter at each, and gets it back late where the
loop is busy: few large ones are what makes many rows cheap."""
_STATEMENTS = 4 * MOST_ROWS
GATHER_S = 0.002
"""How long what need not outlive a loss of power waits for more of its like."""


@dataclass(slots=True, kw_only=True, eq=False)
class Change:
    """Rows that are stored together or not at all.

    Attributes:
        messages: Rows of `message`.
        states: Number, state and lost leases of deliveries that have changed in nothing else.
        deliveries: Rows of `delivery`, in place of those there are.
        dropped: Positions of messages to delete, with how many deliveries each has.
        sync: Whether it must outlive a loss of power; all outlive the process.
        ended: Called on the loop when it is stored, or with the reason why it is not.
    """

    messages: Sequence[Row] = ()
    states: Sequence[Row] = ()
    deliveries: Sequence[Row] = ()
    dropped: Sequence[tuple[int, range]] = ()
    sync: bool = True
    ended: Callable[[StorageFailed | None], object]


class Writer:
    """Owns the connection that writes, and its thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Write to the queue at `path` over `connection`, which is the writer's from now on."""
        self._path = path
        self._connection = connection
        self._synchronous = True
        self._waiting: deque[Change] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._gathering = self._hurried = self._closing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="queue-writer", daemon=True)

    def submit(self, change: Change) -> None:
        """Have a change written. On the loop."""
        if self._closing:
            change.ended(StorageFailed(f"the queue {self._path} is closed"))
            return
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._thread.start()
        self._waiting.append(change)
        if not change.sync:
            if not self._gathering:
                self._gathering = True
                self._loop.call_later(GATHER_S, self._gathered)
        elif not self._hurried:
            self._hurried = True
            self._bell.put(None)

    def _gathered(self) -> None:
        self._gathering = False
        if self._waiting:
            self._bell.put(None)

    async def close(self) -> None:
        """Write what waits, and close the connection."""
        self._closing = True
        if self._thread.is_alive():
            self._bell.put(None)
            await asyncio.get_running_loop().run_in_executor(None, self._thread.join)
        self._connection.close()

    def _run(self) -> None:
        while not self._closing or self._waiting:
            self._bell.get()
            self._hurried = False  # whoever comes from here on rings again
            changes = list(self._taken())
            if changes:
                self._write(changes)

    def _taken(self) -> Iterator[Change]:
        with contextlib.suppress(IndexError):
            while True:
                yield self._waiting.popleft()

    def _write(self, changes: Sequence[Change]) -> None:
        error = self._transact(changes)
        if error is None or len(changes) == 1:
            outcomes = [(change, error) for change in changes]
        else:  # each by itself, so that one that is too large does not take the others with it
            outcomes = [(change, self._transact((change,))) for change in changes]
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed; nobody waits any more
                loop.call_soon_threadsafe(_end, outcomes)

    def _transact(self, changes: Sequence[Change]) -> StorageFailed | None:
        """Store all of them or none; why not."""
        try:
            self._set_synchronous(any(change.sync for change in changes))
            self._connection.execute("BEGIN IMMEDIATE")
            _insert(self._connection, changes)
            _delete(self._connection, changes)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._recover()
            return failure(self._path, error)
        except (ArithmeticError, ValueError) as error:  # a value that no column can hold
            self._recover()
            return StorageFailed(f"the queue {self._path} cannot hold it: {type(error).__name__}")
        return None

    def _set_synchronous(self, synchronous: bool) -> None:
        if synchronous is not self._synchronous:
            self._connection.execute(f"PRAGMA synchronous={'FULL' if synchronous else 'NORMAL'}")
            self._synchronous = synchronous

    def _recover(self) -> None:
        """Undo what has begun; where even that fails, begin anew with the file as it is."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            with contextlib.suppress(StorageFailed):
                self._connection = open_writer(self._path)
                self._synchronous = True


def _end(outcomes: Sequence[tuple[Change, StorageFailed | None]]) -> None:
    for change, error in outcomes:
        change.ended(error)


def _insert(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Write the rows; of a delivery that was leased and settled meanwhile only how it ended."""
    messages = [row for change in changes for row in change.messages]
    deliveries = [row for change in changes for row in change.deliveries]
    settled = {row[0] for row in deliveries}
    states = [row for change in changes for row in change.states if row[0] not in settled]
    _execute(connection, "INSERT INTO message VALUES", messages, "")
    _execute(connection, "INSERT INTO delivery(number, state, lost) VALUES", states, STATE)
    _execute(connection, "INSERT INTO delivery VALUES", deliveries, SETTLE)


STATE = "ON CONFLICT(number) DO UPDATE SET state = excluded.state, lost = excluded.lost"
SETTLE = """
ON CONFLICT(number) DO UPDATE SET
    state = excluded.state, lost = excluded.lost, tries = excluded.tries,
    due_at = excluded.due_at, delay_s = excluded.delay_s, attempts = excluded.attempts,
    answer_head = coalesce(excluded.answer_head, answer_head),
    answer_body = iif(excluded.answer_head IS NULL, answer_body, excluded.answer_body)
"""


def _delete(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    dropped = [place for change in changes for place in change.dropped]
    if dropped:
        connection.executemany(
            "DELETE FROM message WHERE position = ?", [(position,) for position, _ in dropped]
        )
        connection.executemany(
            "DELETE FROM delivery WHERE number >= ? AND number < ?",
            [(numbers.start, numbers.stop) for _, numbers in dropped],
        )


def _execute(
    connection: sqlite3.Connection, statement: str, rows: Sequence[Row], conflict: str
) -> None:
    for at in range(0, len(rows), MOST_ROWS):
        chunk = rows[at : at + MOST_ROWS]
        text = _statement(statement, len(chunk), len(chunk[0]), conflict)
        connection.execute(text, [*chain.from_iterable(chunk)])


@lru_cache(_STATEMENTS)
def _statement(beginning: str, rows: int, columns: int, conflict: str) -> str:
    values = ",".join([f"({','.join('?' * columns)})"] * rows)
    return f"{beginning} {values} {conflict}"
