"""ServiceAccount: who the pods of a function are, when the file names nobody.

An account for each function, so that a mesh and an audit can tell them apart. It has no token: a
function that does not talk to the cluster's own API needs none.
"""

from __future__ import annotations

from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.topology import Topology, Workload


def service_account_document(workload: Workload, topology: Topology) -> Document:
    """The ServiceAccount of `workload`."""
    name = workload.name
    return Document(
        file=f"00-service-account-{name}.yaml",
        value={
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata(name, namespace=topology.namespace, function=name),
            "automountServiceAccountToken": False,
        },
    )
