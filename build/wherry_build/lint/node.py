"""Looks into nodes of a document that may have any shape; what is not there reads as nothing.

A rule reads what people wrote, so `spec.ports` may be a text or missing. These functions never
raise, whatever is given. Every reader makes mappings that are dicts, and lists. No I/O, and no
knowledge of any platform.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Node: TypeAlias = Any
"""A mapping, a list or a scalar as the YAML reader gives it."""

Key: TypeAlias = "str | int"
Keys: TypeAlias = tuple[Key, ...]


def at(node: Node, *keys: Key) -> Node:
    """What is below `node` at `keys`; None where nothing is."""
    for key in keys:
        if isinstance(node, dict):
            node = node.get(key)
        elif isinstance(node, list) and isinstance(key, int) and -len(node) <= key < len(node):
            node = node[key]
        else:
            return None
    return node


def mapping(node: Node) -> Mapping[Any, Node]:
    """`node` when it is a mapping, else an empty one."""
    return node if isinstance(node, dict) else {}


def items(node: Node) -> Sequence[Node]:
    """`node` when it is a list, else an empty one."""
    return node if isinstance(node, list) else ()


def text(node: Node) -> str:
    """`node` when it is a string, else the empty one."""
    return node if isinstance(node, str) else ""


def number(node: Node) -> int | None:
    """`node` when it is an integer and no boolean."""
    return int(node) if isinstance(node, int) and not isinstance(node, bool) else None


def is_list(node: Node) -> bool:
    """Whether `node` is a list; a string is none."""
    return isinstance(node, list)


def entries(node: Node, *keys: Key) -> Iterator[tuple[Keys, Node]]:
    """Each item of the list below `node` at `keys`, with the keys that lead to it from `node`."""
    for index, item in enumerate(items(at(node, *keys))):
        yield (*keys, index), item


def strings(node: Node) -> dict[str, str]:
    """The pairs of a mapping whose key and value are strings: labels, selectors."""
    return {
        str(key): str(value)
        for key, value in mapping(node).items()
        if isinstance(key, str) and isinstance(value, str)
    }


def walk(node: Node, keys: Keys = ()) -> Iterator[tuple[Keys, Node]]:
    """`node` and all below it, each object once however many aliases lead to it."""
    waiting: list[tuple[Keys, Node]] = [(keys, node)]
    seen: set[int] = set()
    while waiting:
        path, current = waiting.pop()
        if isinstance(current, dict):
            pairs = list(current.items())
        elif isinstance(current, list):
            pairs = list(enumerate(current))
        else:
            yield path, current
            continue
        if id(current) not in seen:
            yield path, current
            seen.add(id(current))
            waiting += [((*path, key), value) for key, value in reversed(pairs)]
