"""The shape of a record, found from its dataclass: what readers, schema and pages are made from.

A field's type says what its value must be, the `Attributes:` of the class's docstring say what it
means. Shapes are values; they know neither YAML nor JSON.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from wherry_build.project.specification.amounts import Cpu, DurationLimits, Memory
from wherry_build.project.specification.record import Record
from wherry_build.project.specification.scalars import Text, Whole

LIMIT_ITEMS = 1000
"""Items of a list at most."""

_ENTRY = re.compile(r"^(\w+): (.*(?:\n {2,}.*)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the values of an enum."""

    options: type[enum.Enum]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """CPU or memory."""

    kind: type[Cpu | Memory]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list."""

    item: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A map whose keys are names of one kind."""

    name: Text
    value: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A record; its fields are found when they are asked for, for records may be in themselves."""

    record: type[Record]

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its fields, in order."""
        return fields_of(self.record)


Shape: TypeAlias = "Text | Whole | DurationLimits | Truth | Choice | Amount | Items | Named | Keyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of a record.

    Attributes:
        key: The key, as it is written.
        attribute: Name of the dataclass's field.
        shape: What its value must be.
        required: Whether it must be there.
        meaning: What it means, in a sentence.
    """

    key: str
    attribute: str
    shape: Shape
    required: bool
    meaning: str


_FOUND: dict[type[Record], tuple[Field, ...]] = {}


def fields_of(record: type[Record]) -> tuple[Field, ...]:
    """The fields of `record`, in order."""
    if record not in _FOUND:
        _FOUND[record] = tuple(_fields(record))
    return _FOUND[record]


def _fields(record: type[Record]) -> Iterator[Field]:
    hints = typing.get_type_hints(record, include_extras=True)
    meanings = _meanings(record)
    for each in dataclasses.fields(typing.cast("Any", record)):
        key = each.name.rstrip("_")
        required = (
            each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
        )
        yield Field(
            key=key,
            attribute=each.name,
            shape=_shape(hints[each.name]),
            required=required,
            meaning=meanings.get(each.name, ""),
        )


def summary(record: type[Record]) -> str:
    """The first sentence of a record's docstring."""
    return (inspect.getdoc(record) or "").partition("\n")[0]


def records(root: type[Record]) -> tuple[type[Record], ...]:
    """`root` and every record in it, each once, those that are nearer first."""
    found: dict[type[Record], None] = {root: None}
    waiting = [root]
    while waiting:
        for each in fields_of(waiting.pop(0)):
            inner = _record_in(each.shape)
            if inner is not None and inner not in found:
                found[inner] = None
                waiting.append(inner)
    return tuple(found)


def _record_in(shape: Shape) -> type[Record] | None:
    match shape:
        case Keyed(record=record):
            return record
        case Items(item=inner) | Named(value=inner):
            return _record_in(inner)
    return None


def _meanings(record: type[Record]) -> dict[str, str]:
    listed = (inspect.getdoc(record) or "").partition("Attributes:\n")[2]
    return {
        found[1]: " ".join(found[2].split())
        for found in _ENTRY.finditer(inspect.cleandoc(listed) if listed else "")
    }


def _shape(hint: Any) -> Shape:
    constraint: Text | Whole | DurationLimits | None = None
    while True:
        origin = typing.get_origin(hint)
        if origin is typing.Annotated:
            hint, *notes = typing.get_args(hint)
            constraint = next(
                (note for note in notes if isinstance(note, (Text, Whole, DurationLimits))),
                constraint,
            )
        elif origin in {typing.Union, types.UnionType}:
            (hint,) = (one for one in typing.get_args(hint) if one is not type(None))
        else:
            break
    return constraint if constraint is not None else _unconstrained(hint, origin)


def _unconstrained(hint: Any, origin: Any) -> Shape:
    if origin is tuple:
        return Items(item=_shape(typing.get_args(hint)[0]))
    if origin is Mapping:
        name, value = typing.get_args(hint)
        named = _shape(name)
        if not isinstance(named, Text):
            raise TypeError(f"a map's keys are text, not {name}")
        return Named(name=named, value=_shape(value))
    if hint is bool:
        return Truth()
    if hint in {Cpu, Memory}:
        return Amount(kind=hint)
    if issubclass(hint, enum.Enum):
        return Choice(options=hint)
    if issubclass(hint, Record):
        return Keyed(record=hint)
    raise TypeError(f"no shape for {hint}")
