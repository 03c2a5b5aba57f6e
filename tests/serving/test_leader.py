"""The leading thread: who runs a call, and what happens when one is stuck."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Iterator

import pytest

from wherry.metrics import Ledger
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
            self.driver.submit(self.note)
        eventually(lambda: len(self.threads) == before + count)

    def note(self, _shard: object) -> float:
        self.threads.append(threading.current_thread().name)
        return 0.0

    def hold(self) -> None:
        def job(_shard: object) -> float:
            self.held += 1
            self.gate.wait(20)
            self.held -= 1
            return 20.0

        self.driver.submit(job)


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
    def fails(_shard: object) -> float:
        raise SystemExit(3)

    calls = Calls(driver)
    for _ in range(10):
        driver.submit(fails)
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
    chance, done, busy, lock = random.Random(5), [0], [0, 0], threading.Lock()

    def job(seconds: float):
        def run(_shard: object) -> float:
            with lock:
                busy[0] += 1
                busy[1] = max(busy)
            threading.Event().wait(seconds) if seconds else None
            with lock:
                busy[0] -= 1
                done[0] += 1
            return seconds

        return run

    submitted = 0
    for _ in range(120):
        seconds = chance.choice([0, 0, 0, 0.001, 0.004, 0.02])
        for _ in range(chance.randint(1, 12 if seconds else 300)):
            driver.submit(job(seconds if chance.random() < 0.7 else 0))
            submitted += 1
        assert turns(driver)
        expected = submitted
        eventually(lambda expected=expected: done[0] == expected)
    assert busy[1] <= 4
