"""Writes an edited text so that only the lines which the edit touched differ from the original.

A YAML writer normalises spaces everywhere. So each document that changed is written twice, before
the edit and after it, and what differs between those two is put into the text as it was. When that
does not read as the edited document does, the document is written by the writer instead, unless
a comment would be lost: then it stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from wherry_build.lint.node import Node
from wherry_build.lint.roundtrip import INDENTATIONS, Unreadable, read_yaml, write_yaml

_DOCUMENT_START = re.compile(r"^(?=---(?:\s|$))", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|\s)#.*$", re.MULTILINE)


def rewritten(text: str, after: Sequence[Node]) -> str:
    """`text`, a stream of YAML, so that its documents read as `after`, which are its own, edited.

    Empty documents are not among `after`.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    parts = _DOCUMENT_START.split(text.replace("\r\n", "\n"))
    waiting = list(after)
    for index, part in enumerate(parts):
        before = _nodes(part)
        if before is None or len(before) > len(waiting):
            return text  # a stream with directives, or something that is not taken apart so easily
        for node in before:
            parts[index] = _part(part, node, waiting.pop(0))
    return "".join(parts).replace("\n", newline)


def _part(text: str, before: Node, after: Node) -> str:
    """One document of the stream, with the marker that it begins with."""
    old, new = write_yaml(before), write_yaml(after)
    if old == new:
        return text
    old, new = _written_alike(text, before, after)
    lines = _spliced(text.splitlines(), old.splitlines(), new.splitlines())
    spliced = "\n".join(lines) + ("\n" if text.endswith("\n") else "")
    if _reads_as(spliced, after):
        return spliced
    marker = text.partition("\n")[0] + "\n" if text.startswith("---") else ""
    whole = marker + new
    return whole if _reads_as(whole, after) and _comments(text) == _comments(whole) else text


def _written_alike(text: str, before: Node, after: Node) -> tuple[str, str]:
    """Both nodes, indented in the way that is most like the text."""
    lines = set(text.splitlines())
    best = max(
        INDENTATIONS,
        key=lambda way: sum(line in lines for line in write_yaml(before, way).splitlines()),
    )
    return write_yaml(before, best), write_yaml(after, best)


def _nodes(text: str) -> list[Node] | None:
    try:
        return list(read_yaml(text))
    except Unreadable:
        return None


def _reads_as(text: str, node: Node) -> bool:
    return _nodes(text) == [node]


def _comments(text: str) -> list[str]:
    return sorted(comment.strip() for comment in _COMMENT.findall(text))


def _spliced(text: list[str], old: list[str], new: list[str]) -> list[str]:
    """`text` with what leads from `old` to `new`; `old` is `text` but for spaces."""
    where = _aligned(text, old)
    result: list[str] = []
    done = 0
    for kind, low, high, new_low, new_high in _matcher(old, new).get_opcodes():
        if kind == "equal":
            continue
        known = [where[index] for index in range(low, high) if index in where]
        start = known[0] if known else _after_previous(where, low)
        result += text[done:start]
        result += [
            _shifted(line, _shift(line, old, text, where, low)) for line in new[new_low:new_high]
        ]
        done = max(done, known[-1] + 1 if known else start)
    return result + text[done:]


def _matcher(one: Sequence[str], other: Sequence[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, one, other, autojunk=False)


def _aligned(text: list[str], old: list[str]) -> dict[int, int]:
    """For each line of `old`, the line of `text` that it is."""
    bare_old, bare_text = (["".join(line.split()) for line in lines] for lines in (old, text))
    return {
        block.a + offset: block.b + offset
        for block in _matcher(bare_old, bare_text).get_matching_blocks()
        for offset in range(block.size)
    }


def _after_previous(where: dict[int, int], index: int) -> int:
    """The line of the text after the one that stands before `index` of the old lines."""
    return next((where[each] + 1 for each in range(index - 1, -1, -1) if each in where), 0)


def _shift(line: str, old: list[str], text: list[str], where: dict[int, int], index: int) -> int:
    """How much further in the text indents what the writer indents as it does `line`."""
    for position in (*range(index - 1, -1, -1), *range(index, len(old))):
        is_alike = position in where and old[position].strip()
        if is_alike and _indent(old[position]) == _indent(line):
            return _indent(text[where[position]]) - _indent(old[position])
    return 0


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _shifted(line: str, shift: int) -> str:
    return " " * max(0, _indent(line) + shift) + line.lstrip(" ") if line.strip() else line
