"""What OpenFaaS's gateway is told of a function, and what it tells of one. No I/O.

Bodies have the keys of faas-provider's FunctionDeployment and FunctionStatus. They are made from
the stack file, so that `wherry deploy` sends what faas-cli would send of the same file.

The provider of Kubernetes does not tell everything that it was told. A checksum of that travels as
an annotation, which it does tell, so that a change is seen where its value is not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wherry_build.errors import DeployError, InvalidName
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.amounts import Cpu, Memory

DEFAULT_NAMESPACE = "openfaas-fn"
CHECKSUM = "io.wherry.untold"
"""Annotation with a checksum of what a provider does not tell again."""
_PROVIDERS_OWN: Mapping[str, frozenset[str]] = {
    "labels": frozenset({"faas_function", "uid"}),
    "annotations": frozenset({"prometheus.io.scrape"}),
    "envVars": frozenset({"fprocess"}),
}
"""Keys that a provider adds itself; they are no difference unless the stack says them too."""
_NOT_ALWAYS_TOLD = ("constraints", "envVars", "readOnlyRootFilesystem")
"""What the provider of Kubernetes sets and does not tell again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDeployment:
    """One function as it is to be.

    Attributes:
        name: Its name.
        namespace: Where it goes.
        image: Full reference of its image.
        environment: Variables that it is given.
        secrets: Names of secrets that it is given.
        labels: Labels of its pods.
        annotations: Annotations of its pods.
        constraints: Labels of nodes that it may run on, `key=value`.
        requests: CPU and memory that are kept free for it, as Kubernetes quantities.
        limits: CPU and memory that it is held to.
        read_only_root: Whether its root file system is read-only.
    """

    name: str
    namespace: str
    image: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    constraints: tuple[str, ...] = ()
    requests: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    read_only_root: bool = False

    def body(self) -> dict[str, Node]:
        """The body of POST and PUT `/system/functions`."""
        return {
            "service": self.name,
            "namespace": self.namespace,
            "image": self.image,
            "envVars": self.environment,
            "secrets": self.secrets,
            "labels": self.labels,
            "annotations": {**self.annotations, CHECKSUM: self._checksum()},
            "constraints": self.constraints,
            "requests": self.requests,
            "limits": self.limits,
            "readOnlyRootFilesystem": self.read_only_root,
        }

    def _checksum(self) -> str:
        untold = [sorted(self.constraints), dict(self.environment), self.read_only_root]
        return hashlib.sha256(json.dumps(untold, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionStatus:
    """One function as the gateway tells it.

    Attributes:
        name: Its name.
        namespace: Where it is.
        replicas: Instances that there are to be.
        available: Instances that take calls.
        told: All that was told, by the gateway's own keys.
    """

    name: str
    namespace: str
    replicas: int
    available: int
    told: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """A function as it is beside what it is to be; what is equal reads equal in both.

    Attributes:
        name: Its name.
        namespace: Its namespace.
        there: What the gateway tells of it, None when there is no such function.
        wanted: What it is to be, by the same keys.
        untold: Keys of it that the gateway does not tell, and of which no checksum is there, so
            that nobody knows whether they differ.
    """

    name: str
    namespace: str
    there: Mapping[str, Node] | None
    wanted: Mapping[str, Node]
    untold: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self.there != self.wanted


def deployments(stack: Mapping[str, Node]) -> tuple[FunctionDeployment, ...]:
    """The functions of a stack file, in its order.

    Raises:
        DeployError: It is no stack file of ours.
    """
    functions = stack.get("functions")
    if not isinstance(functions, Mapping):
        raise DeployError("the stack file has no functions")
    return tuple(_deployment(name, each) for name, each in functions.items())


def _deployment(name: str, said: Node) -> FunctionDeployment:
    if not isinstance(said, Mapping):
        raise DeployError(f"function {name!r} of the stack file is no map")
    return FunctionDeployment(
        name=name,
        namespace=str(said.get("namespace") or DEFAULT_NAMESPACE),
        image=str(said["image"]),
        environment=_texts(said.get("environment")),
        secrets=_words(said.get("secrets")),
        labels=_texts(said.get("labels")),
        annotations=_texts(said.get("annotations")),
        constraints=_words(said.get("constraints")),
        requests=_texts(said.get("requests")),
        limits=_texts(said.get("limits")),
        read_only_root=said.get("readonly_root_filesystem") is True,
    )


def function_status(told: Mapping[str, object], *, namespace: str) -> FunctionStatus:
    """Read what the gateway tells; it leaves out what is zero."""
    return FunctionStatus(
        name=str(told.get("name", "")),
        namespace=str(told.get("namespace") or namespace),
        replicas=_whole(told.get("replicas")),
        available=_whole(told.get("availableReplicas")),
        told=told,
    )


def differences(wanted: FunctionDeployment, status: FunctionStatus | None) -> Differences:
    """What is different between what there is and what is to be."""
    whole = _compared(wanted.body())
    if status is None:
        return Differences(name=wanted.name, namespace=wanted.namespace, there=None, wanted=whole)
    untold = [key for key in _NOT_ALWAYS_TOLD if key in whole and key not in status.told]
    kept = {key: value for key, value in whole.items() if key not in untold}
    told = _compared({**status.told, "service": status.name, "namespace": status.namespace})
    annotations = told.get("annotations")
    is_known = isinstance(annotations, Mapping) and CHECKSUM in annotations
    there = {
        key: value
        for key, each in told.items()
        if (value := _as_compared(key, each, kept.get(key))) not in ({}, [])
    }
    return Differences(
        name=wanted.name,
        namespace=wanted.namespace,
        there=there,
        wanted=kept,
        untold=() if is_known else tuple(untold),
    )


def _as_compared(key: str, there: Node, wanted: Node) -> Node:
    """`there` without what the provider added, and amounts that are equal as ours are written."""
    if not isinstance(there, Mapping):
        return there
    ours = wanted if isinstance(wanted, Mapping) else {}
    if key in {"requests", "limits"}:
        # Kubernetes writes `1000m` as `1`, and `0` where nothing was said.
        return {
            name: ours[name] if _amount(name, ours.get(name)) == _amount(name, value) else value
            for name, value in there.items()
            if value != "0" or name in ours
        }
    own = _PROVIDERS_OWN.get(key, frozenset())
    return {name: value for name, value in there.items() if name not in own or name in ours}


def _compared(body: Mapping[str, object]) -> dict[str, Node]:
    """The keys of `body` that count, sorted, those that say nothing left out."""
    made: dict[str, Node] = {}
    for key in sorted(FunctionDeployment(name="", namespace="", image="").body()):
        value = body.get(key)
        if isinstance(value, Mapping):
            made[key] = {name: str(value[name]) for name in sorted(value)}
        elif isinstance(value, Sequence) and not isinstance(value, str):
            made[key] = sorted(str(item) for item in value)
        elif isinstance(value, (str, bool)):
            made[key] = value
        if not made.get(key):
            made.pop(key, None)
    return made


def _amount(name: str, value: Node) -> object:
    text = str(value)
    try:
        if name == "cpu":
            return Cpu(text=text).millicores
        return int(text) if text.isdecimal() else Memory(text=text).bytes
    except InvalidName:
        return text


def _texts(value: Node) -> dict[str, str]:
    return {name: str(each) for name, each in value.items()} if isinstance(value, Mapping) else {}


def _words(value: Node) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, (list, tuple)) else ()


def _whole(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) else 0
