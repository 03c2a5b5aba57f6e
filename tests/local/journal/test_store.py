"""The journal keeps lines within bounds, finds them again, and hands them to who follows."""

import asyncio
import os

import pytest

from wherry_local.deployment import FunctionKey
from wherry_local.journal.chunk import Chunk
from wherry_local.journal.line import LogLine
from wherry_local.journal.store import JournalStore

HELLO, OTHER = FunctionKey("hello"), FunctionKey("other")


@pytest.fixture
def journal(tmp_path):
    with_files = JournalStore(tmp_path)
    yield with_files
    with_files.close()


def write(journal, *texts, at=1.0, function=HELLO, replica="hello-a"):
    content = "".join(f"{each}\n" for each in texts).encode()
    journal.add(function, Chunk(at, replica, "stdout", content))


def texts(lines):
    return [each.text for each in lines]


def test_lines_are_read_oldest_first_whoever_wrote_them(journal):
    write(journal, "a", "b", at=1)
    write(journal, "d", at=3, replica="hello-b")
    write(journal, "c", at=2, function=OTHER)
    assert texts(journal.read()) == ["a", "b", "c", "d"]
    assert texts(journal.read(HELLO)) == ["a", "b", "d"]


def test_what_fits_is_found(journal):
    write(journal, "one", "two", at=1)
    write(journal, "three", at=2, replica="hello-b")
    journal.append(LogLine(at=3.0, function=HELLO, replica="x", text="four", call_id="c"))
    assert texts(journal.read(HELLO, tail=2)) == ["three", "four"]
    assert texts(journal.read(tail=1)) == ["four"]
    assert texts(journal.read(tail=0)) == []
    assert texts(journal.read(HELLO, since=2.0)) == ["three", "four"]
    assert texts(journal.read(HELLO, replica="hello-a")) == ["one", "two"]
    assert texts(journal.read(HELLO, call_id="c")) == ["four"]
    assert texts(journal.read(HELLO, containing="o", tail=2)) == ["two", "four"]
    assert journal.read(FunctionKey("absent")) == []


def test_memory_and_files_are_bounded_and_the_newest_stay(tmp_path):
    journal = JournalStore(tmp_path, memory_bytes=10_000, file_bytes=20_000)
    for number in range(2_000):
        write(journal, f"line {number} {'x' * 50}")
    found = texts(journal.read(HELLO))
    assert found[-1].startswith("line 1999 ")
    assert 10 < len(found) < 100
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {f"{HELLO}.log", f"{HELLO}.log.1"}
    assert max(sizes.values()) < 21_000
    journal.close()


def test_another_start_finds_what_was_written_before(tmp_path):
    before = JournalStore(tmp_path, file_bytes=400)
    for number in range(20):
        write(before, f"line {number}")
    before.close()
    after = JournalStore(tmp_path, file_bytes=400)
    assert texts(after.read(HELLO))[-10:] == [f"line {number}" for number in range(10, 20)]
    assert {each.replica for each in after.read(HELLO)} == {"hello-a"}
    after.close()


def test_a_record_that_was_cut_short_spoils_no_other(tmp_path):
    before = JournalStore(tmp_path)
    write(before, "whole", "cut here")
    before.close()
    file = tmp_path / f"{HELLO}.log"
    file.write_bytes(file.read_bytes()[:-5])
    after = JournalStore(tmp_path)
    write(after, "later")
    after.close()
    again = JournalStore(tmp_path)
    assert texts(again.read(HELLO)) == ["whole", "cut ", "later"]
    again.close()


@pytest.mark.parametrize("name", ["../../up", "a/b", ".."])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    folder = tmp_path / "logs"
    folder.mkdir()
    journal = JournalStore(folder)
    write(journal, "x", function=FunctionKey(name, name))
    assert len(list(folder.iterdir())) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["logs"]
    journal.close()


def test_a_disk_that_takes_nothing_costs_no_line_in_memory(tmp_path):
    journal = JournalStore(tmp_path / "absent")
    write(journal, "kept")
    assert texts(journal.read(HELLO)) == ["kept"]


def test_what_the_platform_says_may_name_a_file_of_any_bytes(tmp_path):
    journal = JournalStore(tmp_path)
    file = os.fsdecode(b"m\xc3\xa4n-\xff.py")
    journal.tell(HELLO, f"{file}, line 1: invalid syntax")
    journal.close()
    (line,) = JournalStore(tmp_path).read(HELLO)
    assert line.text == "män-\\udcff.py, line 1: invalid syntax"


def test_what_is_forgotten_is_gone_from_the_disk(journal, tmp_path):
    write(journal, "x")
    journal.forget(HELLO)
    assert journal.read(HELLO) == []
    assert not list(tmp_path.iterdir())


def test_files_are_the_owners_alone(journal, tmp_path):
    write(journal, "x")
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]


def test_who_follows_hears_of_its_function_from_then_on(journal):
    async def run():
        write(journal, "before")
        mine, all_of_them = journal.follow(HELLO), journal.follow()
        write(journal, "a", "b")
        write(journal, "c", function=OTHER)
        assert [(await anext(mine)).text for _ in range(2)] == ["a", "b"]
        assert [(await anext(all_of_them)).text for _ in range(3)] == ["a", "b", "c"]
        waits = asyncio.ensure_future(anext(mine))
        await asyncio.sleep(0)
        assert not waits.done()
        write(journal, "d")
        assert (await waits).text == "d"
        journal.close()
        assert [each async for each in mine] == []

    asyncio.run(run())


def test_a_follower_that_is_too_slow_loses_the_oldest(journal):
    async def run():
        follower = journal.follow(HELLO)
        write(journal, *map(str, range(5_000)))
        await follower.aclose()
        assert [each.text async for each in follower] == [str(n) for n in range(3_000, 5_000)]
        assert follower.lost == 3_000

    asyncio.run(run())


def test_a_follower_that_nobody_has_any_more_is_forgotten(journal):
    async def run():
        journal.follow(HELLO)
        assert not list(journal._followers)

    asyncio.run(run())
