"""Reads ordinary YAML through libyaml, some thirty times as fast as the round-trip library does.

What is not ordinary (anchors, tags, keys that are no texts, keys that are there twice, text that is
no YAML) is refused, for the round-trip library to judge; so both give the same values and marks.
The only module that knows PyYAML, and not to be imported where that is absent or has no libyaml. It
knows no platform.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from yaml import CBaseLoader, YAMLError
from yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from wherry_build.lint.marks import Literal, MarkedList, MarkedMapping, Quoted
from wherry_build.lint.node import Node
from wherry_build.lint.plain import plain
from wherry_build.lint.roundtrip import refuse_depth
from wherry_build.quoted_scalar import Unusual

# What the two libraries take differently: tabs, directives, the end of a document; breaks that only
# YAML 1.1 knows, a byte order mark in the text; `|#`, a block that begins with a line of spaces.
_UNUSUAL = ("\t", "\n%", "\n...")
_UNUSUAL_CHARACTER = re.compile("[\x85\u2028\u2029\ufeff]")
_UNUSUAL_BLOCK = re.compile(r"[|>][-+0-9]*(?:#|(?: +#[^\n]*| *)\r?\n(?:\r?\n)* +\r?\n)")
_PROPERTY = re.compile("[&!]")


def marked_nodes(text: str) -> list[Node]:
    """Each document of a stream that is not empty.

    Raises:
        Unusual: There is something that is left to the round-trip library.
        Unreadable: The text is nested too deep.
    """
    refuse_depth(text)
    if not _is_ordinary(text):
        raise Unusual
    following = CBaseLoader(text).get_event
    if _PROPERTY.search(text) is not None:
        following = _without_properties(following)
    try:
        return _documents(following)
    except (YAMLError, RecursionError, ValueError) as error:
        raise Unusual from error


def _is_ordinary(text: str) -> bool:
    return not (
        any(each in text for each in _UNUSUAL)
        or text.startswith(("%", "..."))
        or (not text.isascii() and _UNUSUAL_CHARACTER.search(text))
        or _UNUSUAL_BLOCK.search(text)
    )


def _without_properties(following: Callable[[], Any]) -> Callable[[], Any]:
    """Events of nodes that have neither an anchor nor a tag."""

    def checked() -> Any:
        event = following()
        if getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None:
            raise Unusual
        return event

    return checked


def _documents(following: Callable[[], Any]) -> list[Node]:
    found: list[Node] = []
    following()  # the stream's start
    while following().__class__ is not StreamEndEvent:  # a document's start
        node = _node(following(), following)
        if isinstance(node, (MarkedMapping, MarkedList)):
            found.append(node)
        elif node is not None:
            raise Unusual
        following()  # the document's end
    return found


def _node(event: Any, following: Callable[[], Any]) -> Node:
    """What begins with `event`, read to its end."""
    kind = event.__class__
    if kind is ScalarEvent:
        style, text = event.style, event.value
        if not style:
            return plain(text)
        if style != "|":
            return Quoted(text)
        block = Literal(text)
        block.line = event.start_mark.line
        return block
    if kind is MappingStartEvent:
        return _mapping(event.start_mark, following)
    if kind is SequenceStartEvent:
        return _list(event.start_mark, following)
    raise Unusual  # an alias


def _mapping(begins: Any, following: Callable[[], Any]) -> MarkedMapping:
    made = MarkedMapping((begins.line, begins.column))
    marks = made.marks
    while (event := following()).__class__ is ScalarEvent:
        key = event.value if event.style else plain(event.value)
        if key in marks or key.__class__ is not str:
            raise Unusual
        begins = event.start_mark
        marks[key] = (begins.line, begins.column)
        made[key] = _node(following(), following)
    if event.__class__ is not MappingEndEvent:
        raise Unusual  # a key that is a mapping or a list
    return made


def _list(begins: Any, following: Callable[[], Any]) -> MarkedList:
    made = MarkedList((begins.line, begins.column))
    marks = made.marks
    while (event := following()).__class__ is not SequenceEndEvent:
        begins = event.start_mark
        marks.append((begins.line, begins.column))
        made.append(_node(event, following))
    return made
