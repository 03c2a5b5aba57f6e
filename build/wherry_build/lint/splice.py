"""Writes an edited text so that only the lines which the edit touched differ from the original.

A YAML writer normalises indentation everywhere. So the nodes are written twice, before the edit
and after it, and what differs between those two is put into the text as it was. When that does
not read as the edited nodes do, the whole is written by the writer instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from wherry_build.lint.node import Node
from wherry_build.lint.roundtrip import Unreadable, read_yaml, write_yaml


def rewritten(text: str, before: Sequence[Node], after: Sequence[Node]) -> str:
    """`text`, which reads as `before`, so that it reads as `after`."""
    old, new = write_yaml(before, text), write_yaml(after, text)
    if old == new:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = _spliced(text.splitlines(), old.splitlines(), new.splitlines())
    spliced = newline.join(lines) + (newline if text.endswith("\n") else "")
    return spliced if _reads_as(spliced, after) else new


def _reads_as(text: str, nodes: Sequence[Node]) -> bool:
    try:
        return list(read_yaml(text)) == list(nodes)
    except Unreadable:
        return False


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
        end = known[-1] + 1 if known else start
        result += text[done:start]
        result += [
            _shifted(line, _shift(line, old, text, where, low)) for line in new[new_low:new_high]
        ]
        done = max(done, end)
    return result + text[done:]


def _matcher(one: list[str], other: list[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, one, other, autojunk=False)


def _aligned(text: list[str], old: list[str]) -> dict[int, int]:
    """For each line of `old`, the line of `text` that it is."""
    blocks = _matcher(
        [line.strip() for line in old], [line.strip() for line in text]
    ).get_matching_blocks()
    return {block.a + offset: block.b + offset for block in blocks for offset in range(block.size)}


def _after_previous(where: dict[int, int], index: int) -> int:
    """The line of the text after the one that stands before `index` of the old lines."""
    for previous in range(index - 1, -1, -1):
        if previous in where:
            return where[previous] + 1
    return 0


def _shift(line: str, old: list[str], text: list[str], where: dict[int, int], index: int) -> int:
    """How much further in the text indents what the writer indents as it does `line`."""
    indent = _indent(line)
    around = [*range(index - 1, -1, -1), *range(index, len(old))]
    best = 0
    for position in around:
        if position in where and old[position].strip():
            found = _indent(text[where[position]]) - _indent(old[position])
            if _indent(old[position]) == indent:
                return found
            best = best or found
    return best


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _shifted(line: str, shift: int) -> str:
    if not line.strip():
        return line
    return " " * max(0, _indent(line) + shift) + line.lstrip(" ")
