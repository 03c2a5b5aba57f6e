"""Brokers, and the Triggers by which their events come to functions.

A broker that a trigger names and the project does not declare is the cluster's. Where a function's
own events go is said in `sink_binding`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.emission import Emission, Loss, together
from wherry_build.manifests.knative.delivery import check_dead_letter, delivery, rounded
from wherry_build.manifests.knative.service import reference
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.eventing import Broker, Filter, Trigger

API_VERSION = "eventing.knative.dev/v1"
DEFAULT_BROKER = "default"
_CLASS = "eventing.knative.dev/broker.class"


def eventing(topology: Topology) -> Emission:
    """The Brokers that the project declares, and its Triggers.

    Raises:
        ManifestError: A trigger's dead letters go to the function that did not take them.
    """
    return together(
        [
            *(_broker(name, each, topology) for name, each in topology.brokers.items()),
            *(_trigger(name, each, topology) for name, each in topology.triggers.items()),
            _notes(topology),
        ]
    )


def _broker(name: str, said: Broker, topology: Topology) -> Emission:
    value: dict[str, Node] = {
        "apiVersion": API_VERSION,
        "kind": "Broker",
        "metadata": metadata(
            name,
            namespace=topology.namespace,
            annotations={_CLASS: said.class_} if said.class_ is not None else None,
        ),
        "spec": {"delivery": delivery(said.delivery, namespace=topology.namespace)},
    }
    return Emission(
        documents=(Document(file=f"08-broker-{name}.yaml", value=value),),
        losses=tuple(rounded(f"brokers.{name}", said.delivery)),
    )


def _trigger(name: str, said: Trigger, topology: Topology) -> Emission:
    check_dead_letter(name, said.function, said.delivery)
    namespace = topology.namespace
    broker = topology.brokers.get(said.broker or DEFAULT_BROKER)
    spec: dict[str, Node] = {"broker": said.broker or DEFAULT_BROKER}
    if said.filters:
        spec["filters"] = _filters(said.filters)
    if said.delivery is not None or broker is None:
        of_broker = broker.delivery if broker is not None else None
        spec["delivery"] = delivery(said.delivery, of_broker, namespace=namespace)
    subscriber: dict[str, Node] = {"ref": reference(said.function, namespace)}
    if said.path is not None:
        subscriber["uri"] = _encoded(said.path)
    spec["subscriber"] = subscriber
    value: dict[str, Node] = {
        "apiVersion": API_VERSION,
        "kind": "Trigger",
        "metadata": metadata(name, namespace=namespace, function=said.function),
        "spec": spec,
    }
    return Emission(
        documents=(Document(file=f"20-trigger-{name}.yaml", value=value),),
        losses=tuple(rounded(f"triggers.{name}", said.delivery)),
    )


def _filters(said: Iterable[Filter]) -> list[Node]:
    return [_filter(each) for each in said]


def _filter(said: Filter) -> dict[str, Node]:
    """One filter in the one dialect that it is in."""
    for dialect, attributes in (
        ("exact", said.exact),
        ("prefix", said.prefix),
        ("suffix", said.suffix),
    ):
        if attributes:
            return {dialect: dict(attributes)}
    for dialect, filters in (("all", said.all), ("any", said.any)):
        if filters:
            return {dialect: _filters(filters)}
    if said.not_ is not None:
        return {"not": _filter(said.not_)}
    return {"cesql": said.cesql or ""}


def _encoded(path: str) -> str:
    """`path` as a URI has it: a percent sign that begins no escape is one itself."""
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", path)


def _notes(topology: Topology) -> Emission:
    return Emission(
        warnings=(*_unsubscribed(topology), *_missing_brokers(topology), *_circles(topology)),
        losses=tuple(_unsent_types(topology)),
    )


def _unsubscribed(topology: Topology) -> list[str]:
    """Functions that take events of any type, and that nothing sends any."""
    sent = {each.function for each in topology.triggers.values()}
    sent |= {each.function for each in topology.schedules.values()}
    return [
        f"{name}: takes events of any type; it gets no Trigger"
        for name, workload in topology.workloads.items()
        if name not in sent
        and not workload.function.declarations.http
        and not workload.function.declarations.event_types
    ]


def _missing_brokers(topology: Topology) -> list[str]:
    of_broker: dict[str, list[str]] = {}
    for name, trigger in topology.triggers.items():
        broker = trigger.broker or DEFAULT_BROKER
        if broker not in topology.brokers:
            of_broker.setdefault(broker, []).append(name)
    return [
        f"broker {broker!r}, of {_listed('trigger', names)}, is not declared under `brokers`; "
        f"it must be in namespace {topology.namespace} already"
        for broker, names in of_broker.items()
    ]


def _circles(topology: Topology) -> list[str]:
    """Triggers whose broker's dead letters go back to their own function."""
    found = []
    for name, trigger in topology.triggers.items():
        broker = topology.brokers.get(trigger.broker or DEFAULT_BROKER)
        if broker is None or broker.delivery is None or broker.delivery.dead_letter is None:
            continue
        says_own = trigger.delivery is not None and trigger.delivery.dead_letter is not None
        if broker.delivery.dead_letter.function == trigger.function and not says_own:
            found.append(
                f"trigger {name!r}: what {trigger.function} does not take goes to "
                f"{trigger.function} again, as dead letter of its broker; "
                f"say triggers.{name}.delivery.dead_letter"
            )
    return found


def _unsent_types(topology: Topology) -> list[Loss]:
    """Types of events that the file gives to a function for which no trigger was made of them."""
    made = {
        name
        for name, each in topology.triggers.items()
        if each == Trigger(function=name, filters=each.filters)
    }
    return [
        Loss(
            key=f"functions.{name}.event_types",
            reason="its triggers say which events it is sent",
            instead="filters of its triggers",
        )
        for name, workload in topology.workloads.items()
        if workload.said.event_types and name not in made
    ]


_SHOWN = 3


def _listed(what: str, names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f"{what}{'s' * (len(names) > 1)} {shown}"
