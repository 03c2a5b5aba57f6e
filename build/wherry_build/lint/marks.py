"""Nodes that know where each of their keys and items stands, and how each text was written.

Mappings, lists and texts of their own types, quick to make and read only: rules look at them, and
`--fix` edits the round-trip nodes instead. No I/O, and no knowledge of any reader.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from wherry_build.lint.node import Key, Node, is_list

Mark: TypeAlias = "tuple[int, int]"
"""Line and column, from 0."""


class MarkedMapping(dict[Any, Node]):
    """A mapping with the mark of its first key, and one for each key."""

    __slots__ = ("marks", "start")

    def __init__(self, start: Mark) -> None:
        self.start = start
        self.marks: dict[Any, Mark] = {}


class MarkedList(list[Node]):
    """A list with the mark of its beginning, and one for each item."""

    __slots__ = ("marks", "start")

    def __init__(self, start: Mark) -> None:
        self.start = start
        self.marks: list[Mark] = []


class Quoted(str):
    """A text that was written in quotes or in a block; one of the type `str` was plain."""

    __slots__ = ()


class Literal(Quoted):
    """A text that was written as a literal block, with the line that its `|` is in, from 0."""

    __slots__ = ("line",)
    line: int


def start(node: Node) -> Mark | None:
    """Where `node`, of whatever reader, begins; None where that is not known."""
    if isinstance(node, (MarkedMapping, MarkedList)):
        return node.start
    mark = getattr(node, "lc", None)
    return None if mark is None or mark.line is None else (mark.line, mark.col)


def mark(node: Node, key: Key) -> Mark | None:
    """Where the key or the item `key` of `node` stands; None where it is not or is not known."""
    if is_list(node) and isinstance(key, int) and key < 0:
        key += len(node)
    if isinstance(node, MarkedMapping):
        return node.marks.get(key)
    if isinstance(node, MarkedList):
        return node.marks[key] if isinstance(key, int) and 0 <= key < len(node) else None
    known = getattr(getattr(node, "lc", None), "data", None)
    found = known.get(key) if isinstance(known, dict) else None
    return None if found is None else (found[0], found[1])
