"""Totals of several workers in one block of memory that all of them can read.

The process manager makes the block before it forks. Each worker owns one slot of it, publishes
its totals there a few times a second, and any worker can add all slots up when it is scraped. A
worker that replaces a dead one takes over the slot and counts on from what it finds, so no count
goes backwards and nothing is left on disk.

A slot is a run of doubles: calls in flight, calls that wait, number of rows, then for each row its
key and its values. A reader may see one row half a moment older than the next; counts are exact
once a worker has published.
"""

from __future__ import annotations

import mmap

from wherry.metrics.ledger import MAX_ROWS, ROW, Rows, add_row

_HEAD = 3
_SLOT = _HEAD + (MAX_ROWS + 1) * (ROW + 1)
_DOUBLE = 8


class SharedTotals:
    """The block; made by the parent, inherited by its workers."""

    def __init__(self, slots: int) -> None:
        self._block = mmap.mmap(-1, slots * _SLOT * _DOUBLE)
        self._cells = memoryview(self._block).cast("d")
        self._slots = slots

    def read(self, slot: int) -> Rows:
        """The rows of one slot."""
        base = slot * _SLOT
        rows: Rows = {}
        for index in range(int(self._cells[base + 2])):
            at = base + _HEAD + index * (ROW + 1)
            rows[int(self._cells[at])] = list(self._cells[at + 1 : at + 1 + ROW])
        return rows

    def publish(self, slot: int, rows: Rows, *, inflight: int, queued: int) -> None:
        """Write a worker's totals; rows never leave a slot, so readers need no lock."""
        base = slot * _SLOT
        order = [int(self._cells[base + _HEAD + i * (ROW + 1)]) for i in range(self._count(base))]
        known = set(order)
        order += [key for key in rows if key not in known][: MAX_ROWS + 1 - len(order)]
        for index, key in enumerate(order):
            at = base + _HEAD + index * (ROW + 1)
            for offset, value in enumerate(rows[key]):
                self._cells[at + 1 + offset] = value
            self._cells[at] = key
        self._cells[base + 2] = len(order)
        self._cells[base] = inflight
        self._cells[base + 1] = queued

    def clear_gauges(self, slot: int) -> None:
        """Forget what a dead worker had in flight."""
        self._cells[slot * _SLOT] = self._cells[slot * _SLOT + 1] = 0

    def totals(self) -> tuple[Rows, int, int]:
        """The rows of all slots added up, calls in flight, and calls that wait."""
        total: Rows = {}
        inflight = queued = 0
        for slot in range(self._slots):
            for key, row in self.read(slot).items():
                add_row(total, key, row)
            inflight += int(self._cells[slot * _SLOT])
            queued += int(self._cells[slot * _SLOT + 1])
        return total, inflight, queued

    def _count(self, base: int) -> int:
        return int(self._cells[base + 2])
