"""Counting: shards, their sum, the shared block, the text."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from wherry.context import Identity
from wherry.metrics import (
    Ledger,
    Number,
    Numbers,
    Snapshot,
    function_key,
    number_key,
)
from wherry.metrics.exposition import Exposition
from wherry.metrics.ledger import MAX_ROWS, row_key, row_labels
from wherry.metrics.shared import MAX_ROWS as SLOT_ROWS
from wherry.metrics.shared import SharedTotals
from wherry.metrics.snapshot import in_function


def count(rows: dict[int, list[float]]) -> float:
    return sum(sum(row[:-1]) for row in rows.values())


def row_of(snapshot: Snapshot, status: int, method: str, function: str = "") -> list[float]:
    return snapshot.rows[in_function(function_key(function), row_key(status, method))]


def gauges(inflight: int, queued: int, function: str = "") -> Numbers:
    key = function_key(function)
    return {
        number_key(key, Number.IN_FLIGHT): inflight,
        number_key(key, Number.QUEUED): queued,
    }


def test_shards_add_up():
    ledger = Ledger()
    for number in range(3):
        shard = ledger.shard()
        shard.observe(200, "GET", 0.001)
        shard.observe(500, "POST", float(number))
    snapshot = ledger.snapshot()
    assert count(snapshot.rows) == 6
    assert row_of(snapshot, 500, "POST")[-1] == 3.0
    assert row_labels(row_key(500, "POST")) == ("500", "post")


def test_functions_stay_apart():
    ledger = Ledger("orders")
    shard = ledger.shard()
    for _ in range(2):
        shard.of(function_key("audit")).observe(204, "POST", 0.1)
    shard.of(function_key("orders")).observe(200, "GET", 0.1)
    snapshot = ledger.snapshot()
    assert sum(row_of(snapshot, 204, "POST", "audit")[:-1]) == 2
    assert sum(row_of(snapshot, 200, "GET", "orders")[:-1]) == 1
    assert len(snapshot.rows) == 2


@pytest.mark.parametrize(("seconds", "bucket"), [(0.0, 0), (0.005, 0), (0.0051, 1), (99.0, 11)])
def test_a_bound_belongs_to_its_bucket(seconds: float, bucket: int):
    ledger = Ledger()
    ledger.shard().observe(200, "GET", seconds)
    assert row_of(ledger.snapshot(), 200, "GET")[bucket] == 1


def test_invented_methods_and_statuses_share_their_rows():
    ledger = Ledger()
    shard = ledger.shard()
    for number in range(10_000):
        shard.observe(200 + number % 399, f"M{number}", 0.1)
    rows = ledger.snapshot().rows
    assert len(rows) <= MAX_ROWS + 1
    assert count(rows) == 10_000


def test_a_replacement_counts_on_from_where_the_dead_one_was():
    shared = SharedTotals(2)
    first, other = Ledger(), Ledger()
    first.shard().observe(200, "GET", 0.1)
    first.count(function_key(""), Number.LOOP_BLOCKED)
    other.shard().observe(404, "GET", 0.1)
    shared.publish(0, first.snapshot(gauges(3, 1)))
    shared.publish(1, other.snapshot(gauges(1, 0)))
    blocked = number_key(function_key(""), Number.LOOP_BLOCKED)
    assert shared.totals().numbers == {**gauges(4, 1), blocked: 1}
    shared.clear_gauges(0)
    assert shared.totals().numbers == {**gauges(1, 0), blocked: 1}
    replacement, baseline = Ledger(), shared.read(0)
    replacement.shard().observe(200, "GET", 0.1)
    replacement.shard().observe(201, "PUT", 0.1)
    replacement.count(function_key(""), Number.LOOP_BLOCKED)
    for _ in range(2):  # publishing is not adding
        shared.publish(0, replacement.snapshot(gauges(0, 0), baseline=baseline))
    total = shared.totals()
    assert total.numbers == {**gauges(1, 0), blocked: 2}
    assert count(total.rows) == 4
    assert sum(row_of(total, 200, "GET")[:-1]) == 2


def test_a_slot_that_other_functions_left_keeps_both():
    shared = SharedTotals(1)
    before, after = Ledger("old"), Ledger("new")
    before.shard().observe(200, "GET", 0.1)
    shared.publish(0, before.snapshot())
    after.shard().observe(201, "GET", 0.1)
    shared.publish(0, after.snapshot(baseline=shared.read(0)))
    assert sum(row_of(shared.totals(), 200, "GET", "old")[:-1]) == 1
    assert sum(row_of(shared.totals(), 201, "GET", "new")[:-1]) == 1


def test_a_slot_does_not_overflow_into_the_next():
    shared, ledger = SharedTotals(2), Ledger()
    shard = ledger.shard()
    for function in range(40):
        for status in range(200, 600):
            shard.of(function).observe(status, "GET", 0.1)
        ledger.count(function, Number.LOOP_BLOCKED)
    for _ in range(2):
        shared.publish(0, ledger.snapshot())
    other = shared.read(1)
    assert not (other.rows or other.numbers or other.exemplars)
    assert len(shared.read(0).rows) == SLOT_ROWS


def test_the_text_is_read_back():
    ledger = Ledger("f")
    shard = ledger.shard()
    shard.observe(200, "GET", 0.02)
    shard.of(function_key("gone")).observe(200, "GET", 0.02)
    exposition = Exposition(lambda: ledger.snapshot(gauges(5, 2, "f")), Identity(function="f"))
    content_type, text = exposition.render("")
    assert content_type.startswith("text/plain")
    families = {each.name: each for each in text_string_to_metric_families(text.decode())}
    assert families["http_requests"].type == "counter"
    [in_flight] = families["http_requests_in_flight"].samples
    assert (in_flight.value, in_flight.labels) == (5, {"function": "f"})
    buckets = [
        sample.value
        for sample in families["http_request_duration_seconds"].samples
        if sample.name.endswith("_bucket")
    ]
    assert buckets == sorted(buckets) and buckets[-1] == 1
