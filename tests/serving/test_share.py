"""A function's share of a pool: never more at once than it may, and nothing is left lying."""

from __future__ import annotations

import threading
from collections.abc import Iterator

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


@pytest.mark.parametrize("raises", [False, True])
def test_many_calls_of_two_functions(ledger: Ledger, driver: LeaderDriver, raises: bool):
    most = {"narrow": 2, "wide": 5}
    shares = {name: Share(driver, size, function_key(name)) for name, size in most.items()}
    lock, at_once, seen, done = threading.Lock(), dict.fromkeys(most, 0), dict.fromkeys(most, 0), []
    pause = threading.Event()

    def job_of(name: str):
        def job(shard: Shard) -> float:
            with lock:
                at_once[name] += 1
                seen[name] = max(seen[name], at_once[name])
            pause.wait(0.0005)
            shard.observe(200, "GET", 0.0005)
            with lock:
                at_once[name] -= 1
                done.append(name)
            if raises:
                raise RuntimeError("what the pool must survive")
            return 0.0005

        return job

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
    rows = ledger.snapshot().rows.values()
    assert sorted(sum(row[:-1]) for row in rows) == [400, 400]


def test_what_may_not_run_yet_waits_here(driver: LeaderDriver):
    share = Share(driver, 1, function_key("f"))
    gate, ran = threading.Event(), []

    def job(_shard: Shard) -> float:
        gate.wait(20)
        ran.append(1)
        return 0.0

    for _ in range(3):
        share.submit(job)
    eventually(lambda: len(share.running()) == 1)
    assert share.waiting == 2
    gate.set()
    eventually(lambda: len(ran) == 3)
    eventually(lambda: share.waiting == 0)
