"""The schemas of custom resources, read from CustomResourceDefinitions or from one bundle.

A bundle is one JSON file that maps `group/version/Kind` to `{"schema": ...}`. It validates nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from wherry_build.errors import LintError
from wherry_build.extras import extra
from wherry_build.lint.node import at, entries, items, mapping, text

Schema: TypeAlias = Mapping[str, Any]

_YAML = frozenset({".yaml", ".yml"})
_SUFFIXES = _YAML | {".json"}
_DEFINITION = "CustomResourceDefinition"


@dataclass(frozen=True, kw_only=True, eq=False)
class Schemas:
    """Structural schemas by group, version and kind.

    Attributes:
        served: `apiVersion` and kind of every version that an API server would take.
    """

    served: Mapping[tuple[str, str], Schema] = field(default_factory=dict)

    def find(self, api_version: str, kind: str) -> Schema | None:
        """The schema of a kind, or none."""
        return self.served.get((api_version, kind))

    def kinds(self, api_version: str) -> tuple[str, ...]:
        """Every kind that there is in one version of a group."""
        return tuple(sorted(kind for found, kind in self.served if found == api_version))

    def versions(self, group: str, kind: str) -> tuple[str, ...]:
        """Every `apiVersion` that a kind of a group has."""
        return tuple(
            sorted(
                api_version
                for api_version, found in self.served
                if found == kind and api_version.rpartition("/")[0] == group
            )
        )

    @cached_property
    def groups(self) -> frozenset[str]:
        """Every group that has a schema."""
        return frozenset(api_version.rpartition("/")[0] for api_version, _ in self.served)


def read_schemas(path: Path) -> Schemas:
    """Read every definition in the folder or file `path`.

    Raises:
        LintError: It is not there, cannot be read, or has no schema in it.
        ExtraMissing: The library that reads YAML is not installed, and there is YAML.
    """
    if not path.exists():
        raise LintError(f"{path}: there is no such file or folder")
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    served: dict[tuple[str, str], Schema] = {}
    for file in files:
        if file.suffix.lower() in _SUFFIXES and file.is_file():
            for document in _documents(file):
                served |= _bundled(document) or _defined(document)
    if not served:
        raise LintError(
            f"{path}: got no schema, expected CustomResourceDefinitions in YAML or JSON",
            hint="kubectl get crds -o yaml > crds/all.yaml",
        )
    return Schemas(served=served)


def _documents(file: Path) -> Iterator[Any]:
    try:
        content = file.read_text(encoding="utf-8-sig")
        yield from _yaml(content) if file.suffix.lower() in _YAML else [json.loads(content)]
    except (ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise LintError(f"{file}: this cannot be read: {said}") from None


def _yaml(content: str) -> list[Any]:
    with extra("lint"):
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

    try:
        return list(YAML(typ="safe").load_all(content))
    except YAMLError as error:
        raise ValueError(error) from None


def _bundled(document: Any) -> dict[tuple[str, str], Schema]:
    """The schemas of a bundle; empty when `document` is none."""
    found: dict[tuple[str, str], Schema] = {}
    for name, value in mapping(document).items():
        api_version, _, kind = str(name).rpartition("/")
        schema = at(value, "schema")
        if not api_version or not isinstance(schema, Mapping):
            return {}
        if at(value, "served") is not False:
            found[api_version, kind] = schema
    return found


def _defined(document: Any) -> dict[tuple[str, str], Schema]:
    """The schemas of a definition, or of a list of them."""
    if text(at(document, "kind")).endswith("List"):
        lists = [_defined(item) for item in items(at(document, "items"))]
        return {kind: schema for each in lists for kind, schema in each.items()}
    if at(document, "kind") != _DEFINITION:
        return {}
    group, kind = text(at(document, "spec", "group")), text(at(document, "spec", "names", "kind"))
    return {
        (f"{group}/{at(version, 'name')}", kind): schema
        for _, version in entries(document, "spec", "versions")
        if at(version, "served") is not False
        and isinstance(schema := at(version, "schema", "openAPIV3Schema"), Mapping)
    }
