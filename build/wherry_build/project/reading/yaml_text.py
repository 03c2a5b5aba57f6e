"""YAML text to a tree with positions; the only module of the project that knows ruamel.yaml.

YAML 1.2, one document. Anchors and aliases are followed; merge keys, tags and other versions are
refused, and so is a key that is there twice. What most files are `line_reader` reads. Of any other
the tree is built from the parser's events, so that what an alias stands for is known before it is
used and no text can grow without limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from wherry_build.extras import extra
from wherry_build.project.reading.fault import Fault, invalid
from wherry_build.project.reading.line_reader import line_tree
from wherry_build.project.reading.tree import (
    LIMIT_DEPTH,
    LIMIT_NODES,
    Entry,
    Kind,
    Position,
    Scalar,
    Sequence,
    Table,
    Tree,
    kind_of_plain,
    quoted,
)
from wherry_build.quoted_scalar import Unusual

LIMIT_BYTES = 1024 * 1024


def read_tree(content: bytes, *, path: str) -> tuple[Tree | None, list[Fault]]:
    """Read `content`; the tree, None for an empty text, and the faults that left it whole.

    Raises:
        ProjectFileInvalid: It is no YAML that can be read.
        ExtraMissing: ruamel.yaml is not installed, and the text is not what most are.
    """
    start = Position(path=path, line=1, column=1)
    if len(content) > LIMIT_BYTES:
        raise invalid(
            [Fault(position=start, what="too long", expected=f"at most {LIMIT_BYTES} bytes")]
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        at = Position(path=path, line=line, column=1)
        raise invalid([Fault(position=at, what="not UTF-8", expected="text in UTF-8")]) from None
    with suppress(Unusual):
        return line_tree(text, path=path), []
    return parsed_tree(text, path=path)


def parsed_tree(text: str, *, path: str) -> tuple[Tree | None, list[Fault]]:
    """The same of any text, by the library.

    Raises:
        ProjectFileInvalid: It is no YAML that can be read.
        ExtraMissing: ruamel.yaml is not installed.
    """
    builder = _Builder(path)
    return builder.document(_events(text, path)), builder.faults


def _events(text: str, path: str) -> Iterator[Any]:
    with extra("build"):
        from ruamel.yaml import YAML
    try:
        yield from YAML(typ="rt", pure=True).parse(text)
    except Exception as error:  # noqa: BLE001 - the parser raises whatever its input makes of it
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        position = Position(path=path, line=line, column=column)
        what = str(getattr(error, "problem", None) or "unreadable").splitlines()[0]
        fault = Fault(position=position, what="not YAML", got=ascii(what)[1:-1])
        raise invalid([fault]) from None


class _Builder:
    """Builds the tree of one document from events."""

    def __init__(self, path: str) -> None:
        self.faults: list[Fault] = []
        self._path = path
        self._anchors: dict[str, Tree] = {}
        self._sizes: dict[int, int] = {}
        self._nodes = 0

    def document(self, events: Iterator[Any]) -> Tree | None:
        """The tree of the only document."""
        tree: Tree | None = None
        documents = 0
        for event in events:
            match type(event).__name__:
                case "DocumentStartEvent":
                    documents += 1
                    if documents > 1:
                        raise self._stop(event, "a second document", "one document")
                    if event.version not in {None, (1, 2)} or event.tags:
                        raise self._stop(event, "a directive", "YAML 1.2 without directives")
                case "StreamStartEvent" | "StreamEndEvent" | "DocumentEndEvent" | "CommentEvent":
                    pass
                case _:
                    tree = self._node(event, events, depth=0)
        return tree

    def _node(self, event: Any, events: Iterator[Any], *, depth: int) -> Tree:
        if depth > LIMIT_DEPTH:
            raise self._stop(event, "nesting", f"at most {LIMIT_DEPTH} levels")
        before = self._nodes
        self._count(event, 1)
        name = type(event).__name__
        if name == "AliasEvent":
            return self._alias(event)
        if event.anchor is not None:
            # An alias in what it names finds none: the tree is not there yet.
            self._anchors.pop(event.anchor, None)
        if event.tag is not None and str(event.tag) != "!":
            self._refuse(event, f"tag {quoted(str(event.tag))}", "no tags")
        if name == "MappingStartEvent":
            tree: Tree = self._table(event, events, depth=depth)
        elif name == "SequenceStartEvent":
            tree = self._sequence(event, events, depth=depth)
        else:
            tree = Scalar(kind=_kind(event), text=event.value, position=self._position(event))
        if event.anchor is not None:
            self._anchors[event.anchor] = tree
            self._sizes[id(tree)] = self._nodes - before
        return tree

    def _alias(self, event: Any) -> Tree:
        tree = self._anchors.get(event.anchor)
        if tree is None:
            raise self._stop(
                event, f"alias {quoted(event.anchor)}", "an anchor that is complete before it"
            )
        self._count(event, self._sizes[id(tree)])
        return tree

    def _sequence(self, start: Any, events: Iterator[Any], *, depth: int) -> Sequence:
        items: list[Tree] = []
        for event in events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            items.append(self._node(event, events, depth=depth + 1))
        return Sequence(items=tuple(items), position=self._position(start))

    def _table(self, start: Any, events: Iterator[Any], *, depth: int) -> Table:
        entries: dict[str, Entry] = {}
        for event in events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = self._node(event, events, depth=depth + 1)
            value = self._node(next(events), events, depth=depth + 1)
            position = self._position(event)
            if isinstance(value, Scalar) and value.kind is Kind.NOTHING and not value.text:
                # What is not written has no place; the parser's is that of what comes next.
                value = replace(value, position=position)
            if not isinstance(key, Scalar):
                self._refuse(event, "a key that is no single value", "text")
            elif key.text == "<<" and event.style is None:
                self._refuse(event, "merge key '<<'", "the keys themselves; no merge keys")
            elif key.text in entries:
                first = entries[key.text].position
                what = f"key {quoted(key.text)} a second time"
                self._refuse(event, what, f"each key once; the first is at line {first.line}")
            else:
                entries[key.text] = Entry(position=position, value=value)
        return Table(entries=entries, position=self._position(start))

    def _count(self, event: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > LIMIT_NODES:
            raise self._stop(event, "too much", f"at most {LIMIT_NODES} values, aliases followed")

    def _position(self, event: Any) -> Position:
        mark = event.start_mark
        return Position(path=self._path, line=mark.line + 1, column=mark.column + 1)

    def _refuse(self, event: Any, what: str, expected: str) -> None:
        self.faults.append(Fault(position=self._position(event), what=what, expected=expected))

    def _stop(self, event: Any, what: str, expected: str) -> Exception:
        self._refuse(event, what, expected)
        return invalid(self.faults)


def _kind(event: Any) -> Kind:
    """What a scalar is: quotes and `|` make text of everything."""
    if event.style is not None or event.tag is not None:
        return Kind.TEXT
    return kind_of_plain(event.value)
