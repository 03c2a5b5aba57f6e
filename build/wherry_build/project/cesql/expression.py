"""An expression, compiled once: each part a closure over its parts, and where it stands.

It knows the operators and how their operands are cast, and no grammar.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wherry_build.project.cesql.errors import CesqlError, ErrorKind
from wherry_build.project.cesql.values import (
    GREATEST,
    LEAST,
    Type,
    Value,
    cast,
    type_of,
)

Attributes: TypeAlias = Mapping[str, Value]
Evaluate: TypeAlias = Callable[[Attributes], Value]
Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of an expression.

    Attributes:
        evaluate: Its value for the attributes of an event.
        type: What it gives; None where that is known with the event.
        span: Where it stands in the text.
        operator: What joins its operands: `AND`, `LIKE`, `ABS()`; empty of an operand.
        operands: The parts that it is made of.
    """

    evaluate: Evaluate
    type: Type | None
    span: Span
    operator: str = ""
    operands: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an expression is for one event.

    Attributes:
        value: Its value; where there is an error, what stands for it.
        error: The first error.
    """

    value: Value
    error: CesqlError | None = None

    @property
    def matches(self) -> bool:
        """Whether it lets the event pass: it is true, and nothing was wrong."""
        return self.error is None and self.value is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """An expression.

    Attributes:
        text: As it was written.
        root: Its outermost part.
        mixed: Where it joins AND, OR and XOR without parentheses, in characters from 0: what
            reads from the left elsewhere is read from the right here.
    """

    text: str
    root: Part
    mixed: tuple[int, ...] = ()

    def evaluate(self, attributes: Attributes) -> Outcome:
        """What it is for an event with `attributes`, by their names in lower case."""
        try:
            return Outcome(value=self.root.evaluate(attributes))
        except CesqlError as error:
            if error.span == self.root.span:
                return Outcome(value=error.value, error=error)
            zero = False if self.root.type is None else self.root.type.zero
            return Outcome(value=zero, error=error)

    def functions(self) -> Iterator[str]:
        """The names of the functions that it calls, in upper case."""
        waiting = [self.root]
        while waiting:
            part = waiting.pop()
            waiting += part.operands
            if part.operator.endswith("()"):
                yield part.operator[:-2]

    def source(self, part: Part) -> str:
        """The text of one of its parts."""
        start, end = part.span
        return self.text[start:end]


def literal(value: Value, span: Span) -> Part:
    """A value that is written down."""
    return Part(evaluate=lambda _: value, type=type_of(value), span=span)


def attribute(name: str, span: Span) -> Part:
    """The value of an attribute; names are compared without case."""
    name = name.lower()

    def evaluate(attributes: Attributes) -> Value:
        try:
            return attributes[name]
        except KeyError:
            message = f"the event has no attribute {name!r}"
            raise CesqlError(ErrorKind.MISSING_ATTRIBUTE, message, value=False, span=span) from None

    return Part(evaluate=evaluate, type=None, span=span)


def exists(name: str, span: Span) -> Part:
    """Whether the event has an attribute."""
    name = name.lower()
    return Part(
        evaluate=lambda attributes: name in attributes,
        type=Type.BOOLEAN,
        span=span,
        operator="EXISTS",
    )


def negation(operand: Part, span: Span) -> Part:
    """`NOT` of a boolean."""
    inner = operand.evaluate

    def evaluate(attributes: Attributes) -> Value:
        return not cast(inner(attributes), Type.BOOLEAN, span, instead=True)

    return Part(
        evaluate=evaluate, type=Type.BOOLEAN, span=span, operator="NOT", operands=(operand,)
    )


def minus(operand: Part, span: Span) -> Part:
    """The negative of a number."""
    inner = operand.evaluate

    def evaluate(attributes: Attributes) -> Value:
        return _within(-int(cast(inner(attributes), Type.INTEGER, span)), span)

    return Part(evaluate=evaluate, type=Type.INTEGER, span=span, operator="-", operands=(operand,))


def logic(sign: str, left: Part, right: Part) -> Part:
    """`AND`, `OR` or `XOR`; the right side is not asked where the left decides."""
    first, second = left.evaluate, right.evaluate
    span = (left.span[0], right.span[1])
    decisive = {"AND": False, "OR": True}.get(sign)

    def evaluate(attributes: Attributes) -> Value:
        before = cast(first(attributes), Type.BOOLEAN, span)
        if before is decisive:
            return before
        after = cast(second(attributes), Type.BOOLEAN, span)
        return after if decisive is not None else before is not after

    return Part(
        evaluate=evaluate, type=Type.BOOLEAN, span=span, operator=sign, operands=(left, right)
    )


_COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
}
_ORDERS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def comparison(sign: str, left: Part, right: Part) -> Part:
    """A comparison: equality by the type of the right side, order of numbers."""
    first, second = left.evaluate, right.evaluate
    span = (left.span[0], right.span[1])
    if (equal := _COMPARISONS.get(sign)) is not None:

        def evaluate(attributes: Attributes) -> Value:
            before, after = first(attributes), second(attributes)
            return equal(cast(before, type_of(after), span, instead=False), after)

    else:
        ordered = _ORDERS[sign]

        def evaluate(attributes: Attributes) -> Value:
            before = cast(first(attributes), Type.INTEGER, span, instead=False)
            after = cast(second(attributes), Type.INTEGER, span, instead=False)
            return ordered(int(before), int(after))

    return Part(
        evaluate=evaluate, type=Type.BOOLEAN, span=span, operator=sign, operands=(left, right)
    )


def arithmetic(sign: str, left: Part, right: Part) -> Part:
    """Arithmetic of 32-bit numbers; a quotient is cut towards zero."""
    first, second = left.evaluate, right.evaluate
    span = (left.span[0], right.span[1])
    calculate = _ARITHMETIC[sign]

    def evaluate(attributes: Attributes) -> Value:
        before = int(cast(first(attributes), Type.INTEGER, span))
        after = int(cast(second(attributes), Type.INTEGER, span))
        if after == 0 and sign in "/%":
            raise CesqlError(ErrorKind.MATH, "a division by zero", value=0, span=span)
        return _within(calculate(before, after), span)

    return Part(
        evaluate=evaluate, type=Type.INTEGER, span=span, operator=sign, operands=(left, right)
    )


def _quotient(before: int, after: int) -> int:
    cut = abs(before) // abs(after)
    return cut if (before < 0) == (after < 0) else -cut


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "%": lambda before, after: before - after * _quotient(before, after),
}


def _within(number: int, span: Span) -> int:
    if LEAST <= number <= GREATEST:
        return number
    raise CesqlError(ErrorKind.MATH, f"{number} is over 32 bits", value=0, span=span)


def membership(left: Part, members: Sequence[Part], span: Span, *, negated: bool) -> Part:
    """`IN`: whether a value is one of several, each cast to the value's type."""
    first, rest = left.evaluate, tuple(member.evaluate for member in members)

    def evaluate(attributes: Attributes) -> Value:
        value = first(attributes)
        wanted = type_of(value)
        for member in rest:
            if cast(member(attributes), wanted, span, instead=False) == value:
                return not negated
        return negated

    return Part(
        evaluate=evaluate,
        type=Type.BOOLEAN,
        span=span,
        operator="NOT IN" if negated else "IN",
        operands=(left, *members),
    )


