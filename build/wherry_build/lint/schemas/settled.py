"""An object as an API server has it before it validates: JSON's values, nulls gone, defaults in.

Kubernetes drops the null of a property that may not be null, fills in defaults, and then validates.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeAlias

from wherry_build.lint.node import Node, is_list, mapping
from wherry_build.lint.schemas.catalogue import Schema

Value: TypeAlias = Any
"""What JSON can say."""

_LIMIT_DEPTH = 100
_LIMIT_VALUES = 200_000


class Unsettled(Exception):  # noqa: N818 - named for the state
    """A document that is too large or too deep to be looked at."""


def settled(node: Node, schema: Schema) -> Value:
    """`node` as an API server would validate it.

    Raises:
        Unsettled: It is nested too deep, or is too large when its aliases are followed.
    """
    value = _plain(node, [_LIMIT_VALUES], 0)
    _settle(value, schema)
    return value


def _plain(node: Node, budget: list[int], depth: int) -> Value:
    budget[0] -= 1
    if budget[0] < 0 or depth > _LIMIT_DEPTH:
        raise Unsettled("it is too large or nested too deep")
    if isinstance(node, Mapping):
        return {_key(key): _plain(item, budget, depth + 1) for key, item in node.items()}
    if is_list(node):
        return [_plain(item, budget, depth + 1) for item in node]
    return _scalar(node)


def _key(key: Node) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(key)


def _scalar(node: Node) -> Value:
    """The scalar without what the round-trip reader has put around it."""
    if node is None or isinstance(node, bool):
        return node
    for kind in (str, int, float):
        if isinstance(node, kind):
            return kind(node)
    if isinstance(node, (dt.date, dt.datetime)):
        return node.isoformat()
    is_boolean = type(node).__name__ == "ScalarBoolean"
    return bool(node) if is_boolean else str(node)


def _settle(value: Value, schema: Schema) -> None:
    """Drop nulls and fill in defaults below `value`, in place."""
    if isinstance(value, dict):
        properties = mapping(schema.get("properties"))
        for name, child in properties.items():
            if name in value and value[name] is None and not child.get("nullable"):
                del value[name]
            if name not in value and "default" in child:
                value[name] = copy.deepcopy(_plain(child["default"], [_LIMIT_VALUES], 0))
        others = schema.get("additionalProperties")
        for name, item in value.items():
            below = properties.get(name, others)
            if isinstance(below, Mapping):
                _settle(item, below)
    elif isinstance(value, list):
        below = schema.get("items")
        if isinstance(below, Mapping):
            for item in value:
                _settle(item, below)
