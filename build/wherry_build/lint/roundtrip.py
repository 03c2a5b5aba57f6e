"""YAML that can be written again as it was: comments, quotes and order are kept in the nodes.

The only module of the linter that knows the library. It knows no platform.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from wherry_build.extras import extra

if TYPE_CHECKING:
    from ruamel.yaml import YAML

from wherry_build.lint.marks import Literal
from wherry_build.lint.node import Key, Node

_WIDTH = 1 << 20  # no line is ever folded
_LIMIT_DEPTH = 100
_TOO_DEEP = "it is nested too deep"
_BRACKETS = re.compile(r"[\[\]{}]")
_DASHES = re.compile(rf"(?:- ){{{_LIMIT_DEPTH},}}")

Indentation: TypeAlias = tuple[int, int, int]
"""Columns of a mapping's level, of a list's level, and of the dash in it."""

INDENTATIONS: tuple[Indentation, ...] = (
    (2, 2, 0),
    (2, 4, 2),
    (4, 2, 0),
    (4, 4, 0),
    (4, 4, 2),
    (4, 6, 4),
)
"""The ways in which people indent, the commonest first."""


class Unreadable(Exception):  # noqa: N818 - named for the state
    """A text that is no YAML; line and column begin at 1."""

    def __init__(self, message: str, *, line: int, column: int, hint: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.hint = hint


def library() -> Any:
    """The package `ruamel.yaml`.

    Raises:
        ExtraMissing: It is not installed.
    """
    with extra("lint"):
        import ruamel.yaml
    return ruamel.yaml


def round_trip() -> YAML:
    """A reader and writer that keeps what a person wrote."""
    made: YAML = library().YAML(typ="rt", pure=True)
    made.preserve_quotes = True
    made.width = _WIDTH
    return made


def read_yaml(text: str) -> Iterator[Node]:
    """Each document of a stream that is not empty; those before a fault come before it is raised.

    Raises:
        Unreadable: The text is no YAML, or a mapping has a key twice.
    """
    refuse_depth(text)
    with _faults():
        for node in round_trip().load_all(text):
            if node is not None:
                yield node


def scan_yaml(text: str) -> None:
    """Read a stream for its form only, which is quicker.

    Raises:
        Unreadable: The text is no YAML.
    """
    refuse_depth(text)
    with _faults():
        for _ in round_trip().parse(text):
            pass


def refuse_depth(text: str) -> None:
    """Refuse what the library would take minutes for: lists in lists, hundreds deep.

    Raises:
        Unreadable: There are.
    """
    depth = deepest = 0
    if text.count("[") + text.count("{") > _LIMIT_DEPTH:
        for bracket in _BRACKETS.findall(text):
            depth = depth + 1 if bracket in "[{" else max(0, depth - 1)
            deepest = max(deepest, depth)
    if deepest > _LIMIT_DEPTH or _DASHES.search(text) is not None:
        raise Unreadable(_TOO_DEEP, line=1, column=1)


@contextmanager
def _faults() -> Iterator[None]:
    """What the library raises, as the fault of the text that it is."""
    errors = library().error
    try:
        yield
    except errors.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = _first_line(error.problem or error.context or "no YAML")
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Unreadable(said, line=line, column=column, hint=_advice(said)) from error
    except RecursionError as error:
        raise Unreadable(_TOO_DEEP, line=1, column=1) from error
    except (errors.YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
        # What the library raises for values that it cannot make: dates out of range, odd tags.
        said = _first_line(error) or type(error).__name__
        raise Unreadable(said, line=1, column=1) from error


def _first_line(said: object) -> str:
    return " ".join(str(said).split("\n")[0].split())


def block_text(text: str, parent: Node, key: Key) -> tuple[int | None, int]:
    """Lines before the text of the literal block at `key`, and its indentation.

    The lines are None when the text is written otherwise, so that they cannot be told.
    """
    begins = _line_of_literal(parent, key)
    if begins is None:
        return None, 0
    first = begins + 1
    for line in text.splitlines()[first:]:
        if line.strip():
            return first, len(line) - len(line.lstrip(" "))
    return None, 0


def _line_of_literal(parent: Node, key: Key) -> int | None:
    """The line, from 0, of the `|` that the value at `key` begins with, if it does."""
    value = parent[key]
    if isinstance(value, Literal):
        return value.line
    from ruamel.yaml.scalarstring import LiteralScalarString

    is_literal = isinstance(value, LiteralScalarString)
    return int(parent.lc.value(key)[0]) if is_literal else None


def _advice(said: str) -> str:
    if "mapping values are not allowed" in said:
        return "put a space after each `key:`, and quote a value that has `: ` in it"
    if "found character '\\t'" in said:
        return "indent with spaces, a tab is no indentation"
    if "duplicate key" in said:
        return "keep one of the two; readers disagree on which one counts"
    return "keys of one mapping begin in one column; check the indentation here"


def write_yaml(node: Node, indentation: Indentation | None = None) -> str:
    """Write one document, indented as the library does or as is asked for."""
    writer = round_trip()
    if indentation is not None:
        mapping, sequence, offset = indentation
        writer.indent(mapping=mapping, sequence=sequence, offset=offset)
    stream = io.StringIO()
    writer.dump(node, stream)
    return stream.getvalue()


def quoted(value: Node) -> Node:
    """The text that a scalar is written as, in double quotes."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, str):
        return DoubleQuotedScalarString(value)
    stream = io.StringIO()
    round_trip().dump({"value": value}, stream)
    return DoubleQuotedScalarString(stream.getvalue().partition(": ")[2].strip())


def is_plain(value: Node) -> bool:
    """Whether a string was written without quotes and in no block."""
    return type(value) is str


def literal(text: str) -> Node:
    """A text that is written as a literal block."""
    from ruamel.yaml.scalarstring import LiteralScalarString

    return LiteralScalarString(text)
