"""The reference of wherry.yaml as Markdown: one table a record, made from the shapes."""

from __future__ import annotations

import re

from wherry_build.project.shape import (
    Amount,
    Choice,
    Field,
    Items,
    Keyed,
    Named,
    Shape,
    Truth,
    fields_of,
    records,
    summary,
)
from wherry_build.project.specification import ProjectSpecification
from wherry_build.project.specification.amounts import (
    CPU_EXPECTED,
    MEMORY_EXPECTED,
    Cpu,
    DurationLimits,
)
from wherry_build.project.specification.record import Record
from wherry_build.project.specification.scalars import Text, Whole


def key_tables() -> str:
    """A heading, a sentence, the rules and the keys of every record."""
    return "\n".join(_section(record) for record in records(ProjectSpecification)).rstrip()


def _section(record: type[Record]) -> str:
    lines = [f"### {title(record)}", "", summary(record), ""]
    for words, keys in (
        ("Exactly one of", record.exactly_one),
        ("At least one of", record.at_least_one),
    ):
        if keys:
            listed = ", ".join(f"`{key}`" for key in keys)
            lines += [f"{words} {listed} must be there.", ""]
    lines += ["| key | value | meaning |", "|---|---|---|"]
    lines += [_row(field) for field in fields_of(record)]
    return "\n".join([*lines, ""])


def title(record: type[Record]) -> str:
    """What a record is called: its class, in words."""
    name = record.__name__.removesuffix("Specification")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _row(field: Field) -> str:
    needed = " **Required.**" if field.required else ""
    meaning = field.meaning.replace("|", r"\|")
    return f"| `{field.key}` | {_value(field.shape)} | {meaning}{needed} |"


def _value(shape: Shape) -> str:
    match shape:
        case Keyed(record=record):
            name = title(record)
            return f"[{name}](#{name.lower().replace(' ', '-')})"
        case Items(item=item):
            return f"list of: {_value(item)}"
        case Named(value=value):
            return f"map by name: {_value(value)}"
        case Choice(options=options):
            return ", ".join(f"`{option.value}`" for option in options)
    return _single(shape).replace("|", r"\|")


def _single(shape: Text | Whole | DurationLimits | Truth | Amount) -> str:
    match shape:
        case Truth():
            return "`true` or `false`"
        case Amount(kind=kind):
            return CPU_EXPECTED if kind is Cpu else MEMORY_EXPECTED
    return shape.expected
