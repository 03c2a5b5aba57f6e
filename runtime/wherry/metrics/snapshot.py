"""What has been counted at one moment: rows of answered calls, and numbers beside them.

Both are keyed by function, so that several in one process stay apart, and by a hash of its name
rather than its place in a list: workers of one master may serve another list after a reload. The
keys are whole numbers below 2**53, which the doubles of a shared block hold exactly.
"""

from __future__ import annotations

import enum
from typing import NamedTuple
from zlib import crc32


class Exemplar(NamedTuple):
    """A call that stands for its bucket: it is in a trace that somebody keeps.

    Attributes:
        trace_id: Its trace.
        span_id: Where in that it is.
        seconds: How long it took.
        at: When it was answered, in Unix seconds.
    """

    trace_id: str
    span_id: str
    seconds: float
    at: float


Rows = dict[int, list[float]]
Numbers = dict[int, float]
Exemplars = dict[int, Exemplar]

_ROW_BITS = 13  # statuses to 999 and eight methods
_NUMBER_BITS = 6
_BUCKET_BITS = 4


class Number(enum.IntEnum):
    """A number that one function has, apart from its rows; the values are part of the keys."""

    IN_FLIGHT = 0
    QUEUED = 1
    LOOP_BLOCKED = 2
    STUCK = 3
    RECYCLES = 4
    GATEWAY_STAMPS = 5
    GATEWAY_SECONDS = 6
    REFUSED = 7
    LATE = 8
    ABANDONED = 9
    EMITTED = 10
    LOST = 11
    CONNECTIONS = 12
    START_SECONDS = 13


GAUGES = frozenset(
    {
        Number.IN_FLIGHT,
        Number.QUEUED,
        Number.STUCK,
        Number.CONNECTIONS,
        Number.START_SECONDS,
    }
)
"""Numbers that belong to the living: a dead worker's are forgotten, its counts are not."""


class Snapshot:
    """Counts of one worker, or of all.

    Attributes:
        rows: Duration buckets and the sum of seconds, by `row_key`.
        numbers: The other numbers, by `number_key`.
        exemplars: The last call of a bucket that has one, by `exemplar_key`.
    """

    __slots__ = ("exemplars", "numbers", "rows")

    def __init__(
        self,
        *,
        rows: Rows | None = None,
        numbers: Numbers | None = None,
        exemplars: Exemplars | None = None,
    ) -> None:
        self.rows: Rows = {} if rows is None else rows
        self.numbers: Numbers = {} if numbers is None else numbers
        self.exemplars: Exemplars = {} if exemplars is None else exemplars

    def add(self, other: Snapshot) -> None:
        """Add the counts of `other` to these."""
        for key, row in other.rows.items():
            add_row(self.rows, key, row)
        for number, value in other.numbers.items():
            before = self.numbers.get(number, 0.0)
            slowest = number_of(number) is Number.START_SECONDS
            self.numbers[number] = max(before, value) if slowest else before + value
        for key, exemplar in other.exemplars.items():
            known = self.exemplars.get(key)
            if known is None or known.at < exemplar.at:
                self.exemplars[key] = exemplar

    def counts(self) -> Snapshot:
        """A copy without the gauges."""
        numbers = {
            key: value for key, value in self.numbers.items() if number_of(key) not in GAUGES
        }
        return Snapshot(rows={key: list(row) for key, row in self.rows.items()}, numbers=numbers)


def function_key(name: str) -> int:
    """The part of a key that stands for the function `name`; 32 bits."""
    return crc32(name.encode())


def in_function(function: int, row: int) -> int:
    """The key of a shard's `row` among those of all functions."""
    return function << _ROW_BITS | row


def split_row(key: int) -> tuple[int, int]:
    """The function of a row's key, and the key it has in a shard."""
    return key >> _ROW_BITS, key & ((1 << _ROW_BITS) - 1)


def exemplar_key(row: int, bucket: int) -> int:
    """The key of the exemplar of one bucket of a row; `row` is the row's own key."""
    return row << _BUCKET_BITS | bucket


def number_key(function: int, number: Number) -> int:
    """The key of one number of one function."""
    return function << _NUMBER_BITS | number


def split_number(key: int) -> tuple[int, Number]:
    """The function and the number of a key."""
    return key >> _NUMBER_BITS, number_of(key)


def number_of(key: int) -> Number:
    """Which number a key stands for."""
    return Number(key & ((1 << _NUMBER_BITS) - 1))


def add_row(total: Rows, key: int, row: list[float]) -> None:
    """Add `row` to the row of `total` with this key."""
    sums = total.get(key)
    if sums is None:
        total[key] = list(row)
    else:
        for index, value in enumerate(row):
            sums[index] += value
