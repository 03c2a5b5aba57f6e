"""What a YAML text says, as a tree in which everything knows where it stands. No I/O, no YAML."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Position:
    """A place in a file; lines and columns count from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Kind(enum.Enum):
    """What a scalar is to a reader of YAML 1.2 (section 10.3, the core schema)."""

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    TRUTH = "true or false"
    NOTHING = "null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A single value, as it is written."""

    kind: Kind
    text: str
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list."""

    items: tuple[Tree, ...]
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key of a map, with its value."""

    position: Position
    value: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A map; its keys are text, each once."""

    entries: Mapping[str, Entry]
    position: Position


LIMIT_DEPTH = 50
LIMIT_NODES = 200_000
"""Keys and values, aliases followed."""
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), Kind.NOTHING),
    **dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), Kind.TRUTH),
}
_FIRST_OF_NUMBER = frozenset("-+.0123456789")

Tree: TypeAlias = "Scalar | Sequence | Table"

_SHOWN = 60


def kind_of_plain(text: str) -> Kind:
    """What a scalar without quotes is."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBER:
        return Kind.TEXT
    if _WHOLE.fullmatch(text):
        return Kind.WHOLE
    return Kind.NUMBER if _NUMBER.fullmatch(text) else Kind.TEXT


def shown(tree: Tree) -> str:
    """`tree` in an error, short and in ASCII."""
    match tree:
        case Table():
            return "a map"
        case Sequence():
            return "a list"
        case Scalar(kind=Kind.NOTHING):
            return "nothing"
        case Scalar(kind=Kind.TEXT):
            return quoted(tree.text)
    return f"{quoted(tree.text)[1:-1]}, {_article(tree.kind)}"


def quoted(text: str) -> str:
    """`text` as a Python string in ASCII, cut where it is long."""
    written = ascii(text[: _SHOWN + 1])
    return written if len(written) <= _SHOWN else f"{written[:_SHOWN]}...{written[0]}"


def position_at(tree: Tree, way: tuple[str | int, ...]) -> Position:
    """Where the value at `way` stands, or the nearest that is there."""
    for step in way:
        match tree, step:
            case Table(entries=entries), str() if step in entries:
                tree = entries[step].value
            case Sequence(items=items), int() if step < len(items):
                tree = items[step]
            case _:
                return tree.position
    return tree.position


def positions(tree: Tree) -> Iterator[Position]:
    """Every position in `tree`."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node.position
        if isinstance(node, Table):
            for entry in node.entries.values():
                yield entry.position
                waiting.append(entry.value)
        elif isinstance(node, Sequence):
            waiting.extend(node.items)


def _article(kind: Kind) -> str:
    return "which is true or false" if kind is Kind.TRUTH else kind.value
