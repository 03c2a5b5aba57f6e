"""Rules about where an object goes: its namespace."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import text
from wherry_build.lint.rule import Fault, fault, rule

_GROUPS = frozenset(
    {
        "apps", "batch", "autoscaling", "policy", "openfaas.com",
        "serving.knative.dev", "eventing.knative.dev", "messaging.knative.dev",
        "sources.knative.dev", "flows.knative.dev",
        "networking.istio.io", "security.istio.io", "telemetry.istio.io",
    }
)  # fmt: skip
"""API groups of which every kind is in a namespace."""

_KINDS = {
    "": frozenset(
        {
            "ConfigMap", "Endpoints", "LimitRange", "PersistentVolumeClaim", "Pod",
            "ReplicationController", "ResourceQuota", "Secret", "Service", "ServiceAccount",
        }
    ),
    "networking.k8s.io": frozenset({"Ingress", "NetworkPolicy"}),
    "rbac.authorization.k8s.io": frozenset({"Role", "RoleBinding"}),
    "gateway.networking.k8s.io": frozenset(
        {"Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "ReferenceGrant"}
    ),
}  # fmt: skip


@rule("K8S014", Severity.WARNING, "an object does not say its namespace")
def missing_namespace(bundle: Bundle) -> Iterator[Fault]:
    """Nothing is said where a kustomization sets it for all."""
    if any(_sets_namespace(document) for document in bundle.documents):
        return
    for document in bundle.objects:
        is_namespaced = document.group in _GROUPS or document.kind in _KINDS.get(
            document.group, frozenset()
        )
        if is_namespaced and not document.namespace:
            yield fault(
                document,
                ("metadata",),
                "got no namespace, expected one: where it goes depends on who applies it",
                hint="set metadata.namespace",
            )


def _sets_namespace(document: Document) -> bool:
    is_kustomization = document.kind == "Kustomization" or "kustomization." in document.path
    return is_kustomization and bool(text(document.get("namespace")))
