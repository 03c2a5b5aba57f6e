"""A function's share of a pool: never more at once than it may, and nothing is left lying."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from wherry.metrics import Ledger, Shard, function_key
from wherry.serving.leader import LeaderDriver
from wherry.serving.poller import make_poller
from wherry.serving.share import Share

from .conftest import eventually


@pytest.fixture
def ledger() -> Ledger:
    return Ledger("process")


@pytest.fixture
def driver(ledger: Ledger) -> Iterator[LeaderDriver]:
    made = LeaderDriver(make_poller(), 7, ledger)
    made.start()
    yield made
    made.stop()


class Counted:
    """A job that counts its call and its answer."""

    def __init__(self, call: Callable[[], float]) -> None:
        self.call = call

    def run(self, shard: Shard) -> float:
        shard.observe(200, "GET", 0.0005)
        return self.call()

    def answer(self, shard: Shard) -> None:
        shard.observe(200, "GET", 0.0005)


def counts(ledger: Ledger) -> list[float]:
    return sorted(sum(row[:-1]) for row in ledger.snapshot().rows.values())


@pytest.mark.parametrize("raises", [False, True])
def test_many_calls_of_two_functions(ledger: Ledger, driver: LeaderDriver, raises: bool):
    most = {"narrow": 2, "wide": 5}
    shares = {name: Share(driver, size, function_key(name)) for name, size in most.items()}
    lock, at_once, seen, done = threading.Lock(), dict.fromkeys(most, 0), dict.fromkeys(most, 0), []
    pause = threading.Event()

    def job_of(name: str):
        def job() -> float:
            with lock:
                at_once[name] += 1
                seen[name] = max(seen[name], at_once[name])
            pause.wait(0.0005)
            with lock:
                at_once[name] -= 1
                done.append(name)
            if raises:
                raise RuntimeError("what the pool must survive")
            return 0.0005

        return Counted(job)

    def submit(name: str) -> None:
        for _ in range(200):
            shares[name].submit(job_of(name))

    submitters = [threading.Thread(target=submit, args=(name,)) for name in most for _ in range(2)]
    for each in submitters:
        each.start()
    for each in submitters:
        each.join(30)
    eventually(lambda: len(done) == 800, timeout_s=30)
    eventually(lambda: not any(share.waiting for share in shares.values()))
    assert all(1 <= seen[name] <= size for name, size in most.items()), seen
    expected = 400 if raises else 800  # who raises is not answered
    eventually(
        lambda: (
            sorted(sum(row[:-1]) for row in ledger.snapshot().rows.values()) == [expected, expected]
        )
    )


def test_what_may_not_run_yet_waits_here(driver: LeaderDriver):
    share = Share(driver, 1, function_key("f"))
    gate, ran = threading.Event(), []

    def job() -> float:
        gate.wait(20)
        ran.append(1)
        return 0.0

    for _ in range(3):
        share.submit(Counted(job))
    eventually(lambda: len(share.running()) == 1)
    assert share.waiting == 2
    gate.set()
    eventually(lambda: len(ran) == 3)
    eventually(lambda: share.waiting == 0)
