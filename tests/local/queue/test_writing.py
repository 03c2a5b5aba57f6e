"""What is written together, and what waits for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from wherry_local.queue import writing
from wherry_local.queue.contract import StorageFailed
from wherry_local.queue.database import open_reader, open_writer
from wherry_local.queue.writing import MOST_ROWS, Change, Writer

PATIENCE_S = 10.0
NEVER_S = 3600.0


class _Written:
    """A writer, and the transactions that it has begun."""

    def __init__(self, path: Path) -> None:
        self.path = path
        connection = open_writer(path)
        self.transactions = 0
        connection.set_trace_callback(self._saw)
        self.writer = Writer(path, connection)

    def _saw(self, statement: str) -> None:
        self.transactions += statement.startswith("BEGIN")

    def submit(self, number: int, *, sync: bool) -> asyncio.Future[StorageFailed | None]:
        """Have the state of a delivery written; done when it is."""
        ended: asyncio.Future[StorageFailed | None] = asyncio.get_running_loop().create_future()
        row = (number, 1, 0)
        self.writer.submit(Change(states=(row,), sync=sync, ended=ended.set_result))
        return ended

    def stored(self) -> list[int]:
        """The deliveries that the file has."""
        connection = open_reader(self.path)
        try:
            return [number for (number,) in connection.execute("SELECT number FROM delivery")]
        finally:
            connection.close()


@pytest.fixture
def written(tmp_path):
    return _Written(tmp_path / "queue.sqlite3")


def test_what_is_in_no_hurry_and_comes_together_is_one_transaction(written):
    many = 2 * MOST_ROWS + 3

    async def write() -> None:
        ended = [written.submit(number, sync=False) for number in range(many)]
        assert await asyncio.wait_for(asyncio.gather(*ended), PATIENCE_S) == [None] * many
        await written.writer.close()

    asyncio.run(write())
    assert written.transactions == 1
    assert written.stored() == list(range(many))


def test_what_must_be_safe_waits_for_nobody_and_takes_the_others_along(written, monkeypatch):
    monkeypatch.setattr(writing, "GATHER_S", NEVER_S)

    async def write() -> None:
        ended = [written.submit(1, sync=False), written.submit(2, sync=True)]
        await asyncio.wait_for(asyncio.gather(*ended), PATIENCE_S)
        await asyncio.wait_for(written.submit(3, sync=True), PATIENCE_S)
        await written.writer.close()

    asyncio.run(write())
    assert written.stored() == [1, 2, 3]


def test_an_end_writes_what_was_still_gathered(written, monkeypatch):
    monkeypatch.setattr(writing, "GATHER_S", NEVER_S)

    async def write() -> None:
        ended = written.submit(1, sync=False)
        await asyncio.wait_for(written.writer.close(), PATIENCE_S)
        assert await asyncio.wait_for(ended, PATIENCE_S) is None

    asyncio.run(write())
    assert written.stored() == [1]
