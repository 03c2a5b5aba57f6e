"""What an object of Kubernetes is known by. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from wherry_build.manifests.yaml import Node

KubernetesObject: TypeAlias = "Mapping[str, Node]"
"""An object as JSON has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectKey:
    """What an object is known by.

    Attributes:
        api_version: Group and version, `serving.knative.dev/v1`; `v1` of the core.
        kind: `Service`.
        namespace: Where it lives; empty for what lives in none.
        name: Its name; empty for all of the kind there.
    """

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, value: KubernetesObject) -> ObjectKey:
        """The key of a rendered object."""
        metadata = cast("Mapping[str, str]", value["metadata"])
        return cls(
            api_version=str(value["apiVersion"]),
            kind=str(value["kind"]),
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
        )

    @property
    def group(self) -> str:
        """Its group; empty for the core's."""
        return self.api_version.rpartition("/")[0]

    @property
    def resource(self) -> str:
        """What kubectl takes for its kind, `service.serving.knative.dev`."""
        return f"{self.kind.lower()}.{self.group}" if self.group else self.kind.lower()

    def __str__(self) -> str:
        return f"{self.resource}/{self.name}" if self.name else self.resource


def at(value: object, *path: str) -> object:
    """What stands at `path` in `value`; None where any part of the path is absent."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
