"""The rule over what a Trigger lets through: KNA008.

Of a CESQL expression only its texts and parentheses are looked at; there is no parser of it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.knative.kinds import EVENTING, of_knative
from wherry_build.lint.node import Keys, Node, entries, mapping, text
from wherry_build.lint.rule import Fault, fault, rule
from wherry_build.project.cesql import Expression, ParseError, parse
from wherry_build.project.cesql.functions import NAMES

_DIALECTS = ("all", "any", "cesql", "exact", "not", "prefix", "suffix")
_BY_ATTRIBUTE = frozenset({"exact", "prefix", "suffix"})
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9]*")
_DEEPEST = 40


@rule("KNA008", Severity.ERROR, "a Trigger's filter that Knative refuses or does not read")
def filters(bundle: Bundle) -> Iterator[Fault]:
    """One dialect a filter, attributes of letters and digits; `filters` hides `filter`."""
    for document in of_knative(bundle, "Trigger", EVENTING):
        spec = mapping(document.get("spec"))
        if "filter" in spec and "filters" in spec:
            yield fault(
                document,
                ("spec", "filter"),
                "got filter and filters; filters counts, and filter is not read",
                hint="say all in filters",
            )
        if spec.get("broker") and spec.get("brokerRef"):
            yield fault(document, ("spec", "brokerRef"), "got broker and brokerRef, expected one")
        yield from _attributes(document, ("spec", "filter", "attributes"))
        for keys, each in entries(document.node, "spec", "filters"):
            yield from _filter(document, keys, each)


def _filter(document: Document, keys: Keys, node: Node, depth: int = 0) -> Iterator[Fault]:
    given = [key for key in mapping(node) if key in _DIALECTS]
    if len(given) != 1 and mapping(node):
        shown = ", ".join(given) or ", ".join(map(str, mapping(node)))
        yield fault(
            document,
            keys,
            f"got {shown} in one filter, expected just one of {', '.join(_DIALECTS)}",
            hint="make an item of each; all of them must hold",
        )
    for dialect in given:
        below = (*keys, dialect)
        if dialect in _BY_ATTRIBUTE:
            yield from _attributes(document, below)
        elif dialect == "cesql":
            yield from _expression(document, below)
        elif dialect == "not":
            if depth < _DEEPEST:
                yield from _filter(document, below, document.get(*below), depth + 1)
        elif depth < _DEEPEST:
            for index, each in entries(document.get(*below)):
                yield from _filter(document, (*below, *index), each, depth + 1)


def _attributes(document: Document, keys: Keys) -> Iterator[Fault]:
    for name in mapping(document.get(*keys)):
        if not isinstance(name, str) or not _ATTRIBUTE.fullmatch(name):
            yield fault(
                document,
                (*keys, name),
                f"got attribute {name!r}, expected lower-case letters and digits, a letter first",
                hint="CloudEvents names attributes like `datacontenttype`",
            )


def _expression(document: Document, keys: Keys) -> Iterator[Fault]:
    expression = text(document.get(*keys))
    try:
        parse(expression)
    except ParseError as error:
        yield fault(document, keys, f"{expression!a} is no CESQL: {error}")


@rule("KNA017", Severity.WARNING, "an expression of CESQL that does not mean what it seems to")
def expressions(bundle: Bundle) -> Iterator[Fault]:
    """Knative joins AND, OR and XOR from the right, all alike; an error lets nothing pass."""
    for document in of_knative(bundle, "Trigger", EVENTING):
        for keys, each in entries(document.node, "spec", "filters"):
            for place, expression in _parsed(document, keys, each):
                yield from _misleading(document, place, expression)


def _parsed(
    document: Document, keys: Keys, node: Node, depth: int = 0
) -> Iterator[tuple[Keys, Expression]]:
    """The expressions of a filter and of those in it, each with its place."""
    for dialect, below in mapping(node).items():
        place = (*keys, dialect)
        if dialect == "cesql":
            with suppress(ParseError):
                yield place, parse(text(below))
        elif dialect == "not" and depth < _DEEPEST:
            yield from _parsed(document, place, below, depth + 1)
        elif dialect in {"all", "any"} and depth < _DEEPEST:
            for index, each in entries(below):
                yield from _parsed(document, (*place, *index), each, depth + 1)


def _misleading(document: Document, keys: Keys, expression: Expression) -> Iterator[Fault]:
    if expression.mixed:
        yield fault(
            document,
            keys,
            f"got {expression.text!a}, in which AND, OR or XOR stand beside another, "
            f"at character {expression.mixed[0] + 1}",
            hint="put parentheses around what belongs together",
        )
    for name in sorted(set(expression.functions()) - NAMES):
        yield fault(
            document,
            keys,
            f"got the function {name}, expected one of {', '.join(sorted(NAMES))}",
            hint="it fails for every event, and none is delivered",
        )
