"""The functions that every implementation of CESQL has (section 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from wherry_build.project.cesql.errors import CesqlError, ErrorKind
from wherry_build.project.cesql.expression import Attributes, Part, Span
from wherry_build.project.cesql.values import GREATEST, LEAST, Type, Value, cast


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, kind: ErrorKind, message: str, value: Value) -> None:
        super().__init__(message)
        self.kind, self.message, self.value = kind, message, value


class _Function(NamedTuple):
    call: Callable[..., Value]
    gives: Type
    takes: tuple[Type, ...]
    more: Type | None = None
    """Type of as many arguments as come after those."""


def _absolute(number: int) -> int:
    if number == LEAST:
        raise _Wrong(ErrorKind.MATH, f"ABS: {-LEAST} is over 32 bits", GREATEST)
    return abs(number)


def _left(text: str, count: int) -> str:
    if count < 0:
        raise _Wrong(ErrorKind.FUNCTION_EVALUATION, f"LEFT: {count} characters", text)
    return text[:count]


def _right(text: str, count: int) -> str:
    if count < 0:
        raise _Wrong(ErrorKind.FUNCTION_EVALUATION, f"RIGHT: {count} characters", text)
    return text[max(0, len(text) - count) :]


def _substring(text: str, position: int, length: int | None = None) -> str:
    if position == 0:
        return ""
    if abs(position) > len(text) or (length is not None and length < 0):
        message = f"SUBSTRING: nothing at {position} in {len(text)} characters"
        raise _Wrong(ErrorKind.FUNCTION_EVALUATION, message, "")
    start = position - 1 if position > 0 else len(text) + position
    return text[start:] if length is None else text[start : start + length]


def _boolean(value: Value) -> Value:
    return value != 0 if isinstance(value, int) else value


_STRING, _INTEGER, _BOOLEAN = Type.STRING, Type.INTEGER, Type.BOOLEAN
_FUNCTIONS: dict[str, tuple[_Function, ...]] = {
    "ABS": (_Function(_absolute, _INTEGER, (_INTEGER,)),),
    "CONCAT": (_Function(lambda *texts: "".join(texts), _STRING, (), _STRING),),
    "CONCAT_WS": (
        _Function(lambda between, *texts: between.join(texts), _STRING, (_STRING,), _STRING),
    ),
    "INT": (_Function(lambda number: number, _INTEGER, (_INTEGER,)),),
    "LEFT": (_Function(_left, _STRING, (_STRING, _INTEGER)),),
    "LENGTH": (_Function(len, _INTEGER, (_STRING,)),),
    "LOWER": (_Function(str.lower, _STRING, (_STRING,)),),
    "RIGHT": (_Function(_right, _STRING, (_STRING, _INTEGER)),),
    "STRING": (_Function(lambda text: text, _STRING, (_STRING,)),),
    "SUBSTRING": (
        _Function(_substring, _STRING, (_STRING, _INTEGER)),
        _Function(_substring, _STRING, (_STRING, _INTEGER, _INTEGER)),
    ),
    "TRIM": (_Function(str.strip, _STRING, (_STRING,)),),
    "UPPER": (_Function(str.upper, _STRING, (_STRING,)),),
}
NAMES = frozenset({*_FUNCTIONS, "BOOL"})
"""What functions there are."""


def invocation(name: str, arguments: Sequence[Part], span: Span) -> Part:
    """A function's call; one that there is not fails when it is evaluated."""
    upper = name.upper()
    if upper == "BOOL" and len(arguments) == 1:
        return _to_boolean(arguments[0], span)
    for function in _FUNCTIONS.get(upper, ()):
        extra = len(arguments) - len(function.takes)
        if extra == 0 or (extra > 0 and function.more is not None):
            return _call(upper, function, arguments, span)
    return _missing(upper, arguments, span)


def _call(name: str, function: _Function, arguments: Sequence[Part], span: Span) -> Part:
    fixed = len(function.takes)
    types = [
        function.takes[at] if at < fixed else function.more or Type.STRING
        for at in range(len(arguments))
    ]
    pairs = [(argument.evaluate, wanted) for argument, wanted in zip(arguments, types, strict=True)]

    def evaluate(attributes: Attributes) -> Value:
        given = [
            cast(argument(attributes), wanted, span, instead=function.gives.zero)
            for argument, wanted in pairs
        ]
        try:
            return function.call(*given)
        except _Wrong as wrong:
            raise CesqlError(wrong.kind, wrong.message, value=wrong.value, span=span) from None

    return Part(
        evaluate=evaluate,
        type=function.gives,
        span=span,
        operator=f"{name}()",
        operands=tuple(arguments),
    )


def _to_boolean(argument: Part, span: Span) -> Part:
    """`BOOL` takes numbers, which no operator casts by itself."""
    inner = argument.evaluate

    def evaluate(attributes: Attributes) -> Value:
        return cast(_boolean(inner(attributes)), Type.BOOLEAN, span)

    return Part(
        evaluate=evaluate, type=Type.BOOLEAN, span=span, operator="BOOL()", operands=(argument,)
    )


def _missing(name: str, arguments: Sequence[Part], span: Span) -> Part:
    def evaluate(_: Attributes) -> Value:
        message = f"no function {name} takes {len(arguments)} arguments"
        raise CesqlError(ErrorKind.MISSING_FUNCTION, message, value=False, span=span)

    return Part(
        evaluate=evaluate, type=None, span=span, operator=f"{name}()", operands=tuple(arguments)
    )
