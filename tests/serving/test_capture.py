"""What handlers print: lines of the log that name their call, whole, harmless, each by itself."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from wherry.testing import Running, running

from .conftest import FUNCTIONS, eventually

TALKING = FUNCTIONS / "talking.py"
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def lines(function: Running, logger: str = "stdout") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in function.log.splitlines() if line.startswith("{")]
    return [line for line in found if line["logger"] == logger]


@pytest.fixture(scope="module")
def talking():
    with running(TALKING, WHERRY_LOG_FORMAT="json", K_REVISION="talking-7") as function:
        yield function


def say(function: Running, what: str, call: str, **headers: str) -> None:
    answer = function.invoke(path=f"/{what}", headers={"X-Call-Id": call, **headers})
    assert answer.status == 200


def said(function: Running, call: str, logger: str = "stdout") -> list[str]:
    return [each["message"] for each in lines(function, logger) if each.get("call_id") == call]


def test_a_line_names_its_call(talking):
    say(talking, "hello", "c-1", traceparent=TRACE)
    [line] = [each for each in lines(talking) if each["call_id"] == "c-1"]
    assert line.pop("ts").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "stdout",
        "message": "hello",
        "call_id": "c-1",
        "function": "talking",
        "revision": "talking-7",
        "trace_id": "a" * 32,
        "span_id": "b" * 16,
    }
    say(talking, "error", "c-2")
    assert said(talking, "c-2", "stderr") == ["to the error"]


def test_calls_at_the_same_time_do_not_mix(talking):
    calls = [
        threading.Thread(target=say, args=(talking, f"mixed?word=w{n}", f"m-{n}")) for n in (1, 2)
    ]
    for each in calls:
        each.start()
    for each in calls:
        each.join(30)
    for n in (1, 2):
        assert said(talking, f"m-{n}") == [f"{part} w{n}" for part in ("one", "two", "three")]


def test_a_line_without_an_end_is_written_when_its_call_has_ended(talking):
    say(talking, "partial", "p-1")
    eventually(lambda: said(talking, "p-1"))
    assert said(talking, "p-1") == ["without an end"]


def test_bytes_and_children_pass_as_they_are(talking):
    say(talking, "raw", "r-1")
    assert {"bytes", "child"} <= set(talking.log.splitlines())


def test_nothing_that_is_printed_forges_a_line(talking):
    say(talking, "forged", "f-1")
    assert said(talking, "f-1") == ['x"}', '{"forged": 1}\\x1b[2J\\u2028\\x85\\udcff']
    assert said(talking, "f-1", "app") == ['a\n{"forged": 2}\\x1b[2J\\u2028\\udcff']
    assert not any(char in talking.log for char in "\x1b\u2028\x85")
    assert not [line for line in talking.log.splitlines() if line.startswith('{"forged')]


def test_a_long_line_loses_nothing(talking):
    say(talking, "long", "l-1")
    assert [len(each) for each in said(talking, "l-1")] == [2048, 2048, 904]


def test_on_a_terminal_a_line_is_text():
    with running(TALKING) as function:
        say(function, "hello", "t-1")
        say(function, "forged", "t-2")
        [line] = [each for each in function.log.splitlines() if "hello" in each and "[t-1]" in each]
        assert "stdout  hello [t-1]" in line
        assert "\n{" not in function.log


def test_it_can_be_switched_off():
    with running(TALKING, WHERRY_CAPTURE_OUTPUT="off", PYTHONUNBUFFERED="1") as function:
        say(function, "hello", "o-1")
        assert "hello" in function.log.splitlines()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_async_handlers_and_workers(workers, tmp_path):
    handler = tmp_path / "handler.py"
    handler.write_text(
        "import asyncio\n"
        "async def handle(request):\n"
        "    print('one', end=' ')\n"
        "    await asyncio.sleep(0.05)\n"
        "    await asyncio.to_thread(print, 'two')\n"
    )
    with running(handler, WHERRY_LOG_FORMAT="json", WHERRY_WORKERS=workers) as function:
        callers = [
            threading.Thread(
                target=function.invoke, kwargs={"headers": {"X-Call-Id": f"a-{number}"}}
            )
            for number in range(6)
        ]
        for each in callers:
            each.start()
        for each in callers:
            each.join(30)
        for number in range(6):
            assert said(function, f"a-{number}") == ["one two"]
