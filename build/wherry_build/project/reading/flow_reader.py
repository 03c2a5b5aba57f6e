"""Maps and lists in brackets, over one line or several, as people write them.

It tells no fault: whatever is written in another way is refused, for `yaml_text` to judge.
"""

from __future__ import annotations

import re

from wherry_build.project.reading.tree import (
    LIMIT_DEPTH,
    Entry,
    Kind,
    Position,
    Scalar,
    Sequence,
    Table,
    Tree,
    kind_of_plain,
)
from wherry_build.quoted_scalar import (
    IN_DOUBLE_QUOTES,
    IN_SINGLE_QUOTES,
    Unusual,
    of_double_quotes,
    of_single_quotes,
)

_KEY = re.compile(
    r"""([A-Za-z0-9_/][A-Za-z0-9_./-]{0,250}|"[^"\\\n]{0,250}"|'[^'\n]{0,250}'):(?=\ |$)""",
    re.VERBOSE,
)
_WORD = r"(?:[A-Za-z0-9_./+~$()<=^*@%&!;|>\\\-\x80-\uffff]|:(?=[A-Za-z0-9_./+\-]))"
_PLAIN = re.compile(rf"(?:[A-Za-z0-9_./+~$(<=^\\\x80-\uffff]|-(?={_WORD})){_WORD}*(?: +{_WORD}+)*")
_SPACE = re.compile(" *")
_STRANGE_BEGIN = ("-", ".", "%")
"""What a line may not begin with, for it may be the end of the document."""


class FlowReader:
    """Reads what is in brackets in `lines`.

    Attributes:
        nodes: Keys and values that were read so far.
    """

    def __init__(self, lines: list[str], path: str) -> None:
        self.nodes = 0
        self._lines = lines
        self._path = path
        self._number = 0
        self._at = 0

    def read(self, number: int, at: int, depth: int) -> tuple[Tree, int, int]:
        """The map or list that begins in line `number` at `at`; and where it ends.

        Raises:
            Unusual: There is something that is left to `yaml_text`.
        """
        self._number, self._at = number, at
        tree = self._value(depth)
        return tree, self._number, self._at

    def _value(self, depth: int) -> Tree:
        line = self._lines[self._number]
        position = Position(path=self._path, line=self._number + 1, column=self._at + 1)
        first = line[self._at]
        if first == "{":
            return self._table(position, depth)
        if first == "[":
            return self._sequence(position, depth)
        if first == '"':
            found = IN_DOUBLE_QUOTES.match(line, self._at)
            text, kind = of_double_quotes(found[1]) if found else "", Kind.TEXT
        elif first == "'":
            found = IN_SINGLE_QUOTES.match(line, self._at)
            text, kind = of_single_quotes(found[1]) if found else "", Kind.TEXT
        else:
            found = _PLAIN.match(line, self._at)
            text = found[0] if found else ""
            kind = kind_of_plain(text)
        if found is None:
            raise Unusual
        self._at = found.end()
        return Scalar(kind=kind, text=text, position=position)

    def _table(self, position: Position, depth: int) -> Table:
        entries: dict[str, Entry] = {}
        first = self._open("}", depth)
        while first != "}":
            found = _KEY.match(self._lines[self._number], self._at)
            key = found[1] if found is not None else ""
            if key[:1] in {'"', "'"}:
                key = key[1:-1]
            if found is None or key in entries:
                raise Unusual
            here = Position(path=self._path, line=self._number + 1, column=self._at + 1)
            self._at = found.end()
            self.nodes += 2
            self._skip()
            entries[key] = Entry(position=here, value=self._value(depth + 1))
            first = self._close("}")
        return Table(entries=entries, position=position)

    def _sequence(self, position: Position, depth: int) -> Sequence:
        items: list[Tree] = []
        first = self._open("]", depth)
        while first != "]":
            self.nodes += 1
            items.append(self._value(depth + 1))
            first = self._close("]")
        return Sequence(items=tuple(items), position=position)

    def _open(self, closing: str, depth: int) -> str:
        """Go behind a bracket, and behind `closing` where that is next; the next character."""
        if depth >= LIMIT_DEPTH:
            raise Unusual
        self._at += 1
        first = self._skip()
        if first == closing:
            self._at += 1
        return first

    def _close(self, closing: str) -> str:
        """Go to the next item behind a comma, or behind `closing`; the next character."""
        first = self._skip()
        if first == ",":
            self._at += 1
            if self._skip() in ",]}":
                raise Unusual
            return first
        if first != closing:
            raise Unusual
        self._at += 1
        return first

    def _skip(self) -> str:
        """Go on to what is no space and no comment; the next character."""
        while True:
            line = self._lines[self._number]
            found = _SPACE.match(line, self._at)
            end = found.end() if found is not None else self._at
            is_comment = line[end : end + 1] == "#" and (end > self._at or end == 0)
            if end < len(line) and not is_comment:
                self._at = end
                return line[end]
            self._number, self._at = self._number + 1, 0
            if self._number >= len(self._lines):
                raise Unusual
            if self._lines[self._number].startswith(_STRANGE_BEGIN):
                raise Unusual
