"""Counting: shards, their sum, the shared block, the text."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from wherry.context import Identity
from wherry.metrics import Ledger, SharedTotals
from wherry.metrics.exposition import Exposition
from wherry.metrics.ledger import MAX_ROWS, row_key, row_labels


def count(rows: dict[int, list[float]]) -> float:
    return sum(sum(row[:-1]) for row in rows.values())


def test_shards_add_up():
    ledger = Ledger()
    for number in range(3):
        shard = ledger.shard()
        shard.observe(200, "GET", 0.001)
        shard.observe(500, "POST", float(number))
    rows = ledger.totals()
    assert count(rows) == 6
    assert rows[row_key(500, "POST")][-1] == 3.0
    assert row_labels(row_key(500, "POST")) == ("500", "post")


@pytest.mark.parametrize(("seconds", "bucket"), [(0.0, 0), (0.005, 0), (0.0051, 1), (99.0, 11)])
def test_a_bound_belongs_to_its_bucket(seconds: float, bucket: int):
    ledger = Ledger()
    ledger.shard().observe(200, "GET", seconds)
    assert ledger.totals()[row_key(200, "GET")][bucket] == 1


def test_invented_methods_and_statuses_share_their_rows():
    ledger = Ledger()
    shard = ledger.shard()
    for number in range(10_000):
        shard.observe(200 + number % 399, f"M{number}", 0.1)
    assert len(ledger.totals()) <= MAX_ROWS + 1
    assert count(ledger.totals()) == 10_000


def test_a_replacement_counts_on_from_where_the_dead_one_was():
    shared = SharedTotals(2)
    first, other = Ledger(), Ledger()
    first.shard().observe(200, "GET", 0.1)
    other.shard().observe(404, "GET", 0.1)
    shared.publish(0, first.totals(), inflight=3, queued=1)
    shared.publish(1, other.totals(), inflight=1, queued=0)
    assert shared.totals()[1:] == (4, 1)
    shared.clear_gauges(0)
    replacement, baseline = Ledger(), shared.read(0)
    replacement.shard().observe(200, "GET", 0.1)
    replacement.shard().observe(201, "PUT", 0.1)
    shared.publish(0, replacement.totals(baseline), inflight=0, queued=0)
    rows, inflight, _ = shared.totals()
    assert (count(rows), inflight) == (4, 1)
    assert sum(rows[row_key(200, "GET")][:-1]) == 2


def test_the_text_is_read_back():
    ledger = Ledger()
    ledger.shard().observe(200, "GET", 0.02)
    exposition = Exposition(lambda: (ledger.totals(), 5, 2), Identity(function="f"))
    content_type, text = exposition.render("")
    assert content_type.startswith("text/plain")
    families = {each.name: each for each in text_string_to_metric_families(text.decode())}
    assert families["http_requests"].type == "counter"
    [in_flight] = families["http_requests_in_flight"].samples
    assert in_flight.value == 5
    buckets = [
        sample.value
        for sample in families["http_request_duration_seconds"].samples
        if sample.name.endswith("_bucket")
    ]
    assert buckets == sorted(buckets) and buckets[-1] == 1
