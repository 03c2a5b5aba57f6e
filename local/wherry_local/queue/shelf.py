"""Which messages are over, and which of them are beyond the bounds of the history. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from wherry_local.queue.bounds import Bounds
from wherry_local.queue.delivery import Kind


@dataclass(slots=True, kw_only=True, eq=False)
class Finished:
    """What is kept in memory of a message that is over.

    Attributes:
        key: Its key.
        receivers: How many deliveries it has.
        size_bytes: What it counts as.
        stored_at: When it was stored, in the queue's own steady time.
        over: How many of its deliveries ended in the state with which code.
    """

    key: str
    kind: Kind
    scope: str
    receivers: int
    size_bytes: int
    stored_at: float
    over: dict[int, int]


class Shelf:
    """The messages that are over by position, in the order in which they ended.

    Attributes:
        totals: Deliveries of all of them by kind and the code of their state.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.totals: Counter[tuple[Kind, int]] = Counter()
        self._bounds = bounds
        self._finished: dict[int, Finished] = {}
        self._size_bytes = 0

    def __contains__(self, position: int) -> bool:
        return position in self._finished

    def put(self, position: int, finished: Finished) -> None:
        """Add a message."""
        self._finished[position] = finished
        self._size_bytes += finished.size_bytes
        for code, count in finished.over.items():
            self.totals[finished.kind, code] += count

    def get(self, position: int) -> Finished | None:
        """The message at a position."""
        return self._finished.get(position)

    def items(self) -> Iterable[tuple[int, Finished]]:
        """The messages with their positions."""
        return self._finished.items()

    def remove(self, position: int) -> Finished | None:
        """Take a message away."""
        finished = self._finished.pop(position, None)
        if finished is not None:
            self._size_bytes -= finished.size_bytes
            for code, count in finished.over.items():
                self.totals[finished.kind, code] -= count
        return finished

    def remove_delivery(self, finished: Finished, code: int) -> None:
        """Count one of a message's deliveries that ended so no more."""
        finished.over[code] -= 1
        self.totals[finished.kind, code] -= 1

    def excess(self, now: float, most: int, newest: int) -> list[tuple[int, Finished]]:
        """What is too much, too large or too old, the first to end first, at most `most`.

        The `newest` of all positions is never among it: the next one is counted from there.
        """
        bounds = self._bounds
        count, size_bytes = len(self._finished), self._size_bytes
        found: list[tuple[int, Finished]] = []
        for position, finished in self._finished.items():
            within = (
                count <= bounds.finished_messages
                and size_bytes <= bounds.finished_bytes
                and finished.stored_at > now - bounds.finished_age_s
            )
            if within or position == newest or len(found) == most:
                break
            found.append((position, finished))
            count -= 1
            size_bytes -= finished.size_bytes
        return found
