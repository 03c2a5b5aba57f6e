"""Knative: the SinkBindings that tell functions where the events go that they send by themselves.

A binding follows a broker that moves, and knows an address that a cluster alone knows. Where there
can be none is `sink`'s to say.
"""

from __future__ import annotations

from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.emission import Emission, together
from wherry_build.manifests.knative.eventing import API_VERSION as EVENTING
from wherry_build.manifests.knative.service import reference
from wherry_build.manifests.knative.sink import address_notes, is_bound
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.eventing import Sink

_API_VERSION = "sources.knative.dev/v1"


def sink_bindings(topology: Topology) -> Emission:
    """The SinkBinding of each function that one can be for, and what is to be known of the rest."""
    return together(
        [
            Emission(
                documents=tuple(
                    _sink_binding(name, workload.said.sink, topology.namespace)
                    for name, workload in topology.workloads.items()
                    if workload.said.sink is not None and is_bound(workload)
                ),
                warnings=tuple(_missing_brokers(topology)),
            ),
            address_notes(topology),
        ]
    )


def _sink_binding(name: str, said: Sink, namespace: str) -> Document:
    return Document(
        file=f"20-sink-binding-{name}.yaml",
        value={
            "apiVersion": _API_VERSION,
            "kind": "SinkBinding",
            "metadata": metadata(name, namespace=namespace, function=name),
            "spec": {"subject": reference(name, namespace), "sink": _sink(said, namespace)},
        },
    )


def _sink(said: Sink, namespace: str) -> dict[str, Node]:
    if said.broker is None:
        return {"uri": said.url}
    return {
        "ref": {
            "apiVersion": EVENTING,
            "kind": "Broker",
            "name": said.broker,
            "namespace": namespace,
        }
    }


def _missing_brokers(topology: Topology) -> list[str]:
    of_broker: dict[str, list[str]] = {}
    for name, workload in topology.workloads.items():
        broker = workload.said.sink.broker if workload.said.sink is not None else None
        if broker is not None and broker not in topology.brokers:
            of_broker.setdefault(broker, []).append(name)
    return [
        f"broker {broker!r}, where events of {', '.join(names)} go, is not declared under "
        f"`brokers`; it must be in namespace {topology.namespace} already"
        for broker, names in of_broker.items()
    ]
