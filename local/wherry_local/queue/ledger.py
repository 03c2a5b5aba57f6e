"""What a queue knows in memory: what arrives, what waits, what is over. No I/O.

Whoever stores tells it first that something is under way, so that nobody else touches it, and then
how that ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from wherry_local.queue.bounds import ROW_BYTES, Bounds
from wherry_local.queue.contract import KeyTaken, QueueFull
from wherry_local.queue.delivery import Accepted, Kind, State
from wherry_local.queue.pending import Pending, PendingDelivery, PendingMessage
from wherry_local.queue.records import MOST_SUBSCRIBERS, STATE_CODES, STATES, head_of, number_of
from wherry_local.queue.shelf import Finished, Shelf


@dataclass(slots=True, kw_only=True, eq=False)
class Arrival:
    """A message that is being stored.

    Attributes:
        position: The place that it will have.
        head: As `records.head_of` has it.
        size_bytes: What it counts as.
        whole: Whether the message is there with its body.
    """

    position: int
    accepted: Accepted
    head: bytes
    size_bytes: int
    whole: bool = True


class Ledger:
    """The messages of a queue by their positions.

    Attributes:
        pending: What waits.
        shelf: What is over.
        positions: Where the message with a key is, stored or being stored.
        newest: The highest position that was stored.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.pending = Pending()
        self.shelf = Shelf(bounds)
        self.positions: dict[str, int] = {}
        self.newest = 0
        self._given = 0
        self._arriving = self._arriving_bytes = self._cached_bytes = 0

    def reserve(
        self, many: Sequence[Accepted], leaving: PendingMessage | None = None
    ) -> Sequence[Arrival]:
        """Keep room for messages that are being stored, if there is room for all of them.

        What follows from a delivery of `leaving` may use the reserve, and the place of that if the
        delivery is its last.

        Raises:
            KeyTaken: There is one with the key of one of them.
            QueueFull: There is no room.
        """
        if not many:
            return ()
        arrivals = [self._arrival(accepted) for accepted in many]
        arriving_bytes = sum([arrival.size_bytes for arrival in arrivals])
        count = len(self.pending.messages) + self._arriving
        size_bytes = self.pending.size_bytes + self._arriving_bytes
        share = 1.0
        if leaving is not None:
            share += self.bounds.reserve
            if leaving.left == 1:
                count -= 1
                size_bytes -= leaving.size_bytes
        if count + len(arrivals) > self.bounds.pending_messages * share:
            raise QueueFull(f"{count} messages wait in the queue; it takes no more now")
        if size_bytes + arriving_bytes > self.bounds.pending_bytes * share:
            raise QueueFull(
                f"{size_bytes} bytes wait in the queue; it does not take {arriving_bytes} more now"
            )
        self._arriving += len(arrivals)
        self._arriving_bytes += arriving_bytes
        return arrivals

    def release(self, arrivals: Sequence[Arrival]) -> None:
        """Give back the room that was kept."""
        self._arriving -= len(arrivals)
        self._arriving_bytes -= sum([arrival.size_bytes for arrival in arrivals])

    def admit(
        self, many: Sequence[Accepted], leaving: PendingMessage | None = None
    ) -> Sequence[Arrival]:
        """As `reserve`, and give each its place, so that nobody else has its key."""
        arrivals = self.reserve(many, leaving)
        self._given = max(self._given, self.newest)
        for arrival in arrivals:
            self._given += 1
            arrival.position = self._given
            self.positions[arrival.accepted.message.key] = arrival.position
        return arrivals

    def refuse(self, arrivals: Sequence[Arrival]) -> None:
        """Forget messages that were admitted and could not be stored."""
        self.release(arrivals)
        for arrival in arrivals:
            del self.positions[arrival.accepted.message.key]

    def place(self, arrival: Arrival, *, now: float, stored_at: float) -> bool:
        """Take in a message that is stored; whether anything of it is due."""
        accepted = arrival.accepted
        message = accepted.message
        self.newest = max(self.newest, arrival.position)
        self.positions[message.key] = arrival.position
        cached = self._cached_bytes + arrival.size_bytes <= self.bounds.cached_bytes
        cached = cached and bool(accepted.subscribers) and arrival.whole
        if cached:
            self._cached_bytes += arrival.size_bytes
        pending = PendingMessage(
            position=arrival.position,
            key=message.key,
            kind=message.kind,
            scope=message.scope,
            receivers=len(accepted.subscribers),
            stored_at=stored_at,
            message=message if cached else None,
            cached_bytes=arrival.size_bytes if cached else 0,
            size_bytes=arrival.size_bytes,
        )
        if not accepted.subscribers:
            self._shelve(pending)
            return False
        first, scope = number_of(arrival.position, 0), message.scope
        deliveries = [
            PendingDelivery(first + index, pending, subscriber, (scope, subscriber), now)
            for index, subscriber in enumerate(accepted.subscribers)
        ]
        self.pending.add(pending, deliveries)
        return True

    def end(self, delivery: PendingDelivery, state: State) -> None:
        """A delivery is over."""
        message = delivery.of
        if self.pending.drop(delivery, state):
            self._cached_bytes -= message.cached_bytes
            self._shelve(message)

    def forget_delivery(self, position: int, state: State) -> None:
        """Count a delivery that was over in `state` no more."""
        code = STATE_CODES[state]
        if (finished := self.shelf.get(position)) is not None:
            self.shelf.remove_delivery(finished, code)
        elif (message := self.pending.messages.get(position)) is not None:
            message.over[code] -= 1

    def forget(self, position: int) -> None:
        """Forget a message that is over."""
        finished = self.shelf.remove(position)
        if finished is not None:
            self.positions.pop(finished.key, None)

    def counts(self) -> Counter[tuple[Kind, State]]:
        """How many deliveries there are, by kind and state."""
        counts: Counter[tuple[Kind, State]] = Counter()
        for (kind, code), count in self.shelf.totals.items():
            counts[kind, STATES[code]] += count
        for message in self.pending.messages.values():
            counts[message.kind, State.DUE] += message.left - message.leased
            counts[message.kind, State.LEASED] += message.leased
            for code, count in message.over.items():
                counts[message.kind, STATES[code]] += count
        return +counts

    def _arrival(self, accepted: Accepted) -> Arrival:
        message = accepted.message
        if message.key in self.positions:
            raise KeyTaken(f"there is a message with the key {message.key!r} already")
        if len(accepted.subscribers) > MOST_SUBSCRIBERS:
            raise QueueFull(f"a message has {MOST_SUBSCRIBERS} subscribers at most")
        head = head_of(message)
        size_bytes = len(head) + len(message.body) + ROW_BYTES * (1 + len(accepted.subscribers))
        return Arrival(position=0, accepted=accepted, head=head, size_bytes=size_bytes)

    def _shelve(self, message: PendingMessage) -> None:
        finished = Finished(
            key=message.key,
            kind=message.kind,
            scope=message.scope,
            receivers=message.receivers,
            size_bytes=message.size_bytes,
            stored_at=message.stored_at,
            over=message.over,
        )
        self.shelf.put(message.position, finished)
