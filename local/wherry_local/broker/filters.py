"""Which events a trigger gets, in every dialect of Knative's filters, and why it does not get one.

A filter is compiled once. It says yes or no of the attributes of an event, and of a no which clause
it was and what it found, in the words of the file that says it. Data is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wherry_build.project.cesql import Attributes, explanation, parse
from wherry_build.project.specification.eventing import Filter

Condition: TypeAlias = Callable[[Attributes], "Verdict"]
"""Judges the attributes of an event, by their names."""

_LIMIT_SHOWN = 80
_REFUSALS_KEPT = 64
_TESTS: dict[str, tuple[Callable[[str, str], bool], str]] = {
    "exact": (str.__eq__, "expected"),
    "prefix": (str.startswith, "expected it to begin with"),
    "suffix": (str.endswith, "expected it to end with"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a filter says of an event.

    Attributes:
        passes: Whether the event passes.
        clause: Where the clause stands that decided: `filters[0].any[1].exact.type`.
        reason: What it found there, and what it wants; empty of one that passes.
    """

    passes: bool
    clause: str = ""
    reason: str = ""


PASSES = Verdict(passes=True)


def compiled(filters: Sequence[Filter], *, clause: str = "filters") -> Condition:
    """The condition of a trigger's filters, all of which must hold; without one every event passes.

    Args:
        filters: The filters.
        clause: What the clauses are called.

    Raises:
        ParseError: An expression in CESQL is none.
    """
    return _all([_condition(each, f"{clause}[{at}]") for at, each in enumerate(filters)])


def in_words(filters: Sequence[Filter]) -> Sequence[str]:
    """Which events pass, told by their types where the filters are as simple as that."""
    if not filters:
        return ("every event",)
    if len(filters) > 1:
        return ("some events",)
    said = filters[0]
    for each in said.any or (said,):
        if set(each.exact) | set(each.prefix) | set(each.suffix) != {"type"}:
            return ("some events",)
    return tuple(
        each.exact.get("type") or f"{each.prefix.get('type', '')}*{each.suffix.get('type', '')}"
        for each in said.any or (said,)
    )


def compiled_attributes(wanted: Mapping[str, str], *, clause: str) -> Condition:
    """The condition of a Trigger's older `filter.attributes`: each exactly so, or any if empty.

    Args:
        wanted: The attributes.
        clause: What the clauses are called.
    """

    def condition(attributes: Attributes) -> Verdict:
        for name, value in wanted.items():
            found = _text(attributes, name)
            if not found or value not in {"", found}:
                expected = f"expected {_shown(value)}" if value else "expected any value"
                return _refused(f"{clause}.{name}", name, found, expected)
        return PASSES

    return condition


def _condition(said: Filter, clause: str) -> Condition:
    by_attribute = {"exact": said.exact, "prefix": said.prefix, "suffix": said.suffix}
    for dialect, wanted in by_attribute.items():
        if wanted:
            return _by_attribute(dialect, wanted, f"{clause}.{dialect}")
    if said.all:
        return compiled(said.all, clause=f"{clause}.all")
    if said.any:
        return _any(
            [_condition(each, f"{clause}.any[{at}]") for at, each in enumerate(said.any)],
            f"{clause}.any",
        )
    if said.not_ is not None:
        return _not(_condition(said.not_, f"{clause}.not"), f"{clause}.not")
    return _expression(said.cesql or "", f"{clause}.cesql")


def _all(conditions: Sequence[Condition]) -> Condition:
    if len(conditions) == 1:
        return conditions[0]

    def condition(attributes: Attributes) -> Verdict:
        for each in conditions:
            verdict = each(attributes)
            if not verdict.passes:
                return verdict
        return PASSES

    return condition


def _any(conditions: Sequence[Condition], clause: str) -> Condition:
    def condition(attributes: Attributes) -> Verdict:
        reasons = []
        for each in conditions:
            verdict = each(attributes)
            if verdict.passes:
                return PASSES
            reasons.append(f"{verdict.clause.removeprefix(clause)}: {verdict.reason}")
        return Verdict(passes=False, clause=clause, reason=f"none holds; {'; '.join(reasons)}")

    return condition


def _not(inner: Condition, clause: str) -> Condition:
    refused = Verdict(passes=False, clause=clause, reason="what it excludes holds")

    def condition(attributes: Attributes) -> Verdict:
        return refused if inner(attributes).passes else PASSES

    return condition


def _by_attribute(dialect: str, wanted: Mapping[str, str], clause: str) -> Condition:
    test, words = _TESTS[dialect]
    tests = [
        (name, value, _Refusals(f"{clause}.{name}", name, f"{words} {_shown(value)}"))
        for name, value in wanted.items()
    ]

    def condition(attributes: Attributes) -> Verdict:
        for name, value, refusals in tests:
            found = _text(attributes, name)
            if found is None or not test(found, value):
                return refusals[found]
        return PASSES

    return condition


class _Refusals(dict["str | None", Verdict]):
    """What is said of each value that does not fit; those of types come again and again."""

    def __init__(self, clause: str, name: str, expected: str) -> None:
        super().__init__()
        self._of = (clause, name, expected)

    def __missing__(self, found: str | None) -> Verdict:
        clause, name, expected = self._of
        verdict = _refused(clause, name, found, expected)
        if len(self) < _REFUSALS_KEPT and len(found or "") <= _LIMIT_SHOWN:
            self[found] = verdict
        return verdict


def _expression(text: str, clause: str) -> Condition:
    expression = parse(text)

    def condition(attributes: Attributes) -> Verdict:
        if expression.evaluate(attributes).matches:
            return PASSES
        return Verdict(passes=False, clause=clause, reason=explanation(expression, attributes))

    return condition


def _text(attributes: Attributes, name: str) -> str | None:
    """An attribute as a text, which all dialects but CESQL compare."""
    value = attributes.get(name)
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refused(clause: str, name: str, found: str | None, expected: str) -> Verdict:
    got = f"the event has no {name}" if found is None else f"{name} is {_shown(found)}"
    return Verdict(passes=False, clause=clause, reason=f"{got}, {expected}")


def _shown(value: str) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LIMIT_SHOWN else f"{shown[: _LIMIT_SHOWN - 4]}...'"
