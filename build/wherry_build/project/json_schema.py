"""The JSON Schema of `wherry.yaml` (draft 2020-12), made from the shapes of the model.

It says all that a schema can: keys, kinds, patterns, bounds, alternatives. What only the reader
tells is what one part says of another, the bounds of durations, and sums of percents. A part of an
environment's overlay is the same with nothing required, and with null to remove it.
"""

from __future__ import annotations

from typing import TypeAlias

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
    records,
    summary,
)
from wherry_build.project.specification import ProjectSpecification
from wherry_build.project.specification.amounts import (
    CPU_PATTERN,
    DURATION_PATTERN,
    MEMORY_PATTERN,
    Cpu,
    DurationLimits,
)
from wherry_build.project.specification.record import Record
from wherry_build.project.specification.scalars import LABEL, Text, Whole

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | bool | None"

TITLE = "wherry.yaml"


def json_schema() -> dict[str, Json]:
    """The schema of the whole file."""
    definitions: dict[str, Json] = {}
    for record in records(ProjectSpecification):
        definitions[_title(record, partial=False)] = _record(record, partial=False)
        definitions[_title(record, partial=True)] = _record(record, partial=True)
    root = _record(ProjectSpecification, partial=False)
    properties = root["properties"]
    if isinstance(properties, dict):
        properties["environments"] = {
            "description": "Overlays by environment: maps merge, all else replaces, null removes.",
            "type": "object",
            "propertyNames": _single(LABEL),
            "additionalProperties": {"$ref": _reference(ProjectSpecification, partial=True)},
        }
    del definitions[_title(ProjectSpecification, partial=False)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TITLE,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _record(record: type[Record], *, partial: bool) -> dict[str, Json]:
    fields = Keyed(record=record).fields
    made: dict[str, Json] = {
        "description": summary(record),
        "type": "object",
        "additionalProperties": False,
        "properties": {field.key: _property(field, record, partial=partial) for field in fields},
    }
    if partial:
        return made
    required: list[Json] = [field.key for field in fields if field.required]
    if required:
        made["required"] = required
    if record.exactly_one:
        made["oneOf"] = [{"required": [key]} for key in record.exactly_one]
    if record.at_least_one:
        made["anyOf"] = [{"required": [key]} for key in record.at_least_one]
    return made


def _property(field: Field, record: type[Record], *, partial: bool) -> Json:
    shaped = _shape(field.shape, partial=partial)
    if field.key in record.exactly_one and not partial:
        match field.shape:
            case Items():
                shaped["minItems"] = 1
            case Named():
                shaped["minProperties"] = 1
    if partial:
        shaped = {"anyOf": [shaped, {"type": "null"}]}
    return {"description": field.meaning, **shaped}


def _shape(shape: Shape, *, partial: bool) -> dict[str, Json]:
    match shape:
        case Keyed(record=record):
            return {"$ref": _reference(record, partial=partial)}
        case Items(item=item):
            # A list replaces as a whole, so what is in it is never partial.
            items = _shape(item, partial=False)
            return {
                "type": "array",
                "uniqueItems": True,
                "maxItems": LIMIT_ITEMS,
                "items": items,
            }
        case Named(name=name, value=value):
            inner = _shape(value, partial=partial)
            return {
                "type": "object",
                "propertyNames": _single(name),
                "additionalProperties": {"anyOf": [inner, {"type": "null"}]} if partial else inner,
            }
        case Choice(options=options):
            return {"enum": [str(option.value) for option in options]}
    return _single(shape)


def _single(shape: Text | Whole | DurationLimits | Truth | Amount) -> dict[str, Json]:
    match shape:
        case Text(pattern=pattern, limit=limit):
            return {"type": "string", "pattern": _anchored(pattern), "maxLength": limit}
        case Whole(least=least, most=most):
            return {"type": "integer", "minimum": least, "maximum": most}
        case DurationLimits():
            return {"type": "string", "pattern": _anchored(DURATION_PATTERN)}
        case Truth():
            return {"type": "boolean"}
    if shape.kind is Cpu:
        text: Json = {"type": "string", "pattern": _anchored(CPU_PATTERN)}
        return {"anyOf": [text, {"type": "number", "exclusiveMinimum": 0}]}
    return {"type": "string", "pattern": _anchored(MEMORY_PATTERN)}


def _anchored(pattern: str) -> str:
    """`pattern` for the whole text; Python's `$` alone would let a newline follow."""
    return rf"^(?:{pattern})$(?!\n)"


def _title(record: type[Record], *, partial: bool) -> str:
    return f"{record.__name__}Overlay" if partial else record.__name__


def _reference(record: type[Record], *, partial: bool) -> str:
    return f"#/$defs/{_title(record, partial=partial)}"
