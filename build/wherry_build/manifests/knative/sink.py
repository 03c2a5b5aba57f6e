"""Knative: which address a function's own events go to, where no SinkBinding can tell it.

A binding changes the template of a Service, and Serving refuses another template under the name of
a revision that is there; so a function with named revisions is given the address itself. That of a
broker is its class's to know.
"""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.emission import Emission, Loss
from wherry_build.manifests.sink import SINK, sink_variables
from wherry_build.manifests.topology import Topology, Workload

_USUAL_CLASS = "MTChannelBasedBroker"
_INGRESSES = {
    _USUAL_CLASS: "broker-ingress.knative-eventing",
    "Kafka": "kafka-broker-ingress.knative-eventing",
}
"""The Service that takes events for every broker of a class, with its namespace."""


def is_bound(workload: Workload) -> bool:
    """Whether a SinkBinding tells it where its events go."""
    return workload.said.sink is not None and not workload.versioned


def given_variables(workload: Workload, topology: Topology) -> dict[str, str]:
    """The variable of its sink, where that is written into its own template."""
    if is_bound(workload):
        return {}
    address = _broker_address(workload, topology)
    return {SINK: address} if address is not None else sink_variables(workload)


def address_notes(topology: Topology) -> Emission:
    """What is to be known of addresses of brokers: those that are taken for granted or unknown."""
    return Emission(
        losses=tuple(_unknown(topology)),
        warnings=tuple(
            f"{name}: {SINK} is the address of a broker of class {_USUAL_CLASS}, as brokers."
            f"{broker}.class does not say another; a change of it wants a new revision"
            for name, workload in topology.workloads.items()
            if (broker := _given_broker(workload)) is not None
            and _said_class(broker, topology) is None
        ),
    )


def _unknown(topology: Topology) -> Iterator[Loss]:
    for name, workload in topology.workloads.items():
        broker = _given_broker(workload)
        if broker is not None and _broker_address(workload, topology) is None:
            yield Loss(
                key=f"functions.{name}.sink.broker",
                reason="no SinkBinding changes a revision that has a name, and where brokers of "
                f"class {_said_class(broker, topology)} take events is not known",
                instead="sink: {url: ...}, as `kubectl get broker` shows it",
            )


def _given_broker(workload: Workload) -> str | None:
    """The broker whose address is to be written into its template."""
    said = workload.said.sink
    return said.broker if said is not None and not is_bound(workload) else None


def _broker_address(workload: Workload, topology: Topology) -> str | None:
    broker = _given_broker(workload)
    if broker is None:
        return None
    ingress = _INGRESSES.get(_said_class(broker, topology) or _USUAL_CLASS)
    if ingress is None:
        return None
    return f"http://{ingress}.svc.cluster.local/{topology.namespace}/{broker}"


def _said_class(broker: str, topology: Topology) -> str | None:
    declared = topology.brokers.get(broker)
    return declared.class_ if declared is not None else None
