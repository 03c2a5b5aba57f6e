"""An event loop that does not turn is noticed and named, and costs the others nothing."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from wherry.testing import Running, running

from .conftest import FUNCTIONS, eventually, get
from .test_metrics import scrape, total

SHOP = FUNCTIONS / "shop.py"
BLOCKED = "the event loop has been blocked"
COUNTER = "wherry_event_loop_blocked_total"


def lines(function: Running) -> list[str]:
    return [line for line in function.log.splitlines() if BLOCKED in line]


@pytest.fixture
def blocking(tmp_path: Path) -> Path:
    """Async functions alone, so that the loop gives all turns."""
    file = tmp_path / "blocking.py"
    file.write_text(
        "import asyncio, time\n"
        "async def handle(request):\n"
        "    if request.path == '/task':\n"
        "        await asyncio.create_task(child())\n"
        "    elif request.path == '/rest':\n"
        "        await asyncio.sleep(0.3)\n"
        "    elif request.path != '/':\n"
        "        time.sleep(float(request.path[1:]))\n"
        "    return 'done'\n"
        "async def child():\n"
        "    time.sleep(0.8)\n"
    )
    return file


def test_the_call_and_the_line_are_named_and_sync_functions_go_on(wire):
    with running(SHOP, WHERRY_BLOCKED_LOOP="300ms") as function:
        blocked = wire(function.port).send(get("/block?s=3", "X-Call-Id: the-slow-one"))
        late = wire(function.port).send(get("/audit"))  # async, too: it cannot begin
        eventually(lambda: lines(function))
        assert wire(function.port).send(get("/orders")).answer()[0] == 200
        for probe in ("/livez", "/readyz"):
            status, _, body = wire(function.port).send(get(probe)).answer()
            assert (status, body) == (503, b"the event loop is blocked\n")
        assert late.answer()[0] == 504  # its deadline is kept, the loop or no loop
        assert b"block" not in blocked.buffer
        assert blocked.answer()[2] == b"done"
        eventually(lambda: wire(function.port).send(get("/livez")).answer()[0] == 200)
        [line] = lines(function)
        assert "shop.block: " in line and "[the-slow-one]" in line
        number = 1 + SHOP.read_text().splitlines().index(
            "        time.sleep(pause_s)  # the line that blocks"
        )
        assert f"{SHOP}, line {number}, in inner: time.sleep(pause_s)" in line
        assert total(scrape(function), COUNTER) == total(
            scrape(function), COUNTER, function="block"
        )
        assert total(scrape(function), COUNTER) == 1


def test_alone_an_async_function_answers_nothing_meanwhile(wire, blocking: Path):
    with running(blocking, WHERRY_BLOCKED_LOOP="200ms") as function:
        assert wire(function.port).send(get("/")).answer()[0] == 200
        wire(function.port).send(get("/1.5"))
        eventually(lambda: lines(function))
        impatient = wire(function.port, timeout_s=0.2).send(get("/livez"))
        with pytest.raises(TimeoutError):
            impatient.answer()
        assert wire(function.port).send(get("/livez")).answer()[0] == 200
        [line] = lines(function)
        assert f"by blocking.handle: {blocking}, line 8, in handle: time.sleep(" in line


def test_a_task_of_the_handler_is_found_by_its_line(wire, blocking: Path):
    with running(blocking, WHERRY_BLOCKED_LOOP="200ms") as function:
        assert wire(function.port).send(get("/task")).answer()[0] == 200
        [line] = lines(function)
        assert f"by a task: {blocking}, line 11, in child: time.sleep(0.8)" in re.sub(
            r"a task of \w+", "a task", line
        )


def test_each_time_is_counted_and_few_are_told(wire, blocking: Path):
    with running(blocking, WHERRY_BLOCKED_LOOP="200ms", WHERRY_WORKERS="2") as function:
        for _ in range(3):
            assert wire(function.port).send(get("/0.8")).answer()[0] == 200
            # Blocks without a turn of the loop between them are one.
            assert wire(function.port).send(get("/rest")).answer()[0] == 200
        eventually(lambda: total(scrape(function), COUNTER, function="blocking") >= 3)
        assert total(scrape(function), COUNTER) == 3
        assert 1 <= len(lines(function)) <= 2  # one for each worker that met it


def test_no_watch_where_nobody_wants_one_or_could_block(wire, blocking: Path):
    with running(blocking, WHERRY_BLOCKED_LOOP="0") as function:
        assert wire(function.port).send(get("/0.5")).answer()[0] == 200
        assert not lines(function)
    with running(FUNCTIONS / "sync.py", WHERRY_BLOCKED_LOOP="100ms") as function:
        assert wire(function.port).send(get("/sleep?s=0.5")).answer()[0] == 200
        assert not lines(function)


def test_a_process_that_was_stopped_is_not_blamed(wire, blocking: Path):
    with running(blocking, WHERRY_BLOCKED_LOOP="300ms") as function:
        assert wire(function.port).send(get("/")).answer()[0] == 200
        os.kill(function.process.pid, signal.SIGSTOP)
        try:
            time.sleep(1.2)  # what is tested is that this time passes
        finally:
            os.kill(function.process.pid, signal.SIGCONT)
        assert wire(function.port).send(get("/0.9")).answer()[0] == 200  # it watches on
        assert len(lines(function)) == 1
