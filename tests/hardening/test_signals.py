"""Signals under load, in full: who honours readiness loses nothing, whatever is sent."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from tests.serving.callers import callers
from tests.serving.conftest import Wire, eventually, get
from tests.serving.test_metrics import scrape, total

from wherry.testing import Running, running

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions_data" / "serving"
ALONE: dict[str, str] = {}
SUPERVISED = {"WHERRY_SUPERVISE": "true"}
GUNICORN = {"WHERRY_WORKERS": "2"}
WAYS = {"alone": ALONE, "supervised": SUPERVISED, "gunicorn": GUNICORN}
REPLACING = {"supervised": SUPERVISED, "gunicorn": GUNICORN}
CALLERS = 8

pytestmark = [pytest.mark.hardening, pytest.mark.timeout(1800)]


def says_ready(function: Running) -> bool:
    connection = Wire(function.port)
    try:
        return connection.send(get("/_/ready")).answer()[0] == 200
    finally:
        connection.close()


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def starts(function: Running) -> int:
    """How many workers have become ready so far."""
    return function.log.count("is ready on")


def one_end(name: str, settings: dict[str, str]) -> int:
    """SIGTERM under load; callers stop when readiness says so. Gives the calls answered."""
    with (
        running(FUNCTIONS / name, WHERRY_LAME_DUCK="1s", **settings) as function,
        callers(function.port, CALLERS) as load,
    ):
        load.more(300)
        function.process.terminate()
        eventually(lambda: not says_ready(function))
        load.stop()
        assert load.failures == [], function.log[-2000:]
        assert function.process.wait(30) == 0
        return load.answered


def test_sigterm_fifty_times():
    answered = 0
    for number in range(50):
        way = list(WAYS)[number % len(WAYS)]
        name = ("sync.py", "asynchronous.py")[number % 2]
        answered += one_end(name, WAYS[way])
    print(f"50 ends, {answered} calls answered, 0 failed")
    assert answered >= 10_000


@pytest.mark.parametrize("way", WAYS)
def test_a_call_of_twenty_seconds_finishes(way: str):
    with running(FUNCTIONS / "sync.py", WHERRY_LAME_DUCK="1s", **WAYS[way]) as function:
        slow = Wire(function.port, 60)
        slow.send(get("/sleep?s=20"))
        eventually(lambda: total(scrape(function), "http_requests_in_flight") == 1)
        began = time.monotonic()
        function.process.terminate()
        status, headers, body = slow.answer()
        assert (status, body, headers[b"connection"]) == (200, b"slept", b"close")
        assert function.process.wait(30) == 0
        assert time.monotonic() - began < 23
        slow.close()


@pytest.mark.parametrize("way", WAYS)
def test_a_second_signal_hurries_and_ends_with_0(way: str):
    with running(FUNCTIONS / "sync.py", WHERRY_LAME_DUCK="30s", **WAYS[way]) as function:
        slow = Wire(function.port, 60)
        slow.send(get("/sleep?s=60"))
        eventually(lambda: says_ready(function))
        function.process.terminate()
        eventually(lambda: not says_ready(function))
        began = time.monotonic()
        function.process.terminate()
        assert function.process.wait(30) == 0
        assert time.monotonic() - began < 10
        slow.close()


@pytest.mark.parametrize("way", REPLACING)
def test_sigkill_of_a_worker_twenty_times(way: str):
    """At most the calls in flight are lost, and a new worker is there soon."""
    slowest_s, lost = 0.0, []
    with (
        running(FUNCTIONS / "sync.py", **REPLACING[way]) as function,
        callers(function.port, CALLERS) as load,
    ):
        load.more(300)
        workers = int(REPLACING[way].get("WHERRY_WORKERS", "1"))
        for number in range(20):
            ready = workers + number
            eventually(lambda: starts(function) == ready, timeout_s=30)  # noqa: B023
            before, began = len(load.failures), time.monotonic()
            victim = children(function.process.pid)[0]
            os.kill(victim, signal.SIGKILL)
            eventually(lambda: victim not in children(function.process.pid))  # noqa: B023
            eventually(lambda: starts(function) > ready, timeout_s=30)  # noqa: B023
            slowest_s = max(slowest_s, time.monotonic() - began)
            load.more(100)
            lost.append(len(load.failures) - before)
        load.stop()
        assert max(lost) <= CALLERS
        assert not any("refused" in failure for failure in load.failures)
    print(f"{way}: lost {lost}, of {load.answered} calls; slowest new worker {slowest_s:.2f} s")


@pytest.mark.parametrize("way", REPLACING)
def test_reloads_lose_nothing(way: str):
    with (
        running(FUNCTIONS / "sync.py", **REPLACING[way]) as function,
        callers(function.port, CALLERS) as load,
    ):
        load.more(300)
        for _ in range(10):
            done = function.log.count("stopped")
            function.process.send_signal(signal.SIGHUP)
            eventually(lambda: function.log.count("stopped") > done, timeout_s=60)  # noqa: B023
            load.more(100)
        load.stop()
        assert load.failures == []
        assert function.terminate() == 0
    print(f"{way}: 10 reloads, {load.answered} calls, 0 failed")


@pytest.mark.parametrize("way", REPLACING)
def test_recycled_workers_lose_nothing(way: str):
    with (
        running(FUNCTIONS / "sync.py", WHERRY_MAX_REQUESTS="500", **REPLACING[way]) as function,
        callers(function.port, CALLERS) as load,
    ):
        eventually(lambda: function.log.count("is replaced") >= 10, timeout_s=300)
        load.stop()
        assert load.failures == []
    print(f"{way}: 10 workers replaced, {load.answered} calls, 0 failed")


def test_a_worker_that_holds_the_interpreter_for_good_is_ended():
    """Neither a signal nor a deadline gets through: only the supervisor sees that it is silent."""
    with running(
        FUNCTIONS / "hostile.py", WHERRY_TIMEOUT="5s", WHERRY_SUPERVISE="true"
    ) as function:
        caught = Wire(function.port, 120)
        caught.send(get("/lock-interpreter?n=60"))
        with pytest.raises((EOFError, OSError)):
            caught.answer()
        caught.close()
        assert "does not move and is ended" in function.log
        assert "do_lock_interpreter" in function.log  # where it stood
        eventually(lambda: says_ready(function), timeout_s=20)
