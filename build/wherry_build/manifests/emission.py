"""What an emitter gives: objects, what its platform cannot carry of the project, and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wherry_build.manifests.document import Document
from wherry_build.manifests.yaml import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something that the project says and the target cannot express.

    Attributes:
        key: Where wherry.yaml says it, `routes.orders.fault`.
        reason: Why the target does not get it, and what becomes of it there.
        instead: What to do about it; empty where there is nothing.
    """

    key: str
    reason: str
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """What one emitter gives.

    Attributes:
        documents: Objects, each with its file.
        losses: What the platform does not get, as far as it depends on values; what depends on
            the key alone is in the emitter's `LOST`.
        warnings: What whoever applies the objects should know, one sentence each.
        carried: Keys of the project that are written though the emitter's `CARRIED` does not
            promise it of all their kind, `hosts.fns.example.com.tls.secret`.
    """

    documents: tuple[Document, ...] = ()
    losses: tuple[Loss, ...] = ()
    warnings: tuple[str, ...] = ()
    carried: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PodAddition:
    """What a mesh or a sidecar adds to the pods of functions.

    Attributes:
        labels: Labels of every pod.
        annotations: Annotations of every pod.
        init_containers: Containers that start before; native sidecars are among them.
        containers: Containers beside the function's.
        volumes: Volumes that those need.
        ports: Ports that the pod is reached by in place of the function's own; none for its own.
        function_port: Port that the function then listens on, on loopback only.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    init_containers: tuple[Node, ...] = ()
    containers: tuple[Node, ...] = ()
    volumes: tuple[Node, ...] = ()
    ports: tuple[PodPort, ...] = ()
    function_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PodPort:
    """A port that callers reach.

    Attributes:
        name: Its name in the container and the Service, `https`.
        container: Number in the pod.
        service: Number of the Service.
    """

    name: str
    container: int
    service: int


def together(emissions: Iterable[Emission]) -> Emission:
    """Several emissions as one, in their order."""
    listed = list(emissions)
    return Emission(
        documents=tuple(each for emission in listed for each in emission.documents),
        losses=tuple(each for emission in listed for each in emission.losses),
        warnings=tuple(each for emission in listed for each in emission.warnings),
        carried=frozenset().union(*(emission.carried for emission in listed)),
    )


def added(additions: Iterable[PodAddition]) -> PodAddition:
    """Several additions as one; at most one of them says the ports."""
    listed = list(additions)
    ports = [each for each in listed if each.ports]
    return PodAddition(
        labels={name: value for each in listed for name, value in each.labels.items()},
        annotations={name: value for each in listed for name, value in each.annotations.items()},
        init_containers=tuple(item for each in listed for item in each.init_containers),
        containers=tuple(item for each in listed for item in each.containers),
        volumes=tuple(item for each in listed for item in each.volumes),
        ports=ports[0].ports if ports else (),
        function_port=ports[0].function_port if ports else None,
    )
