"""Whether a value has the shape that a structural schema gives it, strictly: no unknown field.

The structural schema (Kubernetes' dialect of OpenAPI 3.0) is turned into a JSON Schema of draft 4,
whose bounds it shares, and each error into one line of what was got and what was expected.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import functools
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import re2
from jsonschema import Draft4Validator, FormatChecker, ValidationError, validators

from wherry_build.lint.schemas.catalogue import Schema
from wherry_build.lint.schemas.settled import Value
from wherry_build.lint.schemas.wording import Misfit, shown, told

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_STRING = {"type": "string"}
_STRINGS = {"type": "object", "additionalProperties": _STRING}
_LIST = {"type": "array"}
_COUNT = {"type": "integer"}
_TEXTS = ("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion")
_METADATA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(_TEXTS, _STRING),
        "labels": _STRINGS,
        "annotations": _STRINGS,
        "creationTimestamp": {"type": ["string", "null"]},
        "deletionTimestamp": {"type": ["string", "null"]},
        "ownerReferences": _LIST,
        "finalizers": _LIST,
        "managedFields": _LIST,
        "generation": _COUNT,
        "deletionGracePeriodSeconds": _COUNT,
    },
}
"""ObjectMeta, which a structural schema leaves out."""

_LIMIT_MADE = 512
_MADE: dict[int, tuple[Schema, Any]] = {}


def misfits(value: Value, schema: Schema) -> tuple[Misfit, ...]:
    """Every place of the object `value` that does not fit `schema`."""
    errors = _validator(schema).iter_errors(value)
    found = [each for error in errors for each in told(error)]
    return tuple(dict.fromkeys(found))


def _validator(schema: Schema) -> Any:
    """The validator of a schema, made once; the schema is kept, so that its id stays its own."""
    known = _MADE.get(id(schema))
    if known is None:
        if len(_MADE) >= _LIMIT_MADE:
            _MADE.clear()
        known = (schema, _VALIDATOR(_object(schema), format_checker=_FORMATS))
        _MADE[id(schema)] = known
    return known[1]


def _object(schema: Schema) -> dict[str, Any]:
    """A schema for a whole object: its type and its metadata are said as well."""
    closed = _closed(schema)
    properties = dict(closed.get("properties", {}))
    stated = properties.get("metadata", {})
    metadata = dict(_METADATA)
    if set(stated) - {"type", "additionalProperties"}:
        metadata["allOf"] = [_open(schema["properties"]["metadata"])]
    closed["properties"] = {**properties, "apiVersion": _STRING, "kind": _STRING}
    closed["properties"]["metadata"] = metadata
    return closed


def _closed(schema: Schema) -> dict[str, Any]:
    """The schema with every object closed to fields that it does not name.

    What is in `oneOf`, `anyOf`, `allOf` and `not` speaks about parts of what is described outside
    of it, and stays open.
    """
    made = _open(schema)
    if schema.get("x-kubernetes-embedded-resource"):
        made["properties"] = {
            "apiVersion": _STRING,
            "kind": _STRING,
            "metadata": _METADATA,
            **made.get("properties", {}),
        }
    properties = made.get("properties")
    if isinstance(properties, Mapping):
        made["properties"] = {name: _closed(child) for name, child in properties.items()}
    for name in ("items", "additionalProperties"):
        if isinstance(made.get(name), Mapping):
            made[name] = _closed(made[name])
    is_open = schema.get("x-kubernetes-preserve-unknown-fields")
    if schema.get("type") == "object" and not is_open:
        made.setdefault("additionalProperties", False)
    return made


def _open(schema: Schema) -> dict[str, Any]:
    made = {key: value for key, value in schema.items() if key not in {"default", "example"}}
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("anyOf", None)
        made["type"] = ["integer", "string"]
    if schema.get("nullable") and "type" in made:
        types = made["type"]
        made["type"] = [*([types] if isinstance(types, str) else types), "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    return made


def _pattern(_: Any, pattern: str, instance: Value, __: Any) -> Iterator[ValidationError]:
    """Kubernetes' patterns are RE2's, where `$` is the very end."""
    if isinstance(instance, str) and _compiled(pattern).search(_paired(instance)) is None:
        yield ValidationError(f"does not match {pattern}")


def _paired(text: str) -> str:
    """JSON writes a character beyond 16 bits as a pair of surrogates, and one alone is none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern)


def _unique(_: Any, kind: str, instance: Value, schema: Any) -> Iterator[ValidationError]:
    """The items of a set differ, those of a map differ in their keys."""
    if not isinstance(instance, list) or kind not in {"set", "map"}:
        return
    names = schema.get("x-kubernetes-list-map-keys", ())
    seen = set()
    for index, item in enumerate(instance):
        own = {name: item.get(name) for name in names} if isinstance(item, dict) else item
        mark = json.dumps(own, sort_keys=True)
        if mark in seen:
            said = ", ".join(f"{name} {shown(own[name])}" for name in names) or shown(item)
            yield ValidationError(f"got {said} twice, expected it once", path=(index,))
        seen.add(mark)


_VALIDATOR: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft4Validator, {"pattern": _pattern, "x-kubernetes-list-type": _unique}
)
_FORMATS = FormatChecker(formats=())


def _format(name: str, is_valid: Callable[[Any], bool]) -> None:
    def check(value: object) -> bool:
        try:
            return is_valid(value)
        except ValueError:
            return False

    _FORMATS.checks(name)(check)


def _is_date_time(value: str) -> bool:
    parts = _DATE_TIME.fullmatch(value)
    if parts is None:
        return False
    dt.datetime.fromisoformat(f"{parts[1]}T{parts[2]}")
    return True


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        return False
    return True


def _is_int(bits: int) -> Callable[[Any], bool]:
    least = -(1 << (bits - 1))
    return lambda value: not isinstance(value, int) or least <= value < -least


def _for_text(check: Callable[[str], object]) -> Callable[[Any], bool]:
    return lambda value: not isinstance(value, str) or bool(check(value))


_format("int32", _is_int(32))
_format("int64", _is_int(64))
_format("byte", _for_text(_is_base64))
_format("date-time", _for_text(_is_date_time))
_format("ipv4", _for_text(ipaddress.IPv4Address))
_format("ipv6", _for_text(ipaddress.IPv6Address))
