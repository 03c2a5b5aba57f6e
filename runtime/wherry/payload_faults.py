"""Faults of a payload, and how they name places and types; never a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

Fault = dict[str, str]
Converter = Callable[[Any, str, list[Fault]], Any]
"""From a JSON value, its place and the faults so far, to what was meant or INVALID."""

MAX_FAULTS = 100
INVALID: Final = object()
"""What a converter returns beside the faults it added."""
UNIONS = frozenset({Union, type(int | str)})


def pointer(path: str, member: object) -> str:
    """The JSON pointer of `member` below `path` (RFC 6901)."""
    return f"{path}/{str(member).replace('~', '~0').replace('/', '~1')}"


def type_name(value: object) -> str:
    """The name a sender knows the JSON type of `value` by."""
    return "null" if value is None else type(value).__name__


def fault(path: str, expected: str, got: str) -> Fault:
    """One fault, in the shape that problems carry."""
    return {"path": path, "expected": expected, "got": got}


def refuse(faults: list[Fault], path: str, expected: str, value: object) -> Any:
    """Add the fault that `value` is not what was expected; INVALID."""
    add(faults, fault(path, expected, type_name(value)))
    return INVALID


def add(faults: list[Fault], found: Fault) -> None:
    """Add a fault, up to 100 of them."""
    if len(faults) < MAX_FAULTS:
        faults.append(found)


def name_of(kind: Any) -> str:
    """How `kind` is named to a sender: `list[int]`, `int | null`, `Order`."""
    if kind is None or kind is type(None):
        return "null"
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated or is_required(origin):
        return name_of(arguments[0])
    if origin in UNIONS:
        return " | ".join(name_of(each) for each in arguments)
    if origin is Literal:
        return "one of " + ", ".join(repr(each) for each in arguments)
    if arguments:
        inner = ", ".join("..." if each is ... else name_of(each) for each in arguments)
        return f"{name_of(origin)}[{inner}]"
    return getattr(kind, "__name__", None) or str(kind)


def is_required(origin: Any) -> bool:
    """Whether `origin` is Required, NotRequired or ReadOnly, wherever it came from."""
    return getattr(origin, "_name", None) in {"Required", "NotRequired", "ReadOnly"}
