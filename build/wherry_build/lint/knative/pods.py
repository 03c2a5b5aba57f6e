"""Rules over the pods of a Knative Service: KNA005, KNA013."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle, Workload
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import Keys, Node, entries, items, mapping, number, text
from wherry_build.lint.rule import Fault, fault, rule

_PORT_NAMES = frozenset({"", "h2c", "http1"})
_PORTS = frozenset({8012, 8013, 8022, 8008, 9090, 9091})
_VARIABLES = frozenset({"K_CONFIGURATION", "K_REVISION", "K_SERVICE"})
_MOUNTS = frozenset({"/", "/dev", "/dev/log"})
_QUEUE_PROXY = "queue-proxy"
_READ_ONLY = ("configMap", "projected", "secret")


@rule("KNA005", Severity.ERROR, "a port, variable, mount or name that Knative does not allow")
def reserved(bundle: Bundle) -> Iterator[Fault]:
    """One container has one port; some ports, variables, mounts and a name are Knative's own."""
    for service in bundle.knative_services:
        containers = [*service.containers(with_init=False)]
        with_ports = [keys for keys, each in containers if items(each.get("ports"))]
        if len(containers) > 1 and not with_ports:
            yield fault(
                service.document,
                (*service.spec_keys, "containers"),
                "got several containers and no port, expected one that calls are sent to",
                hint="give the container that answers calls its port",
            )
        for keys in with_ports[1:]:
            yield fault(
                service.document,
                (*keys, "ports"),
                "got ports on a second container, expected them on one",
                hint="keep the ports of the container that answers calls",
            )
        for keys, container in containers:
            is_serving = len(containers) == 1 or keys in with_ports
            yield from _in_container(service, keys, container, is_serving=is_serving)


def _in_container(
    service: Workload, keys: Keys, container: Node, *, is_serving: bool
) -> Iterator[Fault]:
    document = service.document
    if container.get("name") == _QUEUE_PROXY:
        yield fault(
            document, (*keys, "name"), f"got the name {_QUEUE_PROXY}, which is Knative's own"
        )
    ports = [*entries(container, "ports")]
    if len(ports) > 1:
        yield fault(
            document,
            (*keys, *ports[1][0]),
            f"got {len(ports)} ports, expected one",
            hint="keep the port that calls are sent to",
        )
    for below, item in ports:
        yield from _port(service, (*keys, *below), mapping(item))
    variables = _VARIABLES | {"PORT"} if is_serving else _VARIABLES
    for below, variable in entries(container, "env"):
        name = text(mapping(variable).get("name"))
        if name in variables:
            yield fault(
                document,
                (*keys, *below, "name"),
                f"got the variable {name}, which Knative sets itself",
                hint="leave it away; say the port under `ports`" if name == "PORT" else "",
            )
    for below, mount in entries(container, "volumeMounts"):
        path = text(mapping(mount).get("mountPath"))
        if path and (path.rstrip("/") or "/") in _MOUNTS:
            yield fault(
                document, (*keys, *below, "mountPath"), f"got a mount at {path}, which is reserved"
            )


def _port(service: Workload, keys: Keys, port: Node) -> Iterator[Fault]:
    listened = number(port.get("containerPort"))
    if listened in _PORTS:
        yield fault(
            service.document,
            (*keys, "containerPort"),
            f"got port {listened}, which Knative's own proxy listens on",
            hint="listen on another, such as 8080",
        )
    name = port.get("name")
    if isinstance(name, str) and name not in _PORT_NAMES:
        yield fault(
            service.document,
            (*keys, "name"),
            f"got port name {name!r}, expected http1 or h2c",
            hint="h2c for HTTP/2 without TLS (gRPC), http1 for all else",
        )


@rule("KNA013", Severity.WARNING, "a Secret or ConfigMap is mounted to be written, in a Service")
def writable_mounts(bundle: Bundle) -> Iterator[Fault]:
    """Knative takes such mounts only for reading."""
    for service in bundle.knative_services:
        volumes = {
            text(mapping(volume).get("name")): kind
            for volume in items(service.spec.get("volumes"))
            for kind in _READ_ONLY
            if kind in mapping(volume)
        }
        for keys, container in service.containers():
            for below, mount in entries(container, "volumeMounts"):
                name = text(mapping(mount).get("name"))
                if name in volumes and mapping(mount).get("readOnly") is not True:
                    yield fault(
                        service.document,
                        (*keys, *below),
                        f"got a mount of the {volumes[name]} {name!r} without readOnly: true",
                        hint="write readOnly: true",
                    )
