"""What is the SQLite file's own: who may read it, what is wrong with it, and full disks."""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.local.queue.stands import DELIVERED, SqliteStand, again, event, to

from wherry_local.queue.contract import StorageFailed
from wherry_local.queue.delivery import Kind, Settlement, State
from wherry_local.queue.sqlite import SqliteQueue


def on(path, scenario):
    async def run():
        queue = SqliteQueue(path)
        try:
            return await scenario(queue)
        finally:
            await queue.close()

    return asyncio.run(run())


async def store_one(queue):
    await queue.accept(to(event("a"), "orders"))


async def fill(queue, count, size, accepted):
    for number in range(count):
        await queue.accept(to(event(str(number), body=b"x" * size), "orders"))
        accepted.append(str(number))


def test_its_files_are_their_owners_alone(tmp_path):
    async def scenario(queue):
        await queue.accept(to(event("a"), "orders"))
        await queue.message("a")
        files = sorted(tmp_path.iterdir())
        assert [file.name for file in files] == ["q", "q-owner", "q-shm", "q-wal"]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    before = os.umask(0)
    try:
        on(tmp_path / "q", scenario)
    finally:
        os.umask(before)


def test_one_that_others_could_read_is_closed_to_them(tmp_path):
    on(tmp_path / "q", store_one)
    (tmp_path / "q").chmod(0o644)
    on(tmp_path / "q", lambda queue: queue.counts())
    assert stat.S_IMODE((tmp_path / "q").stat().st_mode) == 0o600


def test_it_belongs_to_one_process(tmp_path):
    async def scenario(queue):
        with pytest.raises(StorageFailed, match="in use") as caught:
            SqliteQueue(tmp_path / "q")
        assert caught.value.hint == "wherry down"

    on(tmp_path / "q", scenario)
    on(tmp_path / "q", store_one)  # and to the next one afterwards


@pytest.mark.parametrize(
    "content", [b"no database at all" * 400, b"SQLite format 3\0" + b"x" * 9000]
)
def test_a_damaged_file_is_named_with_what_to_type(tmp_path, content):
    path = tmp_path / "my queue"
    path.write_bytes(content)
    with pytest.raises(StorageFailed, match="damaged") as caught:
        SqliteQueue(path)
    assert str(path) in str(caught.value)
    subprocess.run(caught.value.hint, shell=True, check=True)
    on(path, store_one)
    assert (tmp_path / "my queue.damaged").read_bytes() == content


def test_a_file_with_a_damaged_page_is_named(tmp_path):
    path = tmp_path / "q"

    on(path, lambda queue: fill(queue, 50, 2_000, []))
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 8)
    with pytest.raises(StorageFailed, match="damaged"):
        SqliteQueue(path)


def test_a_row_that_cannot_be_understood_is_damage(tmp_path):
    path = tmp_path / "q"
    on(path, store_one)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE message SET subscribers = x'7b'")
    with pytest.raises(StorageFailed, match="damaged"):
        SqliteQueue(path)


@pytest.mark.parametrize("version", [0, 2, 99])
def test_a_file_of_another_format_is_refused_as_such(tmp_path, version):
    path = tmp_path / "q"
    on(path, store_one)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={version}")
    with pytest.raises(StorageFailed, match=f"has format {version}.*reads format 1") as caught:
        SqliteQueue(path)
    subprocess.run(caught.value.hint, shell=True, check=True)
    on(path, store_one)


def test_a_file_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "q"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StorageFailed, match="not of a queue"):
        SqliteQueue(path)
    assert path.read_bytes() == before


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"")
    (tmp_path / "q").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageFailed, match="cannot be opened"):
        SqliteQueue(tmp_path / "q")
    assert (tmp_path / "elsewhere").read_bytes() == b""


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StorageFailed, match="absent/q cannot be opened"):
        SqliteQueue(tmp_path / "absent" / "q")


def test_what_waits_together_is_written_together(tmp_path):
    async def scenario(queue):
        statements = []
        queue._writer._connection.set_trace_callback(statements.append)
        await asyncio.gather(*(queue.accept(to(event(str(n)), "x")) for n in range(500)))
        assert 1 <= statements.count("COMMIT") <= 25
        assert len(statements) < 100
        assert len(await queue.lease(999, 60)) == 500

    on(tmp_path / "q", scenario)


def test_what_is_acknowledged_is_synced_and_the_rest_is_not(tmp_path):
    async def scenario(queue):
        statements = []
        queue._writer._connection.set_trace_callback(statements.append)

        async def synchronous(change):
            del statements[:]
            await change
            settings = [each for each in statements if "synchronous" in each]
            return "FULL" in settings[-1] if settings else None

        await queue.accept(to(event("a"), "x", "y"))
        (one, two) = await queue.lease(2, 60)
        assert await synchronous(queue.settle(one, again(0))) in {False, None}
        assert await synchronous(queue.accept(to(event("b"), "x"))) is True
        assert await synchronous(queue.accept(to(event("c"), "x"))) is None
        assert await synchronous(queue.settle(two, DELIVERED)) is False
        assert await synchronous(queue.cancel("b")) is True

    on(tmp_path / "q", scenario)


def limit_pages(queue, pages):
    queue._writer._connection.execute(f"PRAGMA max_page_count={pages}")


