"""A tree to the model: each value against its shape, every fault noted, none raised.

A value that is wrong leaves its key unsaid, so that what stands beside it is still looked at.
"""

from __future__ import annotations

import enum
from typing import Any

from wherry_build.errors import InvalidName
from wherry_build.project.reading.fault import Fault, nearest
from wherry_build.project.reading.tree import (
    Kind,
    Position,
    Scalar,
    Sequence,
    Table,
    Tree,
    position_at,
    positions,
    quoted,
    shown,
)
from wherry_build.project.shape import (
    LIMIT_ITEMS,
    Amount,
    Choice,
    Field,
    Items,
    Keyed,
    Named,
    Shape,
    Truth,
)
from wherry_build.project.specification.amounts import (
    CPU_EXPECTED,
    MEMORY_EXPECTED,
    Cpu,
    Duration,
    DurationLimits,
)
from wherry_build.project.specification.record import Problem, Record
from wherry_build.project.specification.scalars import Text, Whole

_LIMIT_DIGITS = 15


class _Wrong(enum.Enum):
    """Stands for a value that is wrong."""

    WRONG = 0


WRONG = _Wrong.WRONG


class Reader:
    """Reads one tree.

    Attributes:
        faults: What was wrong, in the order that it was found.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def read(self, shape: Shape, tree: Tree, *, what: str) -> Any:
        """The value that `tree` is, or `WRONG`; `what` is its key, for errors."""
        match shape:
            case Keyed():
                return self._record(shape, tree, what)
            case Named():
                return self._named(shape, tree, what)
            case Items():
                return self._items(shape, tree, what)
            case Choice():
                return self._choice(shape, tree, what)
        return self._single(shape, tree, what)

    def _single(
        self, shape: Text | Whole | DurationLimits | Truth | Amount, tree: Tree, what: str
    ) -> Any:
        if isinstance(tree, Scalar):
            value = _value(shape, tree)
            if value is not WRONG:
                return value
        return self._refuse(tree, what, _expected(shape))

    def _choice(self, shape: Choice, tree: Tree, what: str) -> Any:
        options = {str(option.value): option for option in shape.options}
        if isinstance(tree, Scalar) and tree.kind is Kind.TEXT:
            if tree.text in options:
                return options[tree.text]
            like = nearest(tree.text, options)
        else:
            like = ""
        return self._refuse(tree, what, f"one of {', '.join(options)}", like)

    def _items(self, shape: Items, tree: Tree, what: str) -> Any:
        if not isinstance(tree, Sequence):
            return self._refuse(tree, what, "a list")
        if len(tree.items) > LIMIT_ITEMS:
            return self._refuse(tree, what, f"at most {LIMIT_ITEMS} in a list")
        read: list[Any] = []
        for item in tree.items:
            value = self.read(shape.item, item, what=what)
            if value is not WRONG and value in read:
                self._refuse(item, what, "each once")
            elif value is not WRONG:
                read.append(value)
        return tuple(read)

    def _named(self, shape: Named, tree: Tree, what: str) -> Any:
        if not isinstance(tree, Table):
            return self._refuse(tree, what, "a map")
        read: dict[str, Any] = {}
        for name, entry in tree.entries.items():
            if not shape.name.accepts(name):
                self._note(entry.position, f"name in {what}", quoted(name), shape.name.expected)
                continue
            value = self.read(shape.value, entry.value, what=name)
            if value is not WRONG:
                read[name] = value
        return read

    def _record(self, shape: Keyed, tree: Tree, what: str) -> Any:
        if not isinstance(tree, Table):
            like = "; write {} for one that says nothing" if _is_nothing(tree) else ""
            return self._refuse(tree, what, f"a map{like}")
        fields = {field.key: field for field in shape.fields}
        self._unknown(fields, tree)
        said = {key: entry for key, entry in tree.entries.items() if key in fields}
        given = {
            fields[key].attribute: self.read(fields[key].shape, entry.value, what=key)
            for key, entry in said.items()
        }
        self._presence(shape.record, fields, tree, what)
        right = {name: value for name, value in given.items() if value is not WRONG}
        if any(field.required and field.attribute not in right for field in fields.values()):
            return WRONG
        made = shape.record(**right)
        self._between(made, tree)
        return made

    def _unknown(self, fields: dict[str, Field], tree: Table) -> None:
        for key, entry in tree.entries.items():
            if key not in fields:
                like = nearest(key, fields)
                expected = "" if like else f"one of {', '.join(fields)}"
                self.faults.append(
                    Fault(
                        position=entry.position,
                        what=f"unknown key {quoted(key)}",
                        expected=expected,
                        nearest=like,
                    )
                )

    def _presence(
        self, record: type[Record], fields: dict[str, Field], tree: Table, what: str
    ) -> None:
        for key, field in fields.items():
            if field.required and key not in tree.entries:
                self._note(tree.position, f"{what}: key {key!r}", "none", f"{key}, it is required")
        alternatives = record.exactly_one
        there = [key for key in alternatives if key in tree.entries]
        if alternatives and len(there) != 1:
            got = " and ".join(there) or "none of them"
            self._note(tree.position, what, got, f"exactly one of {', '.join(alternatives)}")
        for key in there:
            value = tree.entries[key].value
            if (isinstance(value, Table) and not value.entries) or (
                isinstance(value, Sequence) and not value.items
            ):
                self._note(value.position, key, "nothing in it", "at least one")
        some = record.at_least_one
        if some and not any(key in tree.entries for key in some):
            self._note(tree.position, what, "none of them", f"at least one of {', '.join(some)}")

    def _between(self, made: Record, tree: Table) -> None:
        wrong = {fault.position for fault in self.faults}
        for problem in made.problems():
            about = [tree.entries[key] for key in _about(problem) if key in tree.entries]
            if any(not wrong.isdisjoint(positions(entry.value)) for entry in about):
                continue
            where = position_at(tree, problem.keys)
            what = ".".join(str(key) for key in problem.keys)
            self._note(where, what, problem.got, problem.expected)

    def _refuse(self, tree: Tree, what: str, expected: str, like: str = "") -> _Wrong:
        self.faults.append(
            Fault(
                position=tree.position,
                what=what,
                got=shown(tree),
                expected=expected,
                nearest=like,
            )
        )
        return WRONG

    def _note(self, position: Position, what: str, got: str, expected: str) -> None:
        self.faults.append(Fault(position=position, what=what, got=got, expected=expected))


def _value(shape: Text | Whole | DurationLimits | Truth | Amount, scalar: Scalar) -> Any:
    """The value of `scalar`, or `WRONG`."""
    match shape, scalar.kind:
        case Text(), Kind.TEXT:
            return scalar.text if shape.accepts(scalar.text) else WRONG
        case Whole(), Kind.WHOLE:
            plain = scalar.text.isdecimal() and str(scalar.text).lstrip("0") == scalar.text
            if (plain or scalar.text == "0") and len(scalar.text) <= _LIMIT_DIGITS:
                number = int(scalar.text)
                return number if shape.accepts(number) else WRONG
        case Truth(), Kind.TRUTH:
            return scalar.text.lower() == "true"
        case DurationLimits(), Kind.TEXT:
            return _duration(shape, scalar.text)
        case Amount(), Kind.TEXT | Kind.WHOLE | Kind.NUMBER:
            if shape.kind is Cpu or scalar.kind is Kind.TEXT:
                return _amount(shape, scalar.text)
    return WRONG


def _duration(shape: DurationLimits, text: str) -> Any:
    try:
        duration = Duration.parse(text)
    except InvalidName:
        return WRONG
    return duration if shape.accepts(duration) else WRONG


def _amount(shape: Amount, text: str) -> Any:
    try:
        return shape.kind(text=text)
    except InvalidName:
        return WRONG


def _expected(shape: Text | Whole | DurationLimits | Truth | Amount) -> str:
    match shape:
        case Truth():
            return "true or false"
        case Amount(kind=kind):
            return CPU_EXPECTED if kind is Cpu else MEMORY_EXPECTED
    return shape.expected


def _about(problem: Problem) -> tuple[str, ...]:
    return (str(problem.keys[0]), *problem.depends)


def _is_nothing(tree: Tree) -> bool:
    return isinstance(tree, Scalar) and tree.kind is Kind.NOTHING
