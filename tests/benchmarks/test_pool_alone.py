"""The pool that is measured without a server sleeps as often as it says."""

import threading

import pytest
from benchmarks.serving import peers, pool_alone
from benchmarks.serving.servers import prepared


def test_it_counts_every_sleep_of_every_thread(monkeypatch):
    slept = []
    clock = threading.local()

    def sleep(seconds):
        slept.append(seconds)
        clock.now += 0.0125

    def now():
        clock.now = getattr(clock, "now", 0.0)
        return clock.now

    monkeypatch.setattr(pool_alone.time, "sleep", sleep)
    taken = []
    monkeypatch.setattr(pool_alone.time, "perf_counter", now)
    pool_alone._sleep(0.09, taken)
    assert slept == [0.01] * 8
    assert taken == pytest.approx([0.0125] * 8)


def test_a_process_of_its_own_tells_what_it_measured():
    it = next(each for each in peers.PEERS if each.name == peers.POOL_ALONE)
    with prepared(it, "block") as launch:
        found = pool_alone.run(launch, seconds=0.2)
    assert 0 < found.per_s <= pool_alone.THREADS / pool_alone.SLEEP_S
    assert 10 <= found.p50_ms <= found.p99_ms
    assert found.faults == 0


def test_it_is_there_for_scale_beside_the_blocking_function_alone():
    it = next(each for each in peers.PEERS if each.name == peers.POOL_ALONE)
    assert it.is_limit and not it.serves
    assert list(it.commands) == ["block"]
