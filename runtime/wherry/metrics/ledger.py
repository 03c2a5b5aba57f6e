"""Counts of one worker, kept in one shard a thread and function so that counting needs no lock.

A shard row is a list: one count for each duration bucket (not cumulative), then the sum of
seconds. Rows are keyed by status and method; both are bounded, whatever callers send, so the
number of series is too. Nothing here knows Prometheus: `prometheus_client` costs 60 ms to import
and 3 us a request, a shard costs a bisect and two additions.
"""

from __future__ import annotations

from bisect import bisect_left
from time import time
from typing import TYPE_CHECKING

from wherry.metrics.snapshot import (
    Exemplar,
    Exemplars,
    Number,
    Numbers,
    Rows,
    Snapshot,
    add_row,
    exemplar_key,
    function_key,
    in_function,
    number_key,
)

if TYPE_CHECKING:
    from wherry.trace import TraceParent

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds: the ones that of-watchdog has, so that dashboards fit."""

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "other")
ROW = len(BUCKETS) + 2
MAX_ROWS = 128
MAX_EXEMPLARS = 256
_METHOD_INDEX = {name.upper(): index for index, name in enumerate(METHODS[:-1])}
_OTHER = len(METHODS) - 1


def row_key(status: int, method: str) -> int:
    """The key of a shard's row that counts `status` and `method`."""
    return status << 3 | _METHOD_INDEX.get(method, _OTHER)


def row_labels(key: int) -> tuple[str, str]:
    """The labels `code` and `method` of a shard's row."""
    return str(key >> 3), METHODS[key & 7]


class Shard:
    """The counts of one thread for one function; only that thread writes them."""

    __slots__ = ("_ledger", "_others", "exemplars", "function", "rows")

    def __init__(self, ledger: Ledger, function: int) -> None:
        self._ledger = ledger
        self._others: dict[int, Shard] = {}
        self.function = function
        self.rows: Rows = {}
        self.exemplars: Exemplars = {}

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

    def exemplify(self, status: int, method: str, seconds: float, trace: TraceParent) -> None:
        """Let a call that has been counted stand for its bucket; for sampled traces."""
        key = exemplar_key(row_key(status, method), bisect_left(BUCKETS, seconds))
        if key in self.exemplars or len(self.exemplars) < MAX_EXEMPLARS:
            self.exemplars[key] = Exemplar(trace.trace_id, trace.parent_id, seconds, time())

    def of(self, function: int) -> Shard:
        """The same thread's shard for another function, by its key."""
        if function == self.function:
            return self
        shard = self._others.get(function)
        if shard is None:
            shard = self._others[function] = self._ledger.shard(function)
        return shard


class Ledger:
    """All counts of one worker.

    Args:
        function: Name of the function that a shard is for when nothing else is said.
    """

    def __init__(self, function: str = "") -> None:
        self._function = function_key(function)
        self._shards: list[Shard] = []
        self._numbers: Numbers = {}

    def shard(self, function: int | None = None) -> Shard:
        """A new shard for one thread to keep; `function` is a `function_key`."""
        shard = Shard(self, self._function if function is None else function)
        self._shards.append(shard)
        return shard

    def count(self, function: int, number: Number, amount: float = 1.0) -> None:
        """Add to a number; for what is rare, and by one thread for each number."""
        key = number_key(function, number)
        self._numbers[key] = self._numbers.get(key, 0.0) + amount

    def snapshot(
        self, gauges: Numbers | None = None, *, baseline: Snapshot | None = None
    ) -> Snapshot:
        """Everything counted here on top of `baseline`, and the `gauges` of this moment."""
        total = Snapshot() if baseline is None else baseline.counts()
        for shard in self._shards:
            for key, row in list(shard.rows.items()):
                add_row(total.rows, in_function(shard.function, key), row)
            total.add(Snapshot(exemplars=_in_function(shard)))
        total.add(Snapshot(numbers={**self._numbers, **(gauges or {})}))
        return total


def _in_function(shard: Shard) -> Exemplars:
    """A shard's exemplars by the keys that they have among those of all functions."""
    first = exemplar_key(in_function(shard.function, 0), 0)
    return {first | key: exemplar for key, exemplar in list(shard.exemplars.items())}
