"""Rules over Envoy's clusters, and what the routes to them leave to chance."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document
from wherry_build.lint.envoy.bootstrap import (
    Section,
    bootstraps,
    clusters,
    endpoints,
    is_loopback,
    port_of,
    routes,
)
from wherry_build.lint.envoy.workloads import envoys
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import at, items, mapping, text
from wherry_build.lint.rule import Fault, rule

_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_HTTP1_PROTOCOLS = frozenset({"http", "http1"})
_TIMEOUTS = ("timeout", "max_stream_duration")
_DOMAIN = "cluster.local"


@rule("ENV009", Severity.ERROR, "a cluster speaks HTTP/2 to a port that is declared as HTTP/1.1")
def http2_to_http1(bundle: Bundle) -> Iterator[Fault]:
    """Without TLS nothing is negotiated: the server gets a preface that it cannot read."""
    for bootstrap in bootstraps(bundle):
        for cluster in clusters(bootstrap):
            at_keys = _http2_keys(cluster)
            if at_keys is None or cluster.get("transport_socket") is not None:
                continue
            for address in endpoints(cluster):
                declared = _declared_protocol(bundle, address)
                if declared in _HTTP1_PROTOCOLS:
                    host, port = address.get("address"), port_of(address)
                    yield cluster.fault(
                        *at_keys,
                        message=f"got HTTP/2 to {host}:{port}, which is declared as {declared}",
                        hint="write http_protocol_options, or declare the port as "
                        "kubernetes.io/h2c",
                    )
                    break


@rule("ENV010", Severity.WARNING, "STRICT_DNS resolves a Service that has one address for all")
def strict_dns_on_one_address(bundle: Bundle) -> Iterator[Fault]:
    """Envoy sees one endpoint, so its balancing, retries and ejection have nothing to choose."""
    for bootstrap in bootstraps(bundle):
        for cluster in clusters(bootstrap):
            if cluster.word("type") != "STRICT_DNS":
                continue
            for address in endpoints(cluster):
                service = _service_at(bundle, address)
                if service is not None and _has_one_address(service):
                    yield address.fault(
                        "address",
                        message=f"got {text(address.get('address'))}, a Service with one cluster "
                        "IP, expected a headless one",
                        hint="write clusterIP: None in the Service to balance over its pods",
                    )


@rule("ENV011", Severity.WARNING, "a route has no timeout, or its cluster no view of bad endpoints")
def left_to_chance(bundle: Bundle) -> Iterator[Fault]:
    """Retries are not asked for: they are wrong for calls that are not idempotent."""
    for bootstrap in bootstraps(bundle):
        routed: set[str] = set()
        for route in routes(bootstrap):
            action = mapping(route.get("route"))
            if not action:
                continue
            routed |= set(_clusters_of(route))
            if not any(name in action for name in _TIMEOUTS):
                yield route.fault(
                    "route",
                    message="got a route without timeout, expected one; 15s is taken",
                    hint="write timeout: with what the function may take, 0s for streams",
                )
        for cluster in clusters(bootstrap):
            if text(cluster.get("name")) in routed and _is_blind(cluster):
                yield cluster.fault(
                    message=f"got cluster {text(cluster.get('name'))} with neither "
                    "outlier_detection nor health_checks, expected one of them",
                    hint="add outlier_detection, so that an endpoint that fails is left out",
                )


def _clusters_of(route: Section) -> Iterator[str]:
    yield text(route.get("route", "cluster"))
    for weighted in items(route.get("route", "weighted_clusters", "clusters")):
        yield text(at(weighted, "name"))


def _is_blind(cluster: Section) -> bool:
    """Whether a cluster with endpoints outside the pod would go on sending to a dead one."""
    if not {"outlier_detection", "health_checks"}.isdisjoint(mapping(cluster.node)):
        return False
    return any(not is_loopback(text(each.get("address"))) for each in endpoints(cluster))


def _http2_keys(cluster: Section) -> tuple[str, ...] | None:
    """Where a cluster says that it speaks HTTP/2 and nothing else."""
    if "http2_protocol_options" in mapping(cluster.node):
        return ("http2_protocol_options",)
    keys = ("typed_extension_protocol_options", _OPTIONS, "explicit_http_config")
    if "http2_protocol_options" in mapping(cluster.get(*keys)):
        return (*keys, "http2_protocol_options")
    return None


def _declared_protocol(bundle: Bundle, address: Section) -> str:
    """What the port that an endpoint dials is declared to speak; empty when nobody says."""
    port = port_of(address)
    service = _service_at(bundle, address)
    if service is not None:
        for entry in items(service.get("spec", "ports")):
            if at(entry, "port") == port:
                return _protocol(text(at(entry, "appProtocol")), text(at(entry, "name")))
        return ""
    if is_loopback(text(address.get("address"))):
        for proxy in envoys(bundle):
            if address.document in proxy.configurations:
                for _, container in proxy.workload.containers():
                    for entry in items(at(container, "ports")):
                        if at(entry, "containerPort") == port:
                            return _protocol("", text(at(entry, "name")))
    return ""


def _protocol(app_protocol: str, name: str) -> str:
    return app_protocol.lower() or name.partition("-")[0].lower()


def _service_at(bundle: Bundle, address: Section) -> Document | None:
    """The Service of the core group that the host of an endpoint names."""
    name, _, rest = text(address.get("address")).rstrip(".").partition(".")
    namespace, _, domain = rest.partition(".")
    if not name or domain not in {"", "svc", f"svc.{_DOMAIN}"}:
        return None
    embedding = address.document.embedding
    own = "" if embedding is None else embedding.outer.namespace
    return bundle.find("Service", name, namespace=namespace or own)


def _has_one_address(service: Document) -> bool:
    kind = text(service.get("spec", "type")) or "ClusterIP"
    return kind != "ExternalName" and service.get("spec", "clusterIP") != "None"
