"""What comes through a replica's pipe becomes lines, however it is cut, and floods are held up."""

import asyncio
import os
import threading

from wherry_local.journal.intake import Intake


def take(scene, **options):
    """Run `scene(write, chunks)` over a pipe; the lines that came."""

    async def run():
        reading, writing = os.pipe()
        chunks = []
        intake = Intake(reading, replica="r", stream="stdout", keep=chunks.append)
        await scene(writing, chunks)
        os.close(writing)
        await intake.ended
        return b"".join(each.content for each in chunks)

    return asyncio.run(run())


async def until(found):
    async def wait():
        while not found():  # noqa: ASYNC110 - a list of chunks
            await asyncio.sleep(0.001)

    await asyncio.wait_for(wait(), 10)


def test_lines_are_whole_however_they_are_written():
    async def scene(writing, chunks):
        os.write(writing, b"one\ntw")
        await until(lambda: chunks)
        assert chunks[-1].content == b"one\n"
        os.write(writing, b"o\nthr")
        await until(lambda: len(chunks) == 2)
        assert chunks[-1].content == b"two\n"

    assert take(scene) == b"one\ntwo\nthr\n"


def test_a_line_that_does_not_end_is_cut():
    async def scene(writing, chunks):
        await asyncio.to_thread(write_all, writing, b"x" * 200_000)

    found = take(scene)
    assert found.count(b"x") == 200_000
    assert max(map(len, found.split(b"\n"))) == 65_536


def test_a_flood_is_held_up_at_its_pipe_and_loses_nothing():
    written = 0

    async def scene(writing, chunks):
        nonlocal written
        turns = 0

        def flood():
            nonlocal written
            for number in range(20_000):
                written += os.write(writing, f"{number:099}\n".encode())

        thread = threading.Thread(target=flood)
        thread.start()
        while thread.is_alive():
            kept = sum(len(each.content) for each in chunks)
            assert written - kept <= 65_536 + 65_536 + 200  # the pipe, one read, and a line
            turns += 1
            await asyncio.sleep(0)
        assert turns > 10

    found = take(scene)
    assert found == b"".join(b"%099d\n" % number for number in range(20_000))


def test_closing_takes_what_is_there_and_leaves_the_rest():
    async def run():
        reading, writing = os.pipe()
        chunks = []
        intake = Intake(reading, replica="r", stream="stdout", keep=chunks.append)
        os.write(writing, b"last\nwords")
        intake.close()
        intake.close()
        assert b"".join(each.content for each in chunks) == b"last\nwords\n"
        os.close(writing)

    asyncio.run(run())


def write_all(writing, content):
    while content:
        content = content[os.write(writing, content) :]
