"""One object of a manifest with the file that it is written to, and what objects share.

Files are named `NN-kind-name.yaml`, so that their order is the order to apply them in: what is
named in another comes first, and a route comes after what it leads to.

    00  what everything else needs: ServiceAccount, ConfigMap
    05  who may call: PeerAuthentication, AuthorizationPolicy, NetworkPolicy
    08  Broker
    10  what runs: Service of Knative, Deployment, Function
    12  Service of Kubernetes
    14  HorizontalPodAutoscaler, PodDisruptionBudget
    20  Trigger, PingSource, SinkBinding
    25  DestinationRule
    30  Gateway
    31  VirtualService, HTTPRoute
    35  DomainMapping
    40  ServiceMonitor, PrometheusRule
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from wherry_build.manifests.yaml import Node

MANAGED_BY = "wherry"
PART_OF = "app.kubernetes.io/part-of"
"""The label with the project's name, where one is given."""
GRACE_S = 5
"""Seconds that whoever stands in front waits longer than the function's own deadline."""
LEAST_RESPONSE_S = 300
"""Seconds that a whole answer may take at least, so that streams outlive the first byte's limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One object, and the file it is written to when there is a folder to write to.

    Attributes:
        file: Path relative to the output folder; sorted, the files are in apply order.
        value: The object.
    """

    file: str
    value: dict[str, Node]


def metadata(
    name: str, *, namespace: str, function: str = "", annotations: dict[str, Node] | None = None
) -> dict[str, Node]:
    """Metadata with an explicit namespace and the recommended labels."""
    made: dict[str, Node] = {"name": name, "namespace": namespace, "labels": labels(function)}
    if annotations:
        made["annotations"] = annotations
    return made


def labels(function: str = "") -> dict[str, Node]:
    """The recommended labels; with the function's name when it belongs to one."""
    named: dict[str, Node] = {"app.kubernetes.io/name": function} if function else {}
    return {**named, "app.kubernetes.io/managed-by": MANAGED_BY}


def belonging(document: Document, part_of: str) -> Document:
    """`document` with the label of its project; what is no object of Kubernetes, as it is."""
    metadata = document.value.get("metadata")
    if not isinstance(metadata, dict):
        return document
    said = metadata.get("labels")
    named: Node = {**(said if isinstance(said, dict) else {}), PART_OF: part_of}
    return replace(document, value={**document.value, "metadata": {**metadata, "labels": named}})


def response_s(timeout_s: int) -> int:
    """Seconds that a whole answer may take, of a function that must begin within `timeout_s`."""
    return max(LEAST_RESPONSE_S, timeout_s + GRACE_S)
