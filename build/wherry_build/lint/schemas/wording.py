"""Says in one line what a validator found: what was got, what was expected, and where."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wherry_build.lint.node import Keys, mapping
from wherry_build.lint.schemas.catalogue import Schema
from wherry_build.lint.schemas.settled import Value

_SHOWN = 60
_LISTED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """One place where a value does not fit; what was got and what was expected."""

    keys: Keys
    message: str
    hint: str = ""


def told(error: Any) -> Iterator[Misfit]:
    """What an error of `jsonschema` says; one for each unknown field."""
    keys = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = sorted(mapping(error.schema.get("properties")))
        for name in error.instance:
            if name not in known:
                yield _unknown((*keys, name), name, known)
        return
    say = _SAID.get(error.validator, _bound)
    yield Misfit(keys=keys, message=say(error))


def _unknown(keys: Keys, name: str, known: Sequence[str]) -> Misfit:
    near = difflib.get_close_matches(name, known, n=1)
    return Misfit(
        keys=keys,
        message=f"unknown field {_cut(name)!r}, expected {_listed(known) or 'no field'}",
        hint=f"did you mean {near[0]!r}?" if near else "",
    )


def _required(error: Any) -> str:
    missing = [name for name in error.validator_value if name not in error.instance]
    return f"{', '.join(missing)} missing, expected {_listed(error.validator_value)}"


def _type(error: Any) -> str:
    expected = error.validator_value
    named = expected if isinstance(expected, str) else " or ".join(expected)
    return f"got {shown(error.instance)}, expected {named}"


def _enum(error: Any) -> str:
    return f"got {shown(error.instance)}, expected one of {_values(error.validator_value)}"


def _pattern(error: Any) -> str:
    return f"got {shown(error.instance)}, expected what matches {error.validator_value}"


def _choice(error: Any) -> str:
    how = "exactly one" if error.validator == "oneOf" else "one or more"
    return f"got {_fields(error.instance)}, expected {how} of {_forms(error.validator_value)}"


def _not(error: Any) -> str:
    return f"got {_fields(error.instance)}, which is what it must not be"


def _own_words(error: Any) -> str:
    return str(error.message)


def _bound(error: Any) -> str:
    got, about = error.instance, error.validator
    if about in {"minItems", "maxItems", "minProperties", "maxProperties"}:
        size = str(len(got))
    elif about in {"minLength", "maxLength"}:
        size = f"{shown(got)} of {len(got)} characters"
    else:
        size = shown(got)
    return f"got {size}, expected {about} {error.validator_value}"


_SAID: Mapping[str, Callable[[Any], str]] = {
    "required": _required,
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "oneOf": _choice,
    "anyOf": _choice,
    "not": _not,
    "x-kubernetes-list-type": _own_words,
}


def _forms(forms: Sequence[Schema]) -> str:
    """The fields that make the difference between the forms, when that is what they are about."""
    names = [name for form in forms for name in form.get("required", ())]
    return _listed(list(dict.fromkeys(names))) or f"{len(forms)} forms"


def _fields(value: Value) -> str:
    return (_listed(list(value)) or "none") if isinstance(value, dict) else shown(value)


def _values(values: Sequence[Value]) -> str:
    return ", ".join(map(shown, values))


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    said = ", ".join(_cut(name) for name in names[:_LISTED])
    return f"{said} and {more} more" if more > 0 else said


def shown(value: Value) -> str:
    """A value as a line has room for it."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return _cut(json.dumps(value))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
