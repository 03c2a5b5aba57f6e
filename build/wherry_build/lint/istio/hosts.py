"""Rules over the hosts and subsets that Istio's objects name: IST002 to IST004, IST010, IST012."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from wherry_build.lint.bundle import Bundle, Workload, grouped, may_share_namespace
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.istio.names import (
    MESH,
    NETWORKING,
    ClusterHost,
    cluster_host,
    destination_rules,
    destinations,
    hosts,
    is_cut,
    is_in_mesh,
    is_short,
    virtual_services,
)
from wherry_build.lint.istio.registry import Registry
from wherry_build.lint.node import Keys, entries, items, mapping, strings, text
from wherry_build.lint.rule import Fault, fault, fix, rule

_WAYPOINT = "istio.io/use-waypoint"


@rule("IST002", Severity.ERROR, "a subset is not defined, or no pod of its Service has its labels")
def subsets(bundle: Bundle) -> Iterator[Fault]:
    """A route to such a subset is answered with 503."""
    registry = Registry(bundle=bundle)
    for document in virtual_services(bundle):
        for keys, destination in destinations(document):
            yield from _undefined(registry, document, keys, destination)
    for document in destination_rules(bundle):
        yield from _selecting_nothing(registry, document)


def _undefined(
    registry: Registry, document: Document, keys: Keys, destination: object
) -> Iterator[Fault]:
    subset = text(mapping(destination).get("subset"))
    written = text(mapping(destination).get("host"))
    host = cluster_host(written, document.namespace)
    if not subset or host is None:
        return
    rules = registry.rules(host)
    defined = sorted({name for each in rules for name in _subset_names(each)})
    if subset in defined or not (rules or registry.serves(host)):
        return
    known = ", ".join(defined) or "none"
    yield fault(
        document,
        (*keys, "subset"),
        f"got subset {subset!r} of {written}, expected one of its DestinationRule's: {known}",
        hint="define the subset in the DestinationRule of that host, and apply that first",
    )


def _subset_names(rule_: Document) -> set[str]:
    return {
        text(mapping(each).get("name"))
        for each in items(rule_.get("spec", "subsets"))
        if text(mapping(each).get("name"))
    }


def _selecting_nothing(registry: Registry, document: Document) -> Iterator[Fault]:
    host = cluster_host(text(document.get("spec", "host")), document.namespace)
    if host is None or registry.knative_service(host) is not None:
        return
    pods = _pods(registry, host)
    for keys, subset in entries(document.node, "spec", "subsets"):
        labels = strings(mapping(subset).get("labels"))
        if not pods or not labels or any(labels.items() <= pod.labels.items() for pod in pods):
            continue
        wanted = ", ".join(f"{key}={value}" for key, value in labels.items())
        names = ", ".join(sorted({pod.document.subject for pod in pods}))
        yield fault(
            document,
            (*keys, "labels"),
            f"got subset {text(mapping(subset).get('name'))!r} with {wanted}, and no pod behind "
            f"{host.name} has that: {names}",
            hint="give the pods' template that label, or the subset the label that they have",
        )


def _pods(registry: Registry, host: ClusterHost) -> tuple[Workload, ...]:
    """What the Service selects; where it selects nothing that is given, what is named like it."""
    service = registry.service(host)
    if service is None:
        return ()
    bundle = registry.bundle
    return bundle.behind(service) or tuple(
        workload
        for workload in bundle.workloads_named(host.name)
        if host.is_named_by(workload.document)
    )


@rule("IST003", Severity.ERROR, "a VirtualService's host is no Service, or no host of its Gateway")
def served_hosts(bundle: Bundle) -> Iterator[Fault]:
    """Its rules are never reached by the name that callers use."""
    registry = Registry(bundle=bundle)
    opened = functools.lru_cache(maxsize=None)(_Opened)
    for document in virtual_services(bundle):
        named = [text(each) for each in items(document.get("spec", "gateways"))]
        for keys, written in hosts(document):
            if not named or named == [MESH]:
                yield from _unserved(registry, document, keys, written)
            elif MESH not in named:
                gateways = [_gateway(bundle, document, each) for each in named]
                if None not in gateways:
                    parts = [opened(each) for each in gateways if each is not None]
                    yield from _unopened(document, keys, written, named, parts)


def _unserved(registry: Registry, document: Document, keys: Keys, written: str) -> Iterator[Fault]:
    host = cluster_host(written, document.namespace)
    if host is None or not registry.shows(host.namespace) or registry.serves(host):
        return
    yield fault(
        document,
        keys,
        f"got host {written!r}, expected the name of a Service; there is none of that name",
        hint="write the host that callers dial, `name.namespace.svc.cluster.local`",
    )


class _Opened:
    """The hosts that a Gateway serves, so that not each is held against each host asked for."""

    def __init__(self, gateway: Document) -> None:
        self.gateway = gateway
        self.hosts = tuple(
            text(host)
            for server in items(gateway.get("spec", "servers"))
            for host in items(mapping(server).get("hosts"))
        )
        self._plain = grouped((_bare(each).lower(), each) for each in self.hosts)
        self._patterns = tuple(each for each in self.hosts if _bare(each).startswith("*"))

    def admits(self, written: str, document: Document) -> bool:
        """Whether one of the hosts lets a VirtualService in that asks for `written`."""
        named = cluster_host(written, document.namespace)
        names = {written, named.full} if named else {written}
        if any(name.startswith("*") for name in names):
            listed: Iterable[str] = self.hosts
        else:
            plain = (each for name in names for each in self._plain.get(name.lower(), ()))
            listed = (*plain, *self._patterns)
        return any(_admits(host, names, self.gateway, document) for host in listed)


def _unopened(
    document: Document, keys: Keys, written: str, named: list[str], gateways: list[_Opened]
) -> Iterator[Fault]:
    opened = [host for gateway in gateways for host in gateway.hosts]
    if opened and not any(gateway.admits(written, document) for gateway in gateways):
        yield fault(
            document,
            keys,
            f"got host {written!r}, expected one that {', '.join(named)} serves: "
            f"{', '.join(opened)}",
            hint="add the host to a server of the Gateway",
        )


def _gateway(bundle: Bundle, document: Document, named: str) -> Document | None:
    namespace, slash, name = named.rpartition("/")
    where = namespace if slash else document.namespace
    return bundle.find("Gateway", name, group=NETWORKING, namespace=where)


def _bare(listed: str) -> str:
    """The host of `namespace/host`."""
    return listed.rpartition("/")[2]


def _admits(listed: str, names: Iterable[str], gateway: Document, document: Document) -> bool:
    namespace, slash, host = listed.rpartition("/")
    if slash and namespace != "*":
        where = gateway.namespace if namespace == "." else namespace
        if not may_share_namespace(where, document.namespace):
            return False
    return any(_covers(host, name) or _covers(name, host) for name in names)


def _covers(pattern: str, name: str) -> bool:
    if pattern.startswith("*"):
        return name.endswith(pattern[1:])
    return pattern.lower() == name.lower()


@rule("IST004", Severity.ERROR, "a destination's host is missing, or means what the namespace says")
def destination_hosts(bundle: Bundle) -> Iterator[Fault]:
    """Mirrors are not looked at: no caller waits for them."""
    registry = Registry(bundle=bundle)
    for document in virtual_services(bundle):
        for keys, destination in destinations(document):
            written = text(mapping(destination).get("host"))
            found = _fault_of_host(registry, document, written)
            if found:
                message, hint = found
                yield fault(document, (*keys, "host"), message, hint=hint)


def _fault_of_host(registry: Registry, document: Document, written: str) -> tuple[str, str] | None:
    host = cluster_host(written, document.namespace)
    if registry.is_entered(written):
        return None
    if is_cut(written):
        return (
            f"got host {written!r}, which is taken as it is and is no Service's name",
            f"write {written}.cluster.local",
        )
    if host is None:
        return None
    if registry.shows(host.namespace) and not registry.serves(host):
        return (
            f"got host {written!r}, and there is no Service {host.name} in its namespace",
            "name a Service that there is, with its namespace",
        )
    if is_short(written):
        return (
            f"got host {written!r}, which is looked for in the namespace of this rule",
            f"write {host.full}",
        )
    return None


@fix("IST004")
def write_in_full(bundle: Bundle, found: Fault) -> None:
    """The name with namespace and domain, where the namespace is written and the Service known."""
    document = found.document
    destination = document.get(*found.keys[:-1])
    written = destination["host"]
    if is_cut(written):
        destination["host"] = f"{written}.cluster.local"
        return
    host = cluster_host(written, document.namespace)
    if host is None or not host.namespace:
        return
    registry = Registry(bundle=bundle)
    if registry.serves(host) or not registry.shows(host.namespace):
        destination["host"] = host.full


@rule("IST010", Severity.WARNING, "a VirtualService meets a waypoint or an HTTPRoute of its host")
def on_waypoint(bundle: Bundle) -> Iterator[Fault]:
    """At a waypoint a VirtualService is alpha, and with an HTTPRoute beside it undefined."""
    registry = Registry(bundle=bundle)
    for document in virtual_services(bundle):
        for keys, written in hosts(document):
            host = cluster_host(written, document.namespace)
            if host is None or not is_in_mesh(document):
                continue
            other = _meets(registry, host)
            if other:
                yield fault(
                    document,
                    keys,
                    f"got a VirtualService for {written}, and {other}",
                    hint="say all routes of this host in an HTTPRoute",
                )


def _meets(registry: Registry, host: ClusterHost) -> str:
    for route in registry.routes(host):
        return f"{route.subject} routes it too"
    service = registry.service(host)
    if service is not None:
        labels = strings(service.get("metadata", "labels"))
        inherited = registry.bundle.namespace_labels(service.namespace)
        waypoint = labels.get(_WAYPOINT, inherited.get(_WAYPOINT, "none"))
        if waypoint != "none":
            return f"{service.subject} is behind the waypoint {waypoint!r}"
    return ""


@rule("IST012", Severity.ERROR, "two VirtualServices of the mesh speak for one host")
def one_host_twice(bundle: Bundle) -> Iterator[Fault]:
    """Which of them counts is not defined. One object in several files is one object."""
    first: dict[tuple[str, str], Document] = {}
    for document in virtual_services(bundle):
        for keys, written in hosts(document) if is_in_mesh(document) else ():
            host = cluster_host(written, document.namespace)
            key = (host.name, host.namespace) if host else (written, "")
            known = first.setdefault(key, document)
            is_same = (known.name, known.namespace) == (document.name, document.namespace)
            if not is_same and _meet(known, document):
                yield fault(
                    document,
                    keys,
                    f"got host {written!r}, which {known.subject} in {known.path} has already",
                    hint="put the routes of one host into one VirtualService",
                )


def _meet(one: Document, other: Document) -> bool:
    """Whether some namespace sees both."""
    return may_share_namespace(one.namespace, other.namespace) or not any(
        items(each.get("spec", "exportTo")) == ["."] for each in (one, other)
    )
