"""Counts of one worker, kept in one shard a thread so that counting needs no lock.

A shard row is a list: one count for each duration bucket (not cumulative), then the sum of
seconds. Rows are keyed by status and method; both are bounded, whatever callers send, so the
number of series is too. Nothing here knows Prometheus: `prometheus_client` costs 60 ms to import
and 3 us a request, a shard costs a bisect and two additions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds: the ones that of-watchdog has, so that dashboards fit."""

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "other")
ROW = len(BUCKETS) + 2
MAX_ROWS = 128
_METHOD_INDEX = {name.upper(): index for index, name in enumerate(METHODS[:-1])}
_OTHER = len(METHODS) - 1

Rows = dict[int, list[float]]


def row_key(status: int, method: str) -> int:
    """The key of the row that counts `status` and `method`."""
    return status << 3 | _METHOD_INDEX.get(method, _OTHER)


def row_labels(key: int) -> tuple[str, str]:
    """The labels `code` and `method` of a row."""
    return str(key >> 3), METHODS[key & 7]


class Shard:
    """The counts of one thread; only that thread writes them."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: Rows = {}

    def observe(self, status: int, method: str, seconds: float) -> None:
        """Count one answered call."""
        key = status << 3 | _METHOD_INDEX.get(method, _OTHER)
        row = self.rows.get(key)
        if row is None:
            if len(self.rows) >= MAX_ROWS:  # a handler that invents statuses shares one row
                key = 599 << 3 | _OTHER
            row = self.rows.setdefault(key, [0.0] * ROW)
        row[bisect_left(BUCKETS, seconds)] += 1
        row[-1] += seconds


class Ledger:
    """All shards of one worker."""

    def __init__(self) -> None:
        self._shards: list[Shard] = []

    def shard(self) -> Shard:
        """A new shard, for one thread to keep."""
        shard = Shard()
        self._shards.append(shard)
        return shard

    def totals(self, baseline: Mapping[int, list[float]] | None = None) -> Rows:
        """The sum of all shards, on top of `baseline`."""
        total: Rows = {key: list(row) for key, row in (baseline or {}).items()}
        for shard in self._shards:
            for key, row in list(shard.rows.items()):
                add_row(total, key, row)
        return total


def add_row(total: Rows, key: int, row: list[float]) -> None:
    """Add `row` to the row of `total` with this key."""
    sums = total.get(key)
    if sums is None:
        total[key] = list(row)
    else:
        for index, value in enumerate(row):
            sums[index] += value
