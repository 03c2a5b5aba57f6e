"""Which deliveries wait, which are leased, and what is due next: the queue's working memory.

One process owns a queue, so this is kept in memory and what is stored need not be asked; a lease
ends with the process that holds it. Knows monotonic time, no files and no network.

Deliveries stand in lanes, one for each receiver; of what is due the oldest is taken first, over all
lanes that have room. No order is promised beyond that: a delivery that is tried again comes later
than its younger neighbours.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from wherry_local.queue.contract import Room
from wherry_local.queue.delivery import Attempt, Kind, Lane, Leased, Message, State
from wherry_local.queue.records import STATE_CODES, number_of

Line = list[tuple[float, int, "PendingDelivery"]]


@dataclass(slots=True, kw_only=True, eq=False)
class PendingMessage:
    """A message with deliveries that are not over.

    Attributes:
        position: Its place in the history.
        receivers: How many deliveries it has.
        stored_at: When it was stored, in the queue's own steady time.
        message: Itself, or None where it has to be read first.
        cached_bytes: What of it counts as kept in memory.
        size_bytes: What it counts as.
        left: Deliveries that are not over.
        leased: Those of them that are leased.
        over: How many of the others have ended in the state with which code.
    """

    position: int
    key: str
    kind: Kind
    scope: str
    receivers: int
    stored_at: float
    message: Message | None
    cached_bytes: int = 0
    size_bytes: int
    left: int = 0
    leased: int = 0
    over: dict[int, int] = field(default_factory=dict)


class PendingDelivery:
    """A delivery that is not over.

    Attributes:
        of: What is delivered.
        state: DUE or LEASED.
        token: That of its newest lease.
        until: When that lease ends.
        settling: Whether its end is being stored; nobody else may take or settle it meanwhile.
        lost: Leases in a row that ended without being settled.
        sequence: Of its newest record, where there is a stream of them.
        attempts: The newest tries.
        tries: How many there were.
        answer_bytes: What the answer that is kept of it counts as.
    """

    # An event may have many, so that what most never set has its usual value in the class.
    state = State.DUE
    token = 0
    until = 0.0
    settling = False
    lost = 0
    sequence = 0
    attempts: tuple[Attempt, ...] = ()
    tries = 0
    answer_bytes = 0

    def __init__(
        self, number: int, of: PendingMessage, subscriber: str, lane: Lane, due: float
    ) -> None:
        self.number = number
        self.of = of
        self.subscriber = subscriber
        self.lane = lane
        self.due = due


def leased_of(delivery: PendingDelivery, message: Message) -> Leased:
    """What the holder of a delivery's lease is given."""
    return Leased(
        number=delivery.number,
        token=delivery.token,
        message=message,
        subscriber=delivery.subscriber,
        attempts=delivery.tries,
        lost=delivery.lost,
    )


