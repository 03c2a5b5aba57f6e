"""Rules of a schema in CEL (`x-kubernetes-validations`), each evaluated where it stands.

A rule holds, or is broken, or could not be evaluated, and then nobody knows: an API server might
refuse the object. Rules that compare with the object as it was (`oldSelf`) are always of that kind.
"""

from __future__ import annotations

import enum
import functools
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import celpy
from celpy import celtypes
from celpy.celparser import CELParseError

from wherry_build.lint.node import Keys, mapping
from wherry_build.lint.schemas.catalogue import Schema
from wherry_build.lint.schemas.functions import FUNCTIONS
from wherry_build.lint.schemas.settled import Value

_LIMIT_FRAMES = 2500
_OLD = re.compile(r"\boldSelf\b")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*", re.ASCII)
_ESCAPES = (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__"))
_RESERVED = frozenset(
    (
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import"),
        *("in", "let", "loop", "namespace", "null", "package", "return", "true", "var", "void"),
        "while",
    )
)
_AT_ROOT = frozenset({"name", "generateName"})


class Outcome(enum.Enum):
    """What became of a rule."""

    BROKEN = "broken"
    NOT_EVALUATED = "not evaluated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A rule that does not hold, or of which nobody knows, and where."""

    keys: Keys
    outcome: Outcome
    rule: str
    message: str


def verdicts(value: Value, schema: Schema, keys: Keys = ()) -> Iterator[Verdict]:
    """Evaluate every rule of `schema` and of all below it; those that hold are left out."""
    rules = schema.get("x-kubernetes-validations") or ()
    if rules and value is not None:
        bound = _typed(_root(value) if not keys else value, schema)
        for each in rules:
            yield from _verdict(each, bound, keys)
    if isinstance(value, dict):
        properties = mapping(schema.get("properties"))
        for name, item in value.items():
            below = properties.get(name, schema.get("additionalProperties"))
            if isinstance(below, Mapping):
                yield from verdicts(item, below, (*keys, name))
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for index, item in enumerate(value):
            yield from verdicts(item, schema["items"], (*keys, index))


def _verdict(rule: Mapping[str, Any], bound: Any, keys: Keys) -> Iterator[Verdict]:
    expression = str(rule.get("rule", ""))
    said = str(rule.get("message") or f"does not hold: {_one_line(expression)}")
    if _OLD.search(expression):
        why = "it compares with the object as it was before"
    else:
        try:
            with _room():
                result = _program(expression).evaluate({"self": bound})
        except Exception as error:  # noqa: BLE001 - whatever it is, the rule was not evaluated
            why = _reason(error)
        else:
            if isinstance(result, (bool, celtypes.BoolType)):
                if not result:
                    yield Verdict(keys=keys, outcome=Outcome.BROKEN, rule=expression, message=said)
                return
            why = "it is neither true nor false"
    yield Verdict(
        keys=keys,
        outcome=Outcome.NOT_EVALUATED,
        rule=expression,
        message=f"not evaluated, for {why}: {_one_line(expression)}",
    )


@contextmanager
def _room() -> Iterator[None]:
    """Room for deep expressions; the library takes it by itself, and never gives it back."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _LIMIT_FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


@functools.lru_cache(maxsize=1024)
def _program(expression: str) -> Any:
    environment = celpy.Environment()
    return environment.program(environment.compile(expression), functions=dict(FUNCTIONS))


def _reason(error: Exception) -> str:
    if isinstance(error, CELParseError):
        return "it cannot be read as CEL"
    said = str(error.args[0]) if error.args else type(error).__name__
    found = re.match(r"undeclared reference to '(\w+)'", said)
    return f"{found[1]!r} is not known here" if found else f"it ends with an error ({said[:60]})"


def _one_line(expression: str) -> str:
    text = " ".join(expression.split())
    return text if len(text) <= 160 else text[:157] + "..."


def _root(value: Value) -> Value:
    """The object as its own rules see it: of the metadata there is the name alone."""
    metadata = mapping(value.get("metadata")) if isinstance(value, dict) else {}
    named = {key: item for key, item in metadata.items() if key in _AT_ROOT}
    return {**value, "metadata": named} if isinstance(value, dict) else value


def _typed(value: Value, schema: Schema) -> Any:
    """`value` as CEL has it: numbers of the type that the schema says, fields by escaped name."""
    if isinstance(value, dict):
        return _typed_object(value, schema)
    if isinstance(value, list):
        below = mapping(schema.get("items"))
        return celtypes.ListType([_typed(item, below) for item in value])
    if isinstance(value, bool):
        return celtypes.BoolType(value)
    if isinstance(value, (int, float)):
        is_double = schema.get("type") == "number" or isinstance(value, float)
        return celtypes.DoubleType(value) if is_double else celtypes.IntType(value)
    if isinstance(value, str):
        return _typed_text(value, schema)
    return value


def _typed_object(value: dict[str, Value], schema: Schema) -> Any:
    properties = mapping(schema.get("properties"))
    others = mapping(schema.get("additionalProperties"))
    made = {}
    for name, item in value.items():
        known = properties.get(name)
        if item is None and known is not None:
            continue  # to CEL, a null field is not there
        shown = _escaped(name) if known is not None else name
        made[celtypes.StringType(shown)] = _typed(item, mapping(known) if known else others)
    return celtypes.MapType(made)


def _typed_text(value: str, schema: Schema) -> Any:
    if schema.get("type") == "string" and not schema.get("x-kubernetes-int-or-string"):
        if schema.get("format") == "date-time":
            return celtypes.TimestampType(value)
        if schema.get("format") == "duration":
            return celtypes.DurationType(value)
    return celtypes.StringType(value)


def _escaped(name: str) -> str:
    """A field's name as CEL can write it (Kubernetes: validation rules, escaping)."""
    if name in _RESERVED:
        return f"__{name}__"
    if not _NAME.fullmatch(name):
        return name
    for sign, written in _ESCAPES:
        name = name.replace(sign, written) if sign == "__" or sign in name else name
    return name
