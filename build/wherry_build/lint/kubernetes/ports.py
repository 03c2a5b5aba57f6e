"""Rules about the ports of Services: what they lead to, and what is spoken there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wherry_build.lint.bundle import Bundle, Workload
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import Node, entries, items, mapping, number, text
from wherry_build.lint.rule import Fault, fault, fix, rule

_PROTOCOLS = frozenset(
    {
        "http", "http2", "grpc", "grpc-web", "https", "tls", "tcp", "udp",
        "mongo", "redis", "mysql", "h2c",
    }
)  # fmt: skip
"""First words of a port's name that a mesh takes for its protocol."""

_NAMES_BY_PORT = {80: "http", 8080: "http", 443: "https", 8443: "https"}


@rule("K8S003", Severity.ERROR, "a Service's targetPort is no port of the pods it selects")
def target_port(bundle: Bundle) -> Iterator[Fault]:
    """A name must be there; a number must be, where the pods say which ports they have."""
    for service in bundle.services:
        workloads = bundle.behind(service)
        for keys, port in entries(service.node, "spec", "ports"):
            given = mapping(port)
            is_written = "targetPort" in given
            target = given.get("targetPort", given.get("port"))
            if not workloads or any(_has_port(workload, target) for workload in workloads):
                continue
            yield fault(
                service,
                (*keys, "targetPort" if is_written else "port"),
                f"got {target!r}, and {workloads[0].document.subject} has {_listed(workloads[0])}",
                hint="give the number or the name of a containerPort",
            )


def _has_port(workload: Workload, target: Node) -> bool:
    """Whether pods have the port `target`; true also where that cannot be told."""
    ports = _ports(workload)
    if isinstance(target, str) and not target.isdigit():
        return any(text(port.get("name")) == target for port in ports)
    wanted = number(int(target) if isinstance(target, str) else target)
    return wanted is None or not ports or any(port.get("containerPort") == wanted for port in ports)


def _ports(workload: Workload) -> Sequence[Node]:
    return [
        mapping(port)
        for _, container in workload.containers()
        for port in items(container.get("ports"))
    ]


def _listed(workload: Workload) -> str:
    shown = [
        f"{port.get('containerPort')}" + (f" ({port['name']})" if "name" in port else "")
        for port in _ports(workload)
    ]
    return ", ".join(shown) or "no named port"


@rule("K8S009", Severity.WARNING, "a Service's port does not say which protocol is spoken on it")
def protocol_of_port(bundle: Bundle) -> Iterator[Fault]:
    """A port without name and appProtocol; beside objects of Istio also one with another name."""
    is_meshed = any(document.group.endswith(".istio.io") for document in bundle.objects)
    for service in bundle.services:
        if text(service.get("spec", "type")) == "ExternalName":
            continue
        for keys, port in entries(service.node, "spec", "ports"):
            given = mapping(port)
            name = text(given.get("name"))
            if "appProtocol" in given or given.get("protocol", "TCP") != "TCP":
                continue
            if not name or (is_meshed and not _names_protocol(name)):
                got = f"the name {name!r}" if name else "no name and no appProtocol"
                yield fault(
                    service,
                    keys,
                    f"got {got}, expected a port that says what is spoken on it",
                    hint="name it `http`, `grpc-...`, `tcp-...`, or set appProtocol",
                )


def _names_protocol(name: str) -> bool:
    return name in _PROTOCOLS or name.partition("-")[0] in _PROTOCOLS


@fix("K8S009")
def name_port(bundle: Bundle, found: Fault) -> None:  # noqa: ARG001
    """Name the ports of HTTP and HTTPS; which protocol another one has is not known."""
    document = found.document
    port = document.get(*found.keys)
    protocol = _NAMES_BY_PORT.get(number(mapping(port).get("port")) or 0)
    if protocol is None:
        return
    taken = {text(mapping(other).get("name")) for other in items(document.get("spec", "ports"))}
    if "name" in port:
        port["appProtocol"] = protocol
    elif protocol not in taken:
        port.insert(0, "name", protocol)
    else:
        port.insert(0, "name", f"{protocol}-{port['port']}")
