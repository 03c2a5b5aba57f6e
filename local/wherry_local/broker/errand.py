"""Where a delivery of an event goes, and by which rules. No I/O.

An errand is the same for every event of a broker that a trigger gets, so it is made once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wherry_build.project.specification.eventing import Backoff
from wherry_local.broker.subscription import (
    BrokerKey,
    DeliveryPolicy,
    Destination,
    Subscriptions,
)
from wherry_local.proxy.message import fields_of
from wherry_local.queue.delivery import Headers, Lane

DEAD_LETTER = "dead-letter:"
SCHEDULE = "schedule:"
"""What the subscribers are called that are no triggers; their name follows."""
PING = DeliveryPolicy(retry=5, backoff=Backoff.EXPONENTIAL, delay_s=0.05)
"""How Knative's PingSource tries what a schedule sends."""
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Where a delivery goes, and by which rules.

    Attributes:
        destination: Where it goes.
        policy: How it is tried.
        headers: What the event is sent with beside its own headers.
        fields: The same on the wire.
        wants_reply: Whether an event in the answer goes back to the broker.
        dead_letter: Name of the trigger that has a place for what is not taken, or None.
    """

    destination: Destination
    policy: DeliveryPolicy
    headers: Headers
    fields: bytes
    wants_reply: bool = False
    dead_letter: str | None = None


class Errands:
    """The errand of each lane.

    Args:
        subscriptions: The triggers as they are now.
        schedules: Where a schedule sends its events, by its name; None for one that is no more.
    """

    def __init__(
        self,
        subscriptions: Callable[[], Subscriptions],
        schedules: Callable[[str], Destination | None],
    ) -> None:
        self._subscriptions = subscriptions
        self._schedules = schedules
        self._known: dict[Lane, Errand] = {}
        self._known_of = subscriptions()

    def find(self, lane: Lane) -> Errand | None:
        """Where deliveries of a lane go; None where nothing is left that says it."""
        subscriptions = self._subscriptions()
        if subscriptions is not self._known_of or len(self._known) > _REMEMBERED:
            self._known_of = subscriptions
            self._known.clear()
        found = self._known.get(lane)
        if found is None:
            found = self._made(lane, subscriptions)
            if found is not None and not lane[1].startswith(SCHEDULE):
                self._known[lane] = found
        return found

    def _made(self, lane: Lane, subscriptions: Subscriptions) -> Errand | None:
        scope, subscriber = lane
        namespace = BrokerKey.of_scope(scope).namespace
        if subscriber.startswith(SCHEDULE):
            to = self._schedules(subscriber[len(SCHEDULE) :])
            return None if to is None else _errand(to, PING, namespace)
        found = subscriptions.find(namespace, subscriber.removeprefix(DEAD_LETTER))
        if found is None:
            return None
        if subscriber.startswith(DEAD_LETTER):
            to = found.policy.dead_letter
            return None if to is None else _errand(to, found.policy, namespace)
        return _errand(found.destination, found.policy, namespace, name=found.name)


def _errand(
    to: Destination, policy: DeliveryPolicy, namespace: str, *, name: str | None = None
) -> Errand:
    headers = [(b"kn-namespace", namespace.encode())]
    if name is not None:
        headers.insert(0, (b"prefer", b"reply"))
    if to.function is not None:
        headers.insert(0, (b"host", to.host.encode()))
    return Errand(
        destination=to,
        policy=policy,
        headers=headers,
        fields=fields_of(headers),
        wants_reply=name is not None,
        dead_letter=name,
    )