def likeness(left: Part, pattern: str, span: Span, *, negated: bool) -> Part:
    r"""`LIKE`: `%` stands for any characters, `_` for one; `\%` and `\_` for themselves."""
    first, fits = left.evaluate, _pattern(pattern)

    def evaluate(attributes: Attributes) -> Value:
        return fits(str(cast(first(attributes), Type.STRING, span))) is not negated

    return Part(
        evaluate=evaluate,
        type=Type.BOOLEAN,
        span=span,
        operator="NOT LIKE" if negated else "LIKE",
        operands=(left,),
    )


def _pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a text fits; piece after piece, so that no text takes longer than its length asks."""
    pieces = [""]
    width = 0
    for taken in re.findall(r"\\[%_]|[\s\S]", pattern):
        if taken == "%":
            pieces.append("")
            width = 0
        else:
            pieces[-1] += r"[\s\S]" if taken == "_" else re.escape(taken[-1])
            width += 1
    head, *rest = [re.compile(piece) for piece in pieces]
    if not rest:
        return lambda text: head.fullmatch(text) is not None
    *middle, tail = rest

    def fits(text: str) -> bool:
        found = head.match(text)
        for piece in middle:
            if found is None:
                return False
            found = piece.search(text, found.end())
        last = len(text) - width
        return found is not None and found.end() <= last and tail.match(text, last) is not None

    return fits
