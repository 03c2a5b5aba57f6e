"""PeerAuthentication: whether callers must show a certificate of the mesh."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.document import Document
from wherry_build.manifests.emission import Emission
from wherry_build.manifests.istio.names import document
from wherry_build.manifests.istio.pods import pods
from wherry_build.manifests.options import Target
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.traffic import MutualTls

_NAMESPACE_OBJECT = "default"
_CALLS_FIRST = {
    Target.KNATIVE: "knative-serving must have sidecars as well: its activator and autoscaler call "
    "the pods",
    Target.OPENFAAS: "OpenFaaS's gateway, in the namespace openfaas, must have a sidecar as well, "
    "and be installed with directFunctions and probeFunctions",
}


def peer_authentications(topology: Topology, target: Target) -> Emission:
    """That of the namespace, and those of functions that say something of their own.

    Raises:
        ManifestError: A name made of two is too long.
    """
    documents = tuple(_documents(topology, target))
    said = [topology.mutual_tls]
    said += [
        policy.mutual_tls
        for workload in topology.workloads.values()
        if (policy := workload.said.traffic_policy) is not None
    ]
    is_strict = MutualTls.STRICT in said
    first = _CALLS_FIRST.get(target)
    return Emission(
        documents=documents,
        warnings=(f"mutual TLS is strict: {first}",) if is_strict and first else (),
    )


def _documents(topology: Topology, target: Target) -> Iterator[Document]:
    if topology.mutual_tls is not None:
        yield document(
            "PeerAuthentication", _NAMESPACE_OBJECT, _mode(topology.mutual_tls), topology
        )
    for each in pods(topology, target):
        policy = each.workload.said.traffic_policy
        if policy is not None and policy.mutual_tls is not None:
            selector: dict[str, Node] = {"selector": {"matchLabels": each.labels}}
            yield document(
                "PeerAuthentication",
                f"function-{each.name}",
                selector | _mode(policy.mutual_tls),
                topology,
                function=each.workload.name,
            )


def _mode(said: MutualTls) -> dict[str, Node]:
    return {"mtls": {"mode": said.value.upper()}}
