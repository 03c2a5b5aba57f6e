"""Who gets which events of a broker, and how they are tried. Values only, no I/O.

They are made from a project (`project_subscriptions`) and from the files of a cluster
(`trigger_files`); whoever delivers reads these alone.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from wherry_build.project.specification.eventing import Backoff, Filter
from wherry_local.broker.filters import Condition
from wherry_local.deployment import FunctionKey


class BrokerKey(NamedTuple):
    """Which broker."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @classmethod
    def of_scope(cls, scope: str) -> BrokerKey:
        """The broker of a message's scope, `NAMESPACE/BROKER`."""
        namespace, _, name = scope.partition("/")
        return cls(namespace, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where an event is sent: a function, or an address.

    Attributes:
        address: Its address; of a function the one that a cluster gives it.
        function: The function, or None.
        path: Path that the function is called by.
    """

    address: str
    function: FunctionKey | None = None
    path: str = "/"

    @classmethod
    def of_function(cls, function: FunctionKey, *, namespace: str, path: str = "/") -> Destination:
        """The function, with the address that it has on a cluster in `namespace`."""
        host = f"{function.name}.{namespace}.svc.cluster.local"
        rest = "" if path == "/" else path
        return cls(address=f"http://{host}{rest}", function=function, path=path)

    @property
    def host(self) -> str:
        """The host of its address, with a port where there is one."""
        return urlsplit(self.address).netloc


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """How an event is tried; as made, what Knative does where nothing is said.

    Attributes:
        retry: Tries after the first.
        backoff: How the time between them grows.
        delay_s: The time that it grows from.
        timeout_s: Time for each try, or None.
        retry_after_most_s: Longest `Retry-After` that is kept to; None for none at all, which is
            what Knative does.
        dead_letter: Where an event goes that was not taken, or None.
        structured: Whether it is sent as one JSON object and not in headers.
    """

    retry: int = 10
    backoff: Backoff = Backoff.EXPONENTIAL
    delay_s: float = 0.2
    timeout_s: float | None = None
    retry_after_most_s: float | None = None
    dead_letter: Destination | None = None
    structured: bool = False


class Origin(enum.Enum):
    """Where a trigger is from."""

    PROJECT = "project"
    """wherry.yaml."""
    FILE = "file"
    """A Trigger of Knative's in a file."""
    HANDLER = "handler"
    """The types of events that a handler declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One trigger.

    Attributes:
        name: Its name.
        broker: The broker whose events it takes; it lives in the same namespace.
        destination: Where they go.
        policy: How they are tried.
        condition: Which events it takes.
        filters: The same as it is written in wherry.yaml.
        origin: Where it is from.
    """

    name: str
    broker: BrokerKey
    destination: Destination
    policy: DeliveryPolicy
    condition: Condition
    filters: Sequence[Filter] = ()
    origin: Origin = Origin.PROJECT


class Subscriptions:
    """Every trigger, and every broker, whether or not a trigger asks it for events.

    Args:
        found: The triggers.
        brokers: Brokers that are there beside those that triggers name.

    Attributes:
        brokers: The triggers of each broker, in the order of their names.
    """

    def __init__(
        self, found: Iterable[Subscription] = (), brokers: Iterable[BrokerKey] = ()
    ) -> None:
        triggers = sorted(found, key=lambda each: each.name)
        keys = sorted({*brokers, *(each.broker for each in triggers)})
        table: dict[BrokerKey, list[Subscription]] = {key: [] for key in keys}
        for each in triggers:
            table[each.broker].append(each)
        self.brokers: Mapping[BrokerKey, Sequence[Subscription]] = table
        self._named = {(each.broker.namespace, each.name): each for each in triggers}

    def find(self, namespace: str, name: str) -> Subscription | None:
        """The trigger of that name in `namespace`."""
        return self._named.get((namespace, name))

    def all(self) -> Sequence[Subscription]:
        """Every trigger, broker by broker."""
        return [each for found in self.brokers.values() for each in found]
