"""One command, run for real: input, output, errors, and that nothing outlives the call."""

import asyncio
import os
import signal
import sys
import time
from contextlib import ExitStack

import pytest
import uvloop

from wherry_local.classic.execution import _pipe, _write, run

PYTHON = sys.executable


def ran(*command, body=b"", environment=None, loop=asyncio, **kwargs):
    complaints = []
    ended = loop.run(
        run(command, body, environment or dict(os.environ), complaints.append, **kwargs)
    )
    return ended, complaints


def script(code):
    return (PYTHON, "-c", code)


def is_alive(process):
    """Whether it runs; a zombie does not."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_dead(process, within_s=10.0):
    deadline = time.monotonic() + within_s
    while is_alive(process):
        assert time.monotonic() < deadline, f"{process} lives on"
        time.sleep(0.01)


@pytest.mark.parametrize("loop", [asyncio, uvloop])
def test_body_is_the_input_and_the_output_is_given_back(loop):
    ended, complaints = ran("cat", body=b"\0\xff" * 300_000, loop=loop)
    assert (ended.code, ended.output) == (0, b"\0\xff" * 300_000)
    assert complaints == []


@pytest.mark.parametrize("loop", [asyncio, uvloop])
@pytest.mark.parametrize("size", [0, 4, 5_000_000])
def test_a_command_that_reads_nothing_is_no_fault(loop, size):
    for _ in range(5):
        ended, _ = ran("true", body=b"x" * size, loop=loop)
        assert ended.code == 0


def test_words_are_no_line_for_a_shell():
    ended, _ = ran("echo", "$HOME; `id` && a  b")
    assert ended.output == b"$HOME; `id` && a  b\n"


def test_lines_of_the_standard_error_are_complaints():
    code = "import sys; sys.stderr.write('one\\n\\xff\\ntwo'); print('out'); sys.exit(3)"
    ended, complaints = ran(*script(code))
    assert (ended.code, ended.output) == (3, b"out\n")
    assert complaints == ["one", "\xff", "two"]


def test_a_line_without_an_end_is_cut_rather_than_kept():
    ended, complaints = ran(*script("import sys; sys.stderr.write('x' * 1_000_000)"))
    assert ended.code == 0
    assert "".join(complaints) == "x" * 1_000_000
    assert max(map(len, complaints)) <= 200_000


@pytest.mark.parametrize("loop", [asyncio, uvloop])
def test_more_output_than_there_may_be_ends_the_command(loop):
    ended, _ = ran(*script("while True: print('x' * 1000)"), limit_bytes=100_000, loop=loop)
    assert ended.is_cut
    assert ended.output == b""


def test_what_cannot_be_started_says_so():
    with pytest.raises(OSError, match="no-such-command"):
        ran("no-such-command")


def test_only_what_is_given_is_in_the_environment():
    ended, _ = ran("/usr/bin/env", environment={"Http_Method": "GET"})
    assert ended.output == b"Http_Method=GET\n"


def test_what_it_has_started_ends_with_it(tmp_path):
    pids = tmp_path / "pids"
    code = f"""
import os, subprocess, sys
child = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
open({str(pids)!r}, "w").write(str(child.pid))
"""
    ended, _ = ran(*script(code))
    assert ended.code == 0
    wait_dead(int(pids.read_text()))


@pytest.mark.parametrize("loop", [asyncio, uvloop])
def test_a_command_that_is_over_before_it_is_written_to_is_no_fault(loop):
    async def scenario():
        with ExitStack() as ends:
            read, write = _pipe(ends)
            read.close()
            await _write(ends, write, b"too late")
            assert await run(["true"], b"", dict(os.environ), print)

    loop.run(asyncio.wait_for(scenario(), 20))


def cancelled(command, is_due, loop):
    """Run `command`, and cancel it when it is due."""

    async def scenario():
        work = asyncio.ensure_future(run(command, b"x" * 1_000_000, dict(os.environ), print))
        while not is_due():  # noqa: ASYNC110 - another process sees to it
            await asyncio.sleep(0.01)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(work, 20)

    loop.run(scenario())


@pytest.mark.parametrize("loop", [asyncio, uvloop])
def test_cancelled_it_is_ended_with_all_that_it_has_started(tmp_path, loop):
    pids = tmp_path / "pids"
    code = f"""
import os, subprocess, time
child = subprocess.Popen(["sleep", "600"])
open({str(pids)!r} + ".part", "w").write(f"{{os.getpid()}} {{child.pid}}")
os.rename({str(pids)!r} + ".part", {str(pids)!r})
time.sleep(600)
"""
    cancelled(script(code), pids.exists, loop)
    for process in pids.read_text().split():
        wait_dead(int(process))


@pytest.mark.parametrize("loop", [asyncio, uvloop])
def test_what_has_left_the_group_with_its_pipes_holds_up_no_end(tmp_path, loop):
    pids = tmp_path / "pids"
    code = f"""
import os, subprocess, time
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
open({str(pids)!r} + ".part", "w").write(f"{{os.getpid()}} {{child.pid}}")
os.rename({str(pids)!r} + ".part", {str(pids)!r})
time.sleep(600)
"""
    try:
        cancelled(script(code), pids.exists, loop)
        leader, left = map(int, pids.read_text().split())
        wait_dead(leader)
        assert is_alive(left)
    finally:
        os.kill(int(pids.read_text().split()[1]), signal.SIGKILL)