class Pending:
    """Every delivery that is not over."""

    def __init__(self, first_token: int = 0) -> None:
        self.messages: dict[int, PendingMessage] = {}
        self.deliveries: dict[int, PendingDelivery] = {}
        self.size_bytes = 0
        self._lanes: dict[Lane, Line] = {}
        self._leases: Line = []
        self._token = first_token

    def add(self, message: PendingMessage, deliveries: Sequence[PendingDelivery]) -> None:
        """Take in a message with those of its deliveries that are not over."""
        self.messages[message.position] = message
        message.left = len(deliveries)
        self.size_bytes += message.size_bytes
        for delivery in deliveries:
            self.deliveries[delivery.number] = delivery
            self._stand(delivery)

    def take(
        self, most: int, now: float, until: float, room: Room | None = None
    ) -> list[PendingDelivery]:
        """Lease what is due until `until`, the oldest first."""
        heads = []
        for lane, line in self._heads():
            allowed = most if room is None else room(lane)
            if line[0][0] <= now and allowed > 0:
                heads.append((line[0][0], line[0][1], allowed, line))
        heapq.heapify(heads)
        taken: list[PendingDelivery] = []
        while heads and len(taken) < most:
            _, _, allowed, line = heads[0]
            delivery = heapq.heappop(line)[2]
            self._lease(delivery, until)
            taken.append(delivery)
            self._clear(line)
            if line and line[0][0] <= now and allowed > 1:
                heapq.heapreplace(heads, (line[0][0], line[0][1], allowed - 1, line))
            else:
                heapq.heappop(heads)
        return taken

    def expire(self, now: float) -> list[PendingDelivery]:
        """Make due again what has a lease that ran out; which ones."""
        expired = []
        while (delivery := self._next_lease()) is not None and delivery.until <= now:
            heapq.heappop(self._leases)
            delivery.lost += 1
            self.again(delivery, delivery.until)
            expired.append(delivery)
        return expired

    def holder(self, number: int, token: int, *, settling: bool = False) -> PendingDelivery | None:
        """The delivery, if `token` is that of the lease it is under.

        One that is being settled is nobody's but with `settling`.
        """
        delivery = self.deliveries.get(number)
        if delivery is None or (delivery.settling and not settling):
            return None
        if delivery.state is not State.LEASED or delivery.token != token:
            return None
        return delivery

    def hold(self, delivery: PendingDelivery, token: int, until: float) -> None:
        """Put a delivery under a lease that somebody has taken."""
        delivery.token = token
        delivery.until = until
        self._turn(delivery, State.LEASED)
        heapq.heappush(self._leases, (until, token, delivery))

    def extend(self, delivery: PendingDelivery, until: float) -> None:
        """Let the lease that a delivery is under end at `until`."""
        if until < delivery.until:
            heapq.heappush(self._leases, (until, delivery.token, delivery))
        delivery.until = until

    def unsettle(self, delivery: PendingDelivery) -> None:
        """Have a delivery as it was before somebody began to settle it."""
        delivery.settling = False
        if delivery.state is State.LEASED:
            heapq.heappush(self._leases, (delivery.until, delivery.token, delivery))
        else:
            self._stand(delivery)

    def count_answer(self, delivery: PendingDelivery, size_bytes: int) -> None:
        """Count the answer that is kept of a delivery, in place of the one before."""
        grown = size_bytes - delivery.answer_bytes
        delivery.answer_bytes = size_bytes
        delivery.of.size_bytes += grown
        self.size_bytes += grown

    def again(self, delivery: PendingDelivery, due: float) -> None:
        """Make a delivery due at `due`."""
        delivery.settling = False
        delivery.due = due
        self._turn(delivery, State.DUE)
        self._stand(delivery)

    def of(self, message: PendingMessage) -> list[PendingDelivery]:
        """The deliveries of a message that are not over."""
        numbers = (number_of(message.position, index) for index in range(message.receivers))
        return [self.deliveries[number] for number in numbers if number in self.deliveries]

    def drop(self, delivery: PendingDelivery, state: State) -> bool:
        """Let go of a delivery that has ended in `state`; whether its message is over with it."""
        del self.deliveries[delivery.number]
        message = delivery.of
        if delivery.state is State.LEASED:
            message.leased -= 1
        delivery.state = state
        code = STATE_CODES[state]
        message.over[code] = message.over.get(code, 0) + 1
        message.left -= 1
        if message.left:
            return False
        del self.messages[message.position]
        self.size_bytes -= message.size_bytes
        return True

    def next_due(self, room: Room | None = None) -> float | None:
        """The moment at which `take` or `expire` has something next."""
        dues = [line[0][0] for lane, line in self._heads() if room is None or room(lane) > 0]
        lease = self._next_lease()
        if lease is not None:
            dues.append(lease.until)
        return min(dues, default=None)

    def _lease(self, delivery: PendingDelivery, until: float) -> None:
        self._token += 1
        self.hold(delivery, self._token, until)

    def _turn(self, delivery: PendingDelivery, state: State) -> None:
        delivery.of.leased += (state is State.LEASED) - (delivery.state is State.LEASED)
        delivery.state = state

    def _stand(self, delivery: PendingDelivery) -> None:
        line = self._lanes.setdefault(delivery.lane, [])
        heapq.heappush(line, (delivery.due, delivery.number, delivery))

    def _heads(self) -> Iterator[tuple[Lane, Line]]:
        """Each lane in which something waits; what waits there no more is cleared away."""
        for lane, line in list(self._lanes.items()):
            self._clear(line)
            if line:
                yield lane, line
            else:
                del self._lanes[lane]

    @staticmethod
    def _clear(line: Line) -> None:
        while line:
            due, _, delivery = line[0]
            if delivery.state is State.DUE and delivery.due == due and not delivery.settling:
                return
            heapq.heappop(line)

    def _next_lease(self) -> PendingDelivery | None:
        """The lease that ends first, put in its place where it was extended."""
        leases = self._leases
        while leases:
            until, token, delivery = leases[0]
            if delivery.state is not State.LEASED or delivery.token != token or delivery.settling:
                heapq.heappop(leases)
            elif delivery.until > until:
                heapq.heapreplace(leases, (delivery.until, token, delivery))
            else:
                return delivery
        return None
