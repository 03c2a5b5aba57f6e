"""Totals of several workers in one block of memory that all of them can read.

The process manager makes the block before it forks. Each worker owns one slot of it, publishes
its totals there a few times a second, and any worker can add all slots up when it is scraped. A
worker that replaces a dead one takes over the slot and counts on from what it finds, so no count
goes backwards and nothing is left on disk.

A slot is a run of doubles: how many numbers and rows there are, then each number's key and value,
then each row's key and values. A reader may see one row half a moment older than the next; counts
are exact once a worker has published.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable

from wherry.metrics.board import Board
from wherry.metrics.families import Notice
from wherry.metrics.ledger import ROW
from wherry.metrics.snapshot import GAUGES, Snapshot, number_of

MAX_NUMBERS = 1024
MAX_ROWS = 1024
_HEAD = 2
_ROWS_AT = _HEAD + MAX_NUMBERS * 2
_SLOT = _ROWS_AT + MAX_ROWS * (ROW + 1)
_DOUBLE = 8


class SharedTotals:
    """The block; made by the parent, inherited by its workers.

    Memory that no row has reached yet is not taken from the system.

    Attributes:
        slots: The numbers of the slots.
        board: Where workers leave what has no fixed size.
    """

    def __init__(self, slots: int) -> None:
        self._block = mmap.mmap(-1, slots * _SLOT * _DOUBLE)
        self._cells = memoryview(self._block).cast("d")
        self.slots = range(slots)
        self.board = Board(slots)

    def read(self, slot: int) -> Snapshot:
        """What one slot holds."""
        numbers, rows = slot * _SLOT + _HEAD, slot * _SLOT + _ROWS_AT
        found = Snapshot()
        for index, key in enumerate(self._keys(slot, numbers, 2, 0)):
            found.numbers[key] = self._cells[numbers + index * 2 + 1]
        for index, key in enumerate(self._keys(slot, rows, ROW + 1, 1)):
            at = rows + index * (ROW + 1) + 1
            found.rows[key] = list(self._cells[at : at + ROW])
        return found

    def publish(self, slot: int, totals: Snapshot) -> None:
        """Write a worker's totals; nothing ever leaves a slot, so readers need no lock."""
        numbers, rows = slot * _SLOT + _HEAD, slot * _SLOT + _ROWS_AT
        order = _extended(self._keys(slot, numbers, 2, 0), totals.numbers, MAX_NUMBERS)
        for index, key in enumerate(order):
            self._cells[numbers + index * 2 + 1] = totals.numbers.get(key, 0.0)
            self._cells[numbers + index * 2] = key
        self._cells[slot * _SLOT] = len(order)
        order = _extended(self._keys(slot, rows, ROW + 1, 1), totals.rows, MAX_ROWS)
        for index, key in enumerate(order):
            at = rows + index * (ROW + 1)
            for offset, value in enumerate(totals.rows.get(key, ())):
                self._cells[at + 1 + offset] = value
            self._cells[at] = key
        self._cells[slot * _SLOT + 1] = len(order)

    def clear_gauges(self, slot: int) -> None:
        """Forget what a dead worker had in flight."""
        self.board.leave(slot)
        numbers = slot * _SLOT + _HEAD
        for index, key in enumerate(self._keys(slot, numbers, 2, 0)):
            if number_of(key) in GAUGES:
                self._cells[numbers + index * 2 + 1] = 0.0

    def totals(self, *, exemplars: bool = False) -> Snapshot:
        """All slots added up; with the exemplars that the living have left on the board."""
        total = Snapshot()
        for slot in self.slots:
            total.add(self.read(slot))
        for place in self.board.living() if exemplars else ():
            total.add(Snapshot(exemplars=Notice.decode(self.board.read(place)).exemplars))
        return total

    def _keys(self, slot: int, first: int, step: int, counted_at: int) -> list[int]:
        """The keys that stand `step` cells apart from `first` on."""
        count = int(self._cells[slot * _SLOT + counted_at])
        return [int(self._cells[first + index * step]) for index in range(count)]


def _extended(order: list[int], keys: Iterable[int], most: int) -> list[int]:
    known = set(order)
    return order + [key for key in keys if key not in known][: most - len(order)]
