"""A deployment as callers of OpenFaaS's API send it, checked, and as it is kept and shown again.

Keys are those of `FunctionDeployment` (faas-provider, types). What a local platform has no use for
(`network`, `registryAuth`) is passed over, as unknown keys are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wherry_local.gateway import names
from wherry_local.gateway.answers import Refused

_MOST_ENTRIES = 500
_LIMIT_VALUE = 100_000
_LIMIT_PROCESS = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDeployment:
    """What a caller wants deployed.

    Attributes:
        service: The function's name.
        namespace: Where it is to live; empty where the caller does not say.
        image: Its image; empty where a command is enough.
        process: The command of its calls (`fprocess`), empty for none.
        environment: Variables.
        constraints: Kept to be shown again.
        secrets: Names of secrets.
        labels, annotations, limits, requests: As they were sent.
        read_only_root: Whether its root file system is read-only.
    """

    service: str
    namespace: str = ""
    image: str = ""
    process: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    constraints: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[str, str] = field(default_factory=dict)
    read_only_root: bool = False

    def document(self) -> dict[str, Any]:
        """The same in JSON, which `read_deployment` reads."""
        return {
            "service": self.service,
            "namespace": self.namespace,
            "image": self.image,
            "envProcess": self.process,
            "envVars": dict(self.environment),
            "constraints": list(self.constraints),
            "secrets": list(self.secrets),
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "limits": dict(self.limits),
            "requests": dict(self.requests),
            "readOnlyRootFilesystem": self.read_only_root,
        }


def read_deployment(said: Mapping[str, Any], *, namespace: str = "") -> FunctionDeployment:
    """Read what a caller sent.

    Args:
        said: The JSON object.
        namespace: The namespace in the query, which counts where the object says none.

    Raises:
        Refused: Something in it is not as it must be; the text says what.
    """
    where = _text(said, "namespace") or namespace
    process = _text(said, "envProcess").strip()
    image = _text(said, "image")
    if len(process) > _LIMIT_PROCESS or not process.isprintable():
        raise Refused(400, f"envProcess: expected one line of at most {_LIMIT_PROCESS} characters")
    if not image and not process:
        raise Refused(400, "image: is missing")
    return FunctionDeployment(
        service=names.function_name(said.get("service")),
        namespace=names.namespace_name(where) if where else "",
        image=names.image_name(image) if image else "",
        process=process,
        environment=texts_of(said, "envVars", names.variable_name),
        constraints=_list(said, "constraints"),
        secrets=tuple(
            dict.fromkeys(names.secret_name(n, where="secrets") for n in _list(said, "secrets"))
        ),
        labels=texts_of(said, "labels"),
        annotations=texts_of(said, "annotations"),
        limits=texts_of(said, "limits"),
        requests=texts_of(said, "requests"),
        read_only_root=_flag(said, "readOnlyRootFilesystem"),
    )


def texts_of(
    said: Mapping[str, Any], key: str, checked_name: Callable[[object], str] | None = None
) -> dict[str, str]:
    """The texts by name that stand at `key`, none where nothing does.

    Raises:
        Refused: It is something else, or a name is none by `checked_name`.
    """
    value = said.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > _MOST_ENTRIES:
        raise Refused(400, f"{key}: expected an object of at most {_MOST_ENTRIES} texts")
    named = checked_name or _key
    return {named(name): _checked(each, key) for name, each in value.items()}


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise Refused(400, f"{key}: expected a text")
    return value


def _flag(said: Mapping[str, Any], key: str) -> bool:
    value = said.get(key)
    if value is not None and not isinstance(value, bool):
        raise Refused(400, f"{key}: expected true or false")
    return value is True


def _list(said: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = said.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > _MOST_ENTRIES:
        raise Refused(400, f"{key}: expected a list of at most {_MOST_ENTRIES} texts")
    return tuple(_checked(each, key) for each in value)


def _checked(value: object, key: str) -> str:
    if not isinstance(value, str) or "\0" in value or len(value) > _LIMIT_VALUE:
        raise Refused(400, f"{key}: expected texts of at most {_LIMIT_VALUE} characters")
    return value


def _key(name: object) -> str:
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 317:
        raise Refused(400, "a label, annotation or amount: expected a name of printable characters")
    return name
