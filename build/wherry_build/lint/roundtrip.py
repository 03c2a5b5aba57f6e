"""YAML that can be written again as it was: comments, quotes and order are kept in the nodes.

The only module of the linter that knows the library. It knows no platform.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from wherry_build.errors import ExtraMissing

if TYPE_CHECKING:
    from ruamel.yaml import YAML

from wherry_build.lint.node import Key, Node

_WIDTH = 1 << 20  # no line is ever folded
_LIST_INDENTED = re.compile(r"^( *)(?:- )?[^\s#-][^\n]*:[ \t]*\n\1 +- ", re.MULTILINE)


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
    try:
        import ruamel.yaml
    except ImportError as error:
        raise ExtraMissing(
            "the linter needs the package ruamel.yaml, and it is not installed",
            hint="pip install 'wherry[lint]'",
        ) from error
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
    errors = library().error
    try:
        for node in round_trip().load_all(text):
            if node is not None:
                yield node
    except errors.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(str(error.problem or error.context or "no YAML").split("\n")[0].split())
        raise Unreadable(
            said,
            line=mark.line + 1 if mark else 1,
            column=mark.column + 1 if mark else 1,
            hint=_advice(said),
        ) from error
    except RecursionError as error:
        raise Unreadable("it is nested too deep", line=1, column=1) from error
    except (errors.YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
        # What the library raises for values that it cannot make: dates out of range, odd tags.
        said = " ".join(str(error).split("\n")[0].split())
        raise Unreadable(said or type(error).__name__, line=1, column=1) from error


def block_text(text: str, parent: Node, key: Key) -> tuple[int | None, int]:
    """Lines before the text of the literal block at `key`, and its indentation.

    The lines are None when the text is written otherwise, so that they cannot be told.
    """
    from ruamel.yaml.scalarstring import LiteralScalarString

    if not isinstance(parent[key], LiteralScalarString):
        return None, 0
    first = parent.lc.value(key)[0] + 1
    for line in text.splitlines()[first:]:
        if line.strip():
            return first, len(line) - len(line.lstrip(" "))
    return None, 0


def _advice(said: str) -> str:
    if "mapping values are not allowed" in said:
        return "put a space after each `key:`, and quote a value that has `: ` in it"
    if "found character '\\t'" in said:
        return "indent with spaces, a tab is no indentation"
    if "duplicate key" in said:
        return "keep one of the two; readers disagree on which one counts"
    return "keys of one mapping begin in one column; check the indentation here"


def write_yaml(nodes: Sequence[Node], like: str) -> str:
    """Write nodes as one stream, lists indented as they are in the text `like`."""
    writer = round_trip()
    if _LIST_INDENTED.search(like):
        writer.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    writer.dump_all(nodes, stream)
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
