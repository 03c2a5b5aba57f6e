"""The three types of CESQL, and how a value of one becomes a value of another (section 3.4)."""

from __future__ import annotations

import enum
import re
from typing import TypeAlias

from wherry_build.project.cesql.errors import CesqlError, ErrorKind

Value: TypeAlias = str | int | bool
LEAST = -(2**31)
GREATEST = 2**31 - 1
_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)


class Type(enum.Enum):
    """A type, by what it is called."""

    STRING = "String"
    INTEGER = "Integer"
    BOOLEAN = "Boolean"

    @property
    def zero(self) -> Value:
        """What stands for a value of it that there is not."""
        return _ZEROS[self]


_ZEROS: dict[Type, Value] = {Type.STRING: "", Type.INTEGER: 0, Type.BOOLEAN: False}


def type_of(value: Value) -> Type:
    """The type of `value`."""
    if isinstance(value, bool):
        return Type.BOOLEAN
    return Type.INTEGER if isinstance(value, int) else Type.STRING


def cast(
    value: Value, wanted: Type, span: tuple[int, int], *, instead: Value | None = None
) -> Value:
    """`value` as a `wanted`.

    Args:
        value: The value.
        wanted: What it is to become.
        span: Where the part stands that needs it.
        instead: What that part gives if it cannot be; the type's zero when not said.

    Raises:
        CesqlError: It cannot become one.
    """
    is_kind = type_of(value)
    if is_kind is wanted:
        return value
    if wanted is Type.STRING:
        return _written(value)
    made = _integer(value) if wanted is Type.INTEGER else _boolean(value)
    if made is None:
        raise CesqlError(
            ErrorKind.CAST,
            f"{_shown(value)} is no {wanted.value}",
            value=wanted.zero if instead is None else instead,
            span=span,
        )
    return made


def _written(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _integer(value: Value) -> int | None:
    if isinstance(value, bool):
        return int(value)
    text = str(value)
    if len(text) > 12 or not _NUMBER.fullmatch(text) or not LEAST <= int(text) <= GREATEST:
        return None
    return int(text)


def _boolean(value: Value) -> bool | None:
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def _shown(value: Value) -> str:
    return ascii(value if len(str(value)) <= 64 else f"{str(value)[:61]}...")
