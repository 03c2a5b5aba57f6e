"""Reads YAML as programs write it: block style, one key or item a line, scalars that end with it.

Line by line, and a line that was seen before is not looked at again, so this is several times as
fast as libyaml. Whatever is written in another way is refused, for another reader to take. It knows
no platform.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

from wherry_build.lint.marks import MarkedList, MarkedMapping, Quoted
from wherry_build.lint.node import Node
from wherry_build.lint.plain import plain
from wherry_build.quoted_scalar import (
    IN_DOUBLE_QUOTES,
    IN_SINGLE_QUOTES,
    Unusual,
    of_double_quotes,
    of_single_quotes,
)

_LINE = re.compile(
    r"""([ ]*)(-[ ]+)?(?:([A-Za-z_][A-Za-z0-9_./-]*|"[^"\\]*"|'[^']*'):(?:[ ]+|$))?(.*)""",
    re.VERBOSE,
)
_BLANK = re.compile(r" *(?:#.*)?")
_PRINTABLE = re.compile("[ -~]*")
_PLAIN = re.compile(
    r"(?!.*(?::[ ]|:$|[ ]\#))(?:[A-Za-z0-9_./+~<=$^(\\]|-(?=[^ ])).*(?<=[^ ])", re.VERBOSE
)
_LIMIT_LINES = 1 << 16
_OUTSIDE = -1
"""Column of the line between two documents."""


class _Line(NamedTuple):
    """What stands in a line, whichever line it is.

    Attributes:
        column: Of the dash, or of the key where there is none.
        inner: Of what is behind the dash; the same as `column` where there is none.
        key: None where a scalar is behind the dash.
        value: The scalar, or an `_Opening`.
    """

    column: int
    inner: int
    key: str | None
    value: Node


_Lines: TypeAlias = "list[tuple[int, _Line]]"


class _Opening(NamedTuple):
    """A value that is no scalar: an empty mapping or list at a column, or what follows."""

    written: str
    column: int


class _Known(dict[str, "_Line | None"]):
    """Lines by their text, None for one that says nothing; parsed when they are first asked for."""

    def __missing__(self, text: str) -> _Line | None:
        if len(self) >= _LIMIT_LINES:
            self.clear()
        self[text] = made = _line(text)
        return made


_BETWEEN = _Line(_OUTSIDE, _OUTSIDE, None, None)
_KNOWN = _Known({"---": _BETWEEN})


def block_nodes(text: str) -> list[Node]:
    """Each document of a stream that is not empty.

    Raises:
        Unusual: There is something that is left to another reader.
    """
    known = _KNOWN
    lines: _Lines = [
        (number, line)
        for number, written in enumerate(text.split("\n"))
        if (line := known[written]) is not None
    ]
    lines.append((len(lines), _BETWEEN))
    documents: list[Node] = []
    at = 0
    while at < len(lines):
        if lines[at][1].column == _OUTSIDE:
            at += 1
            continue
        document, at = _following(lines, at, _OUTSIDE)
        if lines[at][1].column != _OUTSIDE:
            raise Unusual
        documents.append(document)
    return documents


def _following(lines: _Lines, at: int, column: int) -> tuple[Node, int]:
    """The value of a key at `column` that has none in its own line, and the line after it."""
    _, (own, inner, _, _) = lines[at]
    if own > column and own == inner:
        return _mapping(lines, at, own)
    if own >= column and own != inner:
        return _list(lines, at, own)
    return None, at


def _mapping(lines: _Lines, at: int, column: int) -> tuple[MarkedMapping, int]:
    """The mapping whose first key, which may be behind a dash, is at `column`."""
    number, (own, _, key, value) = lines[at]
    made = MarkedMapping((number, column))
    marks = made.marks
    while True:
        if key in marks:
            raise Unusual
        marks[key] = (number, column)
        at += 1
        if value.__class__ is _Opening:
            value, at = _opened(lines, at, column, value)
        made[key] = value
        number, (own, inner, key, value) = lines[at]
        if own != column or inner != column:
            break
    if own >= column:
        raise Unusual
    return made, at


def _list(lines: _Lines, at: int, column: int) -> tuple[MarkedList, int]:
    """The list whose dashes are at `column`."""
    number, (own, inner, key, value) = lines[at]
    made = MarkedList((number, column))
    while True:
        made.marks.append((number, inner))
        if key is not None:
            value, at = _mapping(lines, at, inner)
        else:
            at += 1
            if value.__class__ is _Opening:
                value, at = _opened(lines, at, column, value)
        made.append(value)
        number, (own, inner, key, value) = lines[at]
        if own != column or inner == column:
            break
    if own > column:
        raise Unusual
    return made, at


def _opened(lines: _Lines, at: int, column: int, opening: _Opening) -> tuple[Node, int]:
    """A value that is no scalar; `at` is the line after the one it is announced in."""
    if not opening.written:
        return _following(lines, at, column)
    mark = (lines[at - 1][0], opening.column)
    return (MarkedMapping(mark) if opening.written == "{}" else MarkedList(mark)), at


def _line(text: str) -> _Line | None:
    if not text.isascii() or _PRINTABLE.fullmatch(text) is None:
        raise Unusual
    if _BLANK.fullmatch(text):
        return None
    found = _LINE.fullmatch(text)
    if found is None:
        raise Unusual
    indent, dash, key, value = found.groups()
    if not key and not (dash and value):
        raise Unusual
    column = len(indent)
    return _Line(
        column,
        column + len(dash or ""),
        _key(key) if key else None,
        _value(value, len(text) - len(value)),
    )


def _key(written: str) -> str:
    if written[0] in "\"'":
        return written[1:-1]
    if not isinstance(plain(written), str):
        raise Unusual
    return written


def _value(written: str, column: int) -> Node:
    if _PLAIN.fullmatch(written):
        return plain(written)
    if written in {"", "{}", "[]"}:
        return _Opening(written, column)
    found = IN_DOUBLE_QUOTES.fullmatch(written)
    if found:
        return Quoted(of_double_quotes(found[1]))
    found = IN_SINGLE_QUOTES.fullmatch(written)
    if found:
        return Quoted(of_single_quotes(found[1]))
    raise Unusual
