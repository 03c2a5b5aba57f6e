"""What a pod gets with a proxy: its container, its volumes, the ports that it is reached by.

From Kubernetes 1.29 on it is a native sidecar: an init container that goes on, is there before the
function starts and after it has ended. Before that, and in a Knative Service always, it is a
container like the function's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wherry_build.manifests.container import READINESS, security_context
from wherry_build.manifests.emission import PodAddition, PodPort
from wherry_build.manifests.options import KubeVersion, RenderOptions, Target
from wherry_build.manifests.sidecar.placement import (
    CONFIGURATION_FOLDER,
    FUNCTION_PORT,
    HEALTH,
    HTTP_PORT,
    HTTPS_PORT,
    TLS_FOLDER,
)
from wherry_build.manifests.sidecar.table import RouteTable
from wherry_build.manifests.yaml import Node

LAME_DUCK_S = 5
"""Time that a function goes on serving after it was asked to end, until nobody calls it."""
_NATIVE_SINCE = KubeVersion(1, 29)
_MODE_READ = 0o444  # of a Secret that no other container mounts; the proxy is not root
_SCRATCH_BYTES = "64Mi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy as a container runs it.

    Attributes:
        name: Its name.
        image: Reference of its image.
        command: What is run.
        arguments: The arguments of that.
        drain: Command that lets go of callers before it ends.
        memory: Memory that it is held to.
        writes: Whether it needs a folder to write to.
    """

    name: str
    image: str
    command: Sequence[str]
    arguments: Sequence[str]
    drain: Sequence[str]
    memory: str
    writes: bool = False


def addition(
    proxy: Proxy, table: RouteTable, *, configuration: str, options: RenderOptions
) -> PodAddition:
    """What a pod gets with `proxy`, whose ConfigMap is `configuration`."""
    in_knative = options.target is Target.KNATIVE
    is_native = not in_knative and options.kube_version >= _NATIVE_SINCE
    ports = _ports(table, in_knative=in_knative)
    container = _container(proxy, table, ports, is_native=is_native, in_knative=in_knative)
    return PodAddition(
        init_containers=(container,) if is_native else (),
        containers=() if is_native else (container,),
        volumes=tuple(_volumes(proxy, table, configuration)),
        ports=ports,
        function_port=FUNCTION_PORT,
    )


def _ports(table: RouteTable, *, in_knative: bool) -> tuple[PodPort, ...]:
    if in_knative:
        return (PodPort(name="http1", container=HTTP_PORT, service=80),)
    plain = PodPort(name="http", container=HTTP_PORT, service=80)
    if not table.certificates:
        return (plain,)
    return (plain, PodPort(name="https", container=HTTPS_PORT, service=443))


def _container(
    proxy: Proxy,
    table: RouteTable,
    ports: Sequence[PodPort],
    *,
    is_native: bool,
    in_knative: bool,
) -> dict[str, Node]:
    made: dict[str, Node] = {
        "name": proxy.name,
        "image": proxy.image,
        "imagePullPolicy": "IfNotPresent",
    }
    if is_native:
        made["restartPolicy"] = "Always"
    return {
        **made,
        "command": list(proxy.command),
        "args": list(proxy.arguments),
        "ports": [_declared(port, in_knative=in_knative) for port in ports],
        **(_knative_probes() if in_knative else _probes(proxy)),
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"memory": proxy.memory},
        },
        "securityContext": security_context(),
        "volumeMounts": list(_mounts(proxy, table)),
    }


def _declared(port: PodPort, *, in_knative: bool) -> Node:
    if in_knative:
        return {"name": port.name, "containerPort": port.container}
    return {"name": port.name, "containerPort": port.container, "protocol": "TCP"}


def _probes(proxy: Proxy) -> dict[str, Node]:
    health: Node = {"path": HEALTH, "port": HTTP_PORT}
    return {
        "startupProbe": {"httpGet": health, "periodSeconds": 1, "failureThreshold": 30},
        "readinessProbe": {"httpGet": health, "periodSeconds": 5, "timeoutSeconds": 3},
        "lifecycle": {"preStop": {"exec": {"command": list(proxy.drain)}}},
    }


def _knative_probes() -> dict[str, Node]:
    """Of the container with the port Knative asks whether the pod is ready: of the function."""
    return {"readinessProbe": {"httpGet": {"path": READINESS}}}


def _mounts(proxy: Proxy, table: RouteTable) -> list[Node]:
    made: list[Node] = [
        {"name": _volume(proxy), "mountPath": CONFIGURATION_FOLDER, "readOnly": True}
    ]
    made += [
        {"name": f"tls-{at}", "mountPath": f"{TLS_FOLDER}/{each.secret}", "readOnly": True}
        for at, each in enumerate(table.certificates)
    ]
    if proxy.writes:
        made.append({"name": f"{proxy.name}-scratch", "mountPath": "/tmp"})  # noqa: S108
    return made


def _volumes(proxy: Proxy, table: RouteTable, configuration: str) -> list[Node]:
    made: list[Node] = [{"name": _volume(proxy), "configMap": {"name": configuration}}]
    made += [
        {"name": f"tls-{at}", "secret": {"secretName": each.secret, "defaultMode": _MODE_READ}}
        for at, each in enumerate(table.certificates)
    ]
    if proxy.writes:
        empty: Node = {"medium": "Memory", "sizeLimit": _SCRATCH_BYTES}
        made.append({"name": f"{proxy.name}-scratch", "emptyDir": empty})
    return made


def _volume(proxy: Proxy) -> str:
    return f"{proxy.name}-configuration"
