"""Rules over sidecars and mutual TLS: IST008, IST013, IST014."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle, Workload
from wherry_build.lint.finding import Severity
from wherry_build.lint.istio.names import (
    INJECT,
    ROOT_NAMESPACE,
    SECURITY,
    ClusterHost,
    cluster_host,
    destination_rules,
)
from wherry_build.lint.istio.registry import Registry
from wherry_build.lint.node import Node, items, mapping, number, strings, text
from wherry_build.lint.rule import Fault, fault, rule

_BY_NAMESPACE = "istio-injection"
_BY_REVISION = "istio.io/rev"
_PROXIES = ("nginx", "envoy", "haproxy", "caddy", "traefik")
_TLS_PORTS = frozenset({443, 8443})


@rule("IST008", Severity.WARNING, "ISTIO_MUTUAL asks for mutual TLS, and nothing enforces it")
def mutual_of_one_side(bundle: Bundle) -> Iterator[Fault]:
    """A DestinationRule speaks for the caller only; the mesh does that part by itself."""
    registry = Registry(bundle=bundle)
    strict = _strict_namespaces(bundle)
    for document in destination_rules(bundle):
        keys = ("spec", "trafficPolicy", "tls", "mode")
        host = cluster_host(text(document.get("spec", "host")), document.namespace)
        if document.get(*keys) != "ISTIO_MUTUAL" or host is None:
            continue
        bare = _without_sidecar(registry, host)
        if bare is not None:
            yield fault(
                document,
                keys,
                f"got ISTIO_MUTUAL for {host.name}, and {bare.document.subject} has no sidecar",
                hint="leave tls away, the mesh finds out by itself",
            )
        elif not _is_enforced(strict, host):
            yield fault(
                document,
                keys,
                "got ISTIO_MUTUAL and no PeerAuthentication STRICT among the files: callers "
                "without TLS are still let in",
                hint="add a PeerAuthentication with mtls.mode STRICT; tls is then not needed here",
            )


def _without_sidecar(registry: Registry, host: ClusterHost) -> Workload | None:
    service = registry.service(host)
    for workload in registry.bundle.behind(service) if service is not None else ():
        if workload.labels.get(INJECT) == "false":
            return workload
    return None


def _is_enforced(strict: frozenset[str], host: ClusterHost) -> bool:
    if not host.namespace:
        return bool(strict)
    return not strict.isdisjoint({"", ROOT_NAMESPACE, host.namespace})


def _strict_namespaces(bundle: Bundle) -> frozenset[str]:
    """Where mutual TLS is enforced; the empty one where the namespace is not written."""
    return frozenset(
        document.namespace
        for document in bundle.of_kind("PeerAuthentication", SECURITY)
        if document.get("spec", "mtls", "mode") == "STRICT"
    )


@rule("IST013", Severity.WARNING, "injection is asked for in an old way, or in two ways at once")
def injection_twice(bundle: Bundle) -> Iterator[Fault]:
    """The label of the pod counts; of a namespace's two labels the revision's is passed over."""
    for workload in (*bundle.workloads, *bundle.knative_services):
        keys = (*workload.keys, "metadata", "annotations")
        if INJECT in mapping(workload.document.get(*keys)):
            yield fault(
                workload.document,
                (*keys, INJECT),
                f"got the annotation {INJECT}, expected the label of that name",
                hint="move it to the labels of the same metadata",
            )
    for document in bundle.of_kind("Namespace"):
        labels = mapping(document.get("metadata", "labels"))
        if _BY_NAMESPACE in labels and _BY_REVISION in labels:
            yield fault(
                document,
                ("metadata", "labels", _BY_REVISION),
                f"got the labels {_BY_NAMESPACE} and {_BY_REVISION}, expected one of them",
                hint=f"keep {_BY_REVISION} where revisions of Istio are installed",
            )


@rule("IST014", Severity.WARNING, "a proxy that ends TLS runs behind the mesh's own sidecar")
def tls_twice(bundle: Bundle) -> Iterator[Fault]:
    """The mesh encrypts already, and it can route nothing that it cannot read."""
    for workload in bundle.workloads:
        if not _is_injected(bundle, workload):
            continue
        containers = [*workload.containers()]
        for keys, container in containers if len(containers) > 1 else ():
            if _ends_tls(workload, container):
                yield fault(
                    workload.document,
                    keys,
                    f"got the container {text(container.get('name'))!r} that ends TLS, in a pod "
                    "that gets Istio's sidecar",
                    hint="leave TLS to the mesh and its gateway, or switch injection off here",
                )


def _is_injected(bundle: Bundle, workload: Workload) -> bool:
    asked = workload.labels.get(INJECT)
    if asked is None:
        annotations = workload.document.get(*workload.keys, "metadata", "annotations")
        asked = strings(annotations).get(INJECT)
    if asked is not None:
        return asked == "true"
    labels = bundle.namespace_labels(workload.document.namespace)
    return labels.get(_BY_NAMESPACE) == "enabled" or _BY_REVISION in labels


def _ends_tls(workload: Workload, container: Node) -> bool:
    image = text(container.get("image")).rpartition("/")[2]
    secrets = {
        text(mapping(volume).get("name"))
        for volume in items(workload.spec.get("volumes"))
        if "secret" in mapping(volume)
    }
    mounts = {text(mapping(mount).get("name")) for mount in items(container.get("volumeMounts"))}
    has_port = any(
        number(mapping(port).get("containerPort")) in _TLS_PORTS
        or text(mapping(port).get("name")).startswith(("https", "tls"))
        for port in items(container.get("ports"))
    )
    return image.startswith(_PROXIES) and has_port and not secrets.isdisjoint(mounts)
