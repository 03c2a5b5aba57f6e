"""Where workers leave texts for each other: one place a worker, in memory that all of them share.

The process manager makes it before it forks. Whoever is scraped asks, the others see that at their
next tick and write, and what a dead worker wrote last stays for its successor: no files, no
sockets, and nothing to do while nobody asks. A place has one writer. A count before and after each
text lets a reader see that it was written to meanwhile, and read again.
"""

from __future__ import annotations

import mmap
import os
import struct
import time

PLACE_BYTES = 256 * 1024
_HEAD = struct.Struct("=QQQQ")  # times written (odd: being written), bytes, question, process
_ASKED = struct.Struct("=Q")
_HEADS_AT = 64
_PAGE_BYTES = 4096
_TRIES = 50
_LOOK_S = 0.01


class Board:
    """The memory; what nobody has written to is not taken from the system."""

    def __init__(self, places: int) -> None:
        # Heads side by side: a look at them all touches one page and not one a place.
        heads = _HEADS_AT + places * _HEAD.size
        self._texts_at = -(-heads // _PAGE_BYTES) * _PAGE_BYTES
        self._block = mmap.mmap(-1, self._texts_at + places * PLACE_BYTES)
        self._places = range(places)

    @property
    def asked(self) -> int:
        """The number of the last question."""
        number: int = _ASKED.unpack_from(self._block, 0)[0]
        return number

    def ask(self) -> int:
        """Ask every living worker for what it has; returns the question's number."""
        number = self.asked + 1
        _ASKED.pack_into(self._block, 0, number)
        return number

    def wait(self, number: int, timeout_s: float) -> None:
        """Wait until every living worker has answered, or too long."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and any(
            process and answered < number
            for _, _, answered, process in map(self._head, self._places)
        ):
            time.sleep(_LOOK_S)

    def enter(self, place: int) -> None:
        """This process lives, and answers at this place."""
        count, size, _, _ = self._head(place)
        self._set_head(place, count, size, self.asked, os.getpid())

    def leave(self, place: int) -> None:
        """Whoever was here answers no more; what was written stays, unless it is half a text."""
        count, size, answered, _ = self._head(place)
        is_half = count % 2
        self._set_head(place, count + is_half, 0 if is_half else size, answered, 0)

    def living(self) -> dict[int, int]:
        """The process at each place where one lives."""
        heads = ((place, self._head(place)) for place in self._places)
        return {place: process for place, (_, _, _, process) in heads if process}

    def write(self, place: int, data: bytes, answered: int) -> bool:
        """Leave `data` in answer to a question; False when it is too long, and nothing is left."""
        fits = len(data) <= PLACE_BYTES
        count, _, _, process = self._head(place)
        size = len(data) if fits else 0
        self._set_head(place, count | 1, size, answered, process)
        at = self._texts_at + place * PLACE_BYTES
        self._block[at : at + size] = data[:size]
        self._set_head(place, (count | 1) + 1, size, answered, process)
        return fits

    def read(self, place: int) -> bytes:
        """What was written last; empty where it is written to all the time."""
        at = self._texts_at + place * PLACE_BYTES
        for _ in range(_TRIES):
            count, size, _, _ = self._head(place)
            data = self._block[at : at + size]
            if count % 2 == 0 and self._head(place)[0] == count:
                return data
            time.sleep(0)
        return b""

    def _head(self, place: int) -> tuple[int, int, int, int]:
        count, size, answered, process = _HEAD.unpack_from(
            self._block, _HEADS_AT + place * _HEAD.size
        )
        return count, size, answered, process

    def _set_head(self, place: int, *values: int) -> None:
        _HEAD.pack_into(self._block, _HEADS_AT + place * _HEAD.size, *values)
