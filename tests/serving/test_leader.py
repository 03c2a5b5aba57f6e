"""The leading thread: who runs a call, and what happens when one is stuck."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from wherry.metrics import Ledger, Shard
from wherry.serving import leader
from wherry.serving.leader import EARNED, LeaderDriver
from wherry.serving.poller import SelectorPoller, make_poller

from .conftest import eventually


@pytest.fixture(params=[make_poller, SelectorPoller])
def driver(request: pytest.FixtureRequest) -> Iterator[LeaderDriver]:
    loop = asyncio.new_event_loop()
    made = LeaderDriver(request.param(), 4, Ledger(), loop=loop)
    made.start()
    yield made
    made.stop()
    eventually(lambda: made._bell.fileno() == -1)
    loop.close()


class Of:
    """A job whose call is a function, and whose answer another."""

    def __init__(
        self, call: Callable[[], float], answer: Callable[[], object] = lambda: None
    ) -> None:
        self.call = call
        self.tell = answer

    def run(self, _shard: Shard) -> float:
        return self.call()

    def answer(self, _shard: Shard) -> None:
        self.tell()


class Calls:
    """Jobs that note their thread, and may be held."""

    def __init__(self, driver: LeaderDriver) -> None:
        self.driver = driver
        self.threads: list[str] = []
        self.gate = threading.Event()
        self.held = 0

    def quick(self, count: int) -> None:
        before = len(self.threads)
        for _ in range(count):
            self.driver.submit(Of(self.note))
        eventually(lambda: len(self.threads) == before + count)

    def note(self) -> float:
        self.threads.append(threading.current_thread().name)
        return 0.0

    def hold(self) -> None:
        def job() -> float:
            self.held += 1
            self.gate.wait(20)
            self.held -= 1
            return 20.0

        self.driver.submit(Of(job))


def turns(driver: LeaderDriver) -> bool:
    """Whether the edge still gets its turns."""
    had = threading.Event()
    driver.post(had.set)
    return had.wait(5)


def test_every_job_runs_once(driver: LeaderDriver):
    calls = Calls(driver)
    calls.quick(500)
    assert len(calls.threads) == 500


def test_a_handler_that_stays_fast_earns_the_lead(driver: LeaderDriver):
    calls = Calls(driver)
    for _ in range(EARNED * 3):
        calls.quick(1)
    leader: list[str] = []
    driver.post(lambda: leader.append(threading.current_thread().name))
    eventually(lambda: leader)
    calls.quick(5)
    assert set(calls.threads[-5:]) == {leader[0]}


def test_turns_go_on_while_the_leader_is_stuck(driver: LeaderDriver):
    calls = Calls(driver)
    for _ in range(EARNED * 3):
        calls.quick(1)
    calls.hold()
    eventually(lambda: calls.held == 1)
    assert turns(driver)
    calls.quick(3)
    calls.gate.set()
    eventually(lambda: calls.held == 0)
    assert turns(driver)


def together(driver: LeaderDriver, jobs: list[Of]) -> None:
    """Have `jobs` gathered in one turn, as those of several connections are."""
    driver.post(lambda: [driver.submit(job) for job in jobs])


def test_calls_that_gathered_are_answered_together(driver: LeaderDriver):
    Calls(driver).quick(EARNED * 3)
    seen: list[str] = []

    def job(name: str) -> Of:
        return Of(lambda: seen.append(f"call {name}") or 0.0, lambda: seen.append(f"answer {name}"))

    for _ in range(20):  # a busy machine may cut any of them in two
        seen.clear()
        together(driver, [job(name) for name in "abc"])
        eventually(lambda: len(seen) == 6)
        if seen == [*(f"call {name}" for name in "abc"), *(f"answer {name}" for name in "abc")]:
            break
    else:
        raise AssertionError(seen)


def test_answers_wait_for_no_call_that_is_stuck(driver: LeaderDriver):
    calls = Calls(driver)
    calls.quick(EARNED * 3)
    answered: list[int] = []

    def held() -> float:
        calls.held += 1
        calls.gate.wait(20)
        return 20.0

    first = [Of(lambda: 0.0, lambda: answered.append(1)) for _ in range(5)]
    together(driver, [*first, Of(held, lambda: answered.append(2))])
    eventually(lambda: calls.held == 1)
    eventually(lambda: answered == [1] * 5)
    calls.gate.set()
    eventually(lambda: answered == [1] * 5 + [2])


def test_answers_do_not_wait_for_long(driver: LeaderDriver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leader, "TOGETHER_S", 0.0)
    Calls(driver).quick(EARNED * 3)
    seen: list[str] = []
    one = Of(lambda: seen.append("call") or 0.0, lambda: seen.append("answer"))
    together(driver, [one, one, one])
    eventually(lambda: len(seen) == 6)
    assert seen == ["call", "answer"] * 3


@pytest.mark.parametrize("earned", [False, True])
def test_no_more_than_its_size_run_at_once_and_turns_go_on(driver: LeaderDriver, earned: bool):
    calls = Calls(driver)
    if earned:
        calls.quick(EARNED * 3)
    for _ in range(6):
        calls.hold()
    eventually(lambda: calls.held == 4)
    assert turns(driver)
    assert (calls.held, driver.waiting) == (4, 2)
    spent = time.process_time()
    until = time.monotonic() + 0.3
    eventually(lambda: time.monotonic() > until)
    assert time.process_time() - spent < 0.25, "nothing can be done, and something spins"
    calls.gate.set()
    eventually(lambda: calls.held == 0 and driver.waiting == 0)


def test_a_job_that_raises_anything_costs_nobody_else(driver: LeaderDriver):
    def fails() -> float:
        raise SystemExit(3)

    calls = Calls(driver)
    for _ in range(10):
        driver.submit(Of(fails))
        driver.submit(Of(lambda: 0.0, fails))
    calls.quick(10)
    assert turns(driver)


def test_idle_threads_are_woken_for_jobs_that_wait(driver: LeaderDriver):
    """After long idleness the monitor sleeps; a job must wake all that it needs."""
    calls = Calls(driver)
    calls.quick(1)
    until = time.monotonic() + 0.8
    eventually(lambda: time.monotonic() > until)
    for _ in range(4):
        calls.hold()
    eventually(lambda: calls.held == 4)
    calls.gate.set()
    eventually(lambda: calls.held == 0)


def test_nothing_is_lost_whatever_the_handler_does_next(driver: LeaderDriver):
    chance, done, busy, lock = random.Random(5), [0, 0], [0, 0], threading.Lock()

    def job(seconds: float):
        def run() -> float:
            with lock:
                busy[0] += 1
                busy[1] = max(busy)
            threading.Event().wait(seconds) if seconds else None
            with lock:
                busy[0] -= 1
                done[0] += 1
            return seconds

        def answer() -> None:
            with lock:
                done[1] += 1

        return Of(run, answer)

    submitted = 0
    for _ in range(120):
        seconds = chance.choice([0, 0, 0, 0.001, 0.004, 0.02])
        for _ in range(chance.randint(1, 12 if seconds else 300)):
            driver.submit(job(seconds if chance.random() < 0.7 else 0))
            submitted += 1
        assert turns(driver)
        expected = submitted
        eventually(lambda expected=expected: done == [expected, expected])
    assert busy[1] <= 4
