"""The queue's file: its schema, how it is opened, and whose it is.

The rows: `message` is written once, `delivery` when one is first leased; one without a row waits
since its message was accepted, so that accepting writes one row however many receive it.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import sqlite3
from pathlib import Path

from wherry_local.queue.contract import StorageFailed

VERSION = 1
APPLICATION = 0x57485259  # "WHRY"
BUSY_S = 5.0
_STATEMENTS = 256
"""Prepared statements that are kept: the writer has one for each number of rows."""
CHECKPOINT_PAGES = 4000
"""Pages of the log at which it is written back; 16 MB, so that a page is rarely written twice."""

SCHEMA = """
CREATE TABLE message (
    position INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    kind INTEGER NOT NULL,
    scope TEXT NOT NULL,
    accepted_at REAL NOT NULL,
    stored_at REAL NOT NULL,
    parent INTEGER,
    subscribers BLOB NOT NULL,
    receivers INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    head BLOB NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE delivery (
    number INTEGER PRIMARY KEY,
    state INTEGER NOT NULL,
    lost INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    due_at REAL,
    delay_s REAL,
    attempts BLOB,
    answer_head BLOB,
    answer_body BLOB
);
CREATE TABLE opening (count INTEGER NOT NULL);
INSERT INTO opening VALUES (0);
"""


class Ownership:
    """The claim of one process on a queue's file; ends with the process at the latest.

    The claim lies in a file of its own: SQLite's locks on the queue's file would be lost if that
    were opened and closed once more.
    """

    def __init__(self, path: Path) -> None:
        """Claim the queue at `path`.

        Raises:
            StorageFailed: Another process has it, or there is no writing there.
        """
        place = path.with_name(f"{path.name}-owner")
        try:
            self._descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StorageFailed(f"the queue {path} cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise StorageFailed(
                f"the queue {path} is in use by another process", hint="wherry down"
            ) from error

    def release(self) -> None:
        """Let go of it; once."""
        os.close(self._descriptor)


def damage(path: Path, error: Exception) -> StorageFailed:
    """What to say of a file that cannot be understood."""
    quoted = shlex.quote(str(path))
    return StorageFailed(
        f"the queue {path} is damaged ({error}); what it holds cannot be delivered",
        hint=f"mv {quoted} {shlex.quote(f'{path}.damaged')}; rm -f {quoted}-wal {quoted}-shm",
    )


def failure(path: Path, error: sqlite3.Error) -> StorageFailed:
    """What an error of SQLite means for whoever uses the queue at `path`."""
    text = str(error)
    if "malformed" in text or "not a database" in text:  # its code is known from Python 3.11 on
        return damage(path, error)
    if "full" in text:
        return StorageFailed(
            f"no room is left for the queue {path}",
            hint=f"df -h {shlex.quote(str(path.parent))}",
        )
    return StorageFailed(f"the queue {path} cannot be written: {text}")


def open_writer(path: Path) -> sqlite3.Connection:
    """The connection that writes, with the schema there; for one thread after the other.

    Raises:
        StorageFailed: It cannot be opened, is damaged, or is no queue of this format.
    """
    try:
        # Readable by the owner alone; what SQLite puts beside it takes the same mode.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.fchmod(descriptor, 0o600)
        os.close(descriptor)
    except OSError as error:
        raise StorageFailed(f"the queue {path} cannot be opened: {error.strerror}") from error
    connection = _connect(path)
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise failure(path, error) from error
    except StorageFailed:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that reads what is committed; for one thread after the other."""
    connection = _connect(path)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if tables and application != APPLICATION:
        raise StorageFailed(f"{path} is an SQLite file, and not of a queue")
    if tables and version != VERSION:
        quoted = shlex.quote(str(path))
        raise StorageFailed(
            f"the queue {path} has format {version}, and this Wherry reads format {VERSION}",
            hint=f"mv {quoted} {shlex.quote(f'{path}.format-{version}')}",
        )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.execute("PRAGMA journal_size_limit=67108864")
    if not tables:
        connection.executescript(
            f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id={APPLICATION};"
            f"PRAGMA user_version={VERSION}; COMMIT;"
        )
