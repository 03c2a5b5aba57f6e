"""What would change: an object as it is, and as it would be after an apply. No I/O.

What servers keep of their own is left out. The text is YAML to read, a line for each value and for
each line of a long text, and is never read back.
"""

from __future__ import annotations

import difflib
import enum
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wherry_build.deploy.identity import KubernetesObject, ObjectKey

_OF_SERVERS = frozenset(
    {"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"}
)
_PLAIN_KEY = re.compile(r"[A-Za-z0-9._/-]+")
_APPLIED_BEFORE = "kubectl.kubernetes.io/last-applied-configuration"


class Change(enum.Enum):
    """What an apply does to an object."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What an apply would do to one object.

    Attributes:
        key: Which object.
        change: What would be done.
        lines: A unified diff, its headers included; empty where nothing would change.
    """

    key: ObjectKey
    change: Change
    lines: tuple[str, ...]


def difference(
    key: ObjectKey, live: KubernetesObject | None, after: KubernetesObject
) -> Difference:
    """Compare an object as it is, None when it is not there, with what it would be."""
    before = list(_lines(_compared(live), "")) if live is not None else []
    lines = tuple(
        difflib.unified_diff(
            before,
            list(_lines(_compared(after), "")),
            fromfile=f"live/{key.namespace}/{key}",
            tofile=f"rendered/{key.namespace}/{key}",
            lineterm="",
        )
    )
    changed = Change.CONFIGURED if lines else Change.UNCHANGED
    return Difference(key=key, change=Change.CREATED if live is None else changed, lines=lines)


def _compared(value: KubernetesObject) -> dict[str, object]:
    kept: dict[str, object] = {name: item for name, item in value.items() if name != "status"}
    metadata = kept.get("metadata")
    if isinstance(metadata, Mapping):
        kept["metadata"] = _metadata(metadata)
    return kept


def _metadata(metadata: Mapping[str, object]) -> dict[str, object]:
    kept = {name: item for name, item in metadata.items() if name not in _OF_SERVERS}
    annotations = kept.get("annotations")
    if isinstance(annotations, Mapping) and _APPLIED_BEFORE in annotations:
        rest = {name: item for name, item in annotations.items() if name != _APPLIED_BEFORE}
        kept = {**kept, "annotations": rest} if rest else _without(kept, "annotations")
    return kept


def _without(value: Mapping[str, object], name: str) -> dict[str, object]:
    return {key: item for key, item in value.items() if key != name}


def _lines(value: object, indent: str) -> Iterator[str]:
    """A mapping's keys in order of their names, as servers send them."""
    if isinstance(value, Mapping):
        for name in sorted(value):
            yield from _entry(f"{indent}{_key(name)}:", value[name], indent)
    elif isinstance(value, list):
        for item in value:
            yield from _item(item, indent)


def _entry(head: str, value: object, indent: str) -> Iterator[str]:
    if isinstance(value, (Mapping, list)) and value:
        yield head
        yield from _lines(value, f"{indent}  ")
    elif isinstance(value, str) and "\n" in value:
        yield f"{head} |"
        yield from (f"{indent}  {_printable(line)}" for line in value.split("\n"))
    else:
        yield f"{head} {_scalar(value)}"


def _item(value: object, indent: str) -> Iterator[str]:
    if not isinstance(value, (Mapping, list)) or not value:
        yield from _entry(f"{indent}-", value, indent)
        return
    first, *rest = _lines(value, f"{indent}  ")
    yield f"{indent}- {first[len(indent) + 2 :]}"
    yield from rest


def _scalar(value: object) -> str:
    return json.dumps(value)  # ASCII: no control character reaches a terminal


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else _scalar(name)


def _printable(line: str) -> str:
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in line)
