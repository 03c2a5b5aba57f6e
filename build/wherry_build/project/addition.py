"""Adds a function to a `wherry.yaml` as a person would: one entry more, and nothing else touched.

The text is not written anew: the entry is put in at the place that the tree's positions tell, and
the result is read again. Where that does not say what was said before plus the function, as with
anchors in odd places, nothing is written and the caller is told what to add.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from typing import TypeAlias

from wherry_build.errors import DestinationExists, ProjectError, ProjectFileInvalid
from wherry_build.project.reading.fault import Fault, invalid
from wherry_build.project.reading.tree import (
    Entry,
    Kind,
    Position,
    Scalar,
    Sequence,
    Table,
    Tree,
    shown,
)
from wherry_build.project.reading.yaml_text import read_tree

_PLAIN = re.compile(r"[a-z][a-z0-9._/-]*", re.IGNORECASE)
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""What some reader of YAML takes for something else than text."""
_INDENT = 2

_Said: TypeAlias = "tuple[Kind, str] | list[_Said] | dict[str, _Said]"


def with_function(content: bytes, name: str, handler: str, *, path: str) -> bytes | None:
    """`content` with the function `name`, whose handler is in the folder `handler`.

    It is `content` itself where the function is there already, and None where the file names no
    function, and so takes every folder that has one.

    Raises:
        ProjectFileInvalid: The text is no YAML that can be read.
        DestinationExists: It has a function of that name, whose handler is elsewhere.
        ProjectError: There is no place where an entry more would mean that.
        ExtraMissing: ruamel.yaml is not installed.
    """
    before = _table(content, path)
    functions = before.entries.get("functions")
    if functions is None or not isinstance(functions.value, Table) or not functions.value.entries:
        return None
    if name in functions.value.entries:
        _refuse_another(functions.value.entries[name].value, name, handler, path)
        return content
    said = _map(functions.value)
    said[name] = {"handler": (Kind.TEXT, handler)}
    expected = _map(before)
    expected["functions"] = said
    for text in _candidates(content.decode("utf-8"), functions, name, handler):
        made = text.encode("utf-8")
        if _says(made, expected, path):
            return made
    raise ProjectError(
        f"{path}: there is no place where an entry more would mean one function more",
        hint=f"add under `functions`: {_flow(name, handler)}",
    )


def _says(content: bytes, expected: dict[str, _Said], path: str) -> bool:
    try:
        return _map(_table(content, path)) == expected
    except ProjectFileInvalid:
        return False


def _table(content: bytes, path: str) -> Table:
    tree, faults = read_tree(content, path=path)
    if tree is not None and not isinstance(tree, Table):
        faults.append(Fault(position=tree.position, what=path, got=shown(tree), expected="a map"))
    if faults:
        raise invalid(faults)
    return tree if isinstance(tree, Table) else Table(entries={}, position=_nowhere(path))


def _nowhere(path: str) -> Position:
    return Position(path=path, line=1, column=1)


def _refuse_another(there: Tree, name: str, handler: str, path: str) -> None:
    """Refuse a function whose handler, as the file has it, is not in the folder `handler`."""
    said = there.entries.get("handler") if isinstance(there, Table) else None
    if said is None:
        places = {f"functions/{name}", name}
    else:
        text = said.value.text if isinstance(said.value, Scalar) else ""
        places = {posixpath.normpath(text), posixpath.dirname(posixpath.normpath(text))}
    if handler not in places:
        raise DestinationExists(
            f"{path} has a function {name!r} elsewhere", hint="choose another name"
        )


def _candidates(text: str, functions: Entry, name: str, handler: str) -> Iterator[str]:
    """Texts with the entry in them, the likeliest first; whether one is right is for the reader."""
    lines = text.splitlines(keepends=True)
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    table = functions.value
    line, column = table.position.line - 1, table.position.column - 1
    if lines[line][column : column + 1] == "{":
        rest = lines[line][column + 1 :]
        first = f"{lines[line][: column + 1]}{_flow(name, handler)}, {rest.lstrip(' ')}"
        yield "".join([*lines[:line], first, *lines[line + 1 :]])
        return
    assert isinstance(table, Table)  # noqa: S101 - for the type's sake; the caller looked
    column = min(entry.position.column for entry in table.entries.values()) - 1
    step = max(_INDENT, column - functions.position.column + 1)
    entry = f"{' ' * column}{_scalar(name)}:{newline}"
    entry += f"{' ' * (column + step)}handler: {_scalar(handler)}{newline}"
    for at in _ends(lines, functions.position.line, column):
        above = "".join(lines[:at])
        if above and not above.endswith("\n"):
            above += newline
        yield above + entry + "".join(lines[at:])


def _ends(lines: list[str], begin: int, column: int) -> tuple[int, int]:
    """Where a block ends whose entries are at `column`: before empty lines after it, and behind."""
    last = at = begin
    while at < len(lines):
        stripped = lines[at].lstrip(" ")
        if len(lines[at]) - len(stripped) >= column and stripped.strip():
            last = at + 1
        elif stripped.strip() and not stripped.startswith("#"):
            break
        at += 1
    return last, at


def _flow(name: str, handler: str) -> str:
    return f"{_scalar(name)}: {{handler: {_scalar(handler)}}}"


def _scalar(text: str) -> str:
    is_plain = _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _map(table: Table) -> dict[str, _Said]:
    return {key: _said(entry.value) for key, entry in table.entries.items()}


def _said(tree: Tree) -> _Said:
    """What `tree` says, without where it says it."""
    match tree:
        case Table():
            return _map(tree)
        case Sequence():
            return [_said(item) for item in tree.items]
    return (tree.kind, tree.text)