def test_a_full_disk_acknowledges_nothing_and_recovers(tmp_path):
    stored = []

    async def scenario(queue):
        limit_pages(queue, 40)
        with pytest.raises(StorageFailed, match="no room is left") as caught:
            await fill(queue, 200, 1_000, stored)
        assert caught.value.hint.startswith("df -h ")
        assert 5 < len(stored) < 200
        refused = str(len(stored))
        assert await queue.message(refused) is None
        # One that is too large does not take those that are stored with it along.
        (leased,) = await queue.lease(1, 60)
        answers = await asyncio.gather(
            queue.accept(to(event("large", body=b"x" * 500_000), "orders")),
            queue.settle(leased, DELIVERED),
            return_exceptions=True,
        )
        assert isinstance(answers[0], StorageFailed)
        assert answers[1] is True
        (leased,) = await queue.lease(1, 60)
        follows = (to(event("reply", body=b"x" * 500_000), "mail"),)
        with pytest.raises(StorageFailed):
            await queue.settle(leased, Settlement(state=State.DELIVERED, follows=follows))
        assert await queue.extend(leased, 60)  # it stays leased
        limit_pages(queue, 100_000)
        assert await queue.settle(leased, Settlement(state=State.DELIVERED, follows=follows))
        await queue.accept(to(event(refused, body=b"x" * 1000), "orders"))

    on(tmp_path / "q", scenario)

    async def check(queue):
        assert len(await queue.lease(999, 60)) == len(stored) - 2 + 2
        assert (await queue.counts())[Kind.EVENT, State.DELIVERED] == 2

    on(tmp_path / "q", check)


class Odd:
    """No column can hold one."""

    def __len__(self):
        return 3


@pytest.mark.parametrize(
    "changes", [{"key": "\ud800"}, {"parent": 2**70}, {"body": Odd()}, {"scope": "a\udfff"}]
)
def test_what_cannot_be_stored_hurts_nobody_else(tmp_path, changes):
    async def scenario(queue):
        odd = event("odd")._replace(**changes)
        accepting = [queue.accept(to(message, "x")) for message in (event("a"), odd, event("b"))]
        answers = await asyncio.wait_for(asyncio.gather(*accepting, return_exceptions=True), 10)
        assert [type(answer) for answer in answers] == [type(None), StorageFailed, type(None)]
        assert [each.message.key for each in await queue.lease(9, 60)] == ["a", "b"]
        with contextlib.closing(sqlite3.connect(tmp_path / "q")) as connection:
            keys = connection.execute("SELECT key FROM message ORDER BY position").fetchall()
        assert keys == [("a",), ("b",)]

    on(tmp_path / "q", scenario)


FULL = """
import asyncio, json, resource, sys
from pathlib import Path
from tests.local.queue.stands import event, to
from wherry_local.queue.contract import StorageFailed
from wherry_local.queue.sqlite import SqliteQueue

async def run():
    queue = SqliteQueue(Path(sys.argv[1]))
    limit, hard = 300_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    accepted, refused = [], []
    for number in range(60):
        try:
            await queue.accept(to(event(str(number), body=b"x" * 20_000), "orders"))
            accepted.append(str(number))
        except StorageFailed as error:
            refused.append((str(number), str(error)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await queue.accept(to(event("after"), "orders"))
    print(json.dumps([accepted, refused]), flush=True)
    import os; os._exit(1)

asyncio.run(run())
"""


def test_a_write_that_the_system_refuses_is_no_acknowledgement(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "q")],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=False,
        timeout=60,
    )
    accepted, refused = json.loads(run.stdout or run.stderr.decode())
    assert accepted
    assert refused
    assert all("the queue" in text for _, text in refused)

    async def check(queue):
        leased = await queue.lease(999, 60)
        assert [each.message.key for each in leased] == [*accepted, "after"]

    on(tmp_path / "q", check)


@pytest.mark.interop
def test_a_small_disk_that_is_full_and_then_is_not(tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("mounting a small file system needs root and mount")
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted: {mounted.stderr.strip()}")
    ballast = place / "ballast"
    ballast.write_bytes(b"x" * 1_500_000)

    async def scenario(queue):
        accepted = []
        with pytest.raises(StorageFailed):
            await fill(queue, 1_000, 10_000, accepted)
        assert accepted
        with pytest.raises(StorageFailed):
            await queue.accept(to(event("large", body=b"x" * 1_000_000), "orders"))
        ballast.unlink()
        await queue.accept(to(event("after"), "orders"))
        leased = await queue.lease(9_999, 60)
        assert [each.message.key for each in leased] == [*accepted, "after"]
        assert await queue.settle(leased[0], DELIVERED)

    try:
        on(place / "q", scenario)
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_crash_between_lease_and_end_counts_no_try(tmp_path):
    async def run():
        stand = SqliteStand(tmp_path)
        queue = await stand.open()
        await queue.accept(to(event("a"), "orders"))
        await queue.lease(1, 60)
        await queue.accept(to(event("mark")))  # the lease is written before it
        queue = await stand.crash(queue)
        (leased,) = await queue.lease(1, 60)
        assert leased.attempts == 0
        await queue.close()

    asyncio.run(run())
