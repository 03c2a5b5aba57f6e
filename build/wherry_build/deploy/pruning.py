"""What an earlier deployment left that a project no longer has. No I/O.

An object is the project's when it has Wherry's label, the label with the project's name, and no
owner: what controllers make of an object has often its labels, and goes with it.

ConfigMaps are left alone: they are named by what they hold, and an older revision that is called
again reads its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wherry_build.deploy.identity import KubernetesObject, ObjectKey, at
from wherry_build.manifests.document import MANAGED_BY, PART_OF

_MANAGED_BY = "app.kubernetes.io/managed-by"
KINDS: tuple[tuple[str, str], ...] = (
    ("monitoring.coreos.com/v1", "PrometheusRule"),
    ("monitoring.coreos.com/v1", "ServiceMonitor"),
    ("serving.knative.dev/v1beta1", "DomainMapping"),
    ("networking.istio.io/v1", "VirtualService"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("networking.istio.io/v1", "Gateway"),
    ("gateway.networking.k8s.io/v1", "Gateway"),
    ("networking.istio.io/v1", "DestinationRule"),
    ("eventing.knative.dev/v1", "Trigger"),
    ("sources.knative.dev/v1", "PingSource"),
    ("sources.knative.dev/v1", "SinkBinding"),
    ("policy/v1", "PodDisruptionBudget"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("v1", "Service"),
    ("serving.knative.dev/v1", "Service"),
    ("apps/v1", "Deployment"),
    ("eventing.knative.dev/v1", "Broker"),
    ("gateway.networking.k8s.io/v1beta1", "ReferenceGrant"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("security.istio.io/v1", "PeerAuthentication"),
    ("security.istio.io/v1", "AuthorizationPolicy"),
    ("v1", "ServiceAccount"),
)
"""Kinds that are looked for, in the order to delete them in: first what leads to others."""


def selector(part_of: str) -> str:
    """The label selector of the objects of a project."""
    return f"{_MANAGED_BY}={MANAGED_BY},{PART_OF}={part_of}"


def is_of_project(value: KubernetesObject, part_of: str) -> bool:
    """Whether an object is of the project, by itself and not for another object."""
    labels = at(value, "metadata", "labels")
    return (
        at(labels, _MANAGED_BY) == MANAGED_BY
        and at(labels, PART_OF) == part_of
        and not at(value, "metadata", "ownerReferences")
        and not at(value, "metadata", "deletionTimestamp")
    )


def left_over(
    listed: Iterable[KubernetesObject], kept: Iterable[ObjectKey], *, part_of: str
) -> tuple[ObjectKey, ...]:
    """Those of `listed` that are of the project and not among `kept`, in their order."""
    there = {_identity(key) for key in kept}
    keys = [ObjectKey.of(each) for each in listed if is_of_project(each, part_of)]
    return tuple(key for key in keys if _identity(key) not in there)


def looked_for(namespaces: Sequence[str]) -> tuple[ObjectKey, ...]:
    """What to list: each kind in each namespace, without a name."""
    return tuple(
        ObjectKey(api_version=api_version, kind=kind, namespace=namespace, name="")
        for api_version, kind in KINDS
        for namespace in namespaces
    )


def _identity(key: ObjectKey) -> tuple[str, str, str, str]:
    """What an object is in every version of its group."""
    return key.group, key.kind, key.namespace, key.name
