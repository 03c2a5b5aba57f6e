"""What can be wrong with an expression, or with what it is asked of."""

from __future__ import annotations

import enum


class ErrorKind(enum.Enum):
    """The kinds of errors that the specification names (section 3.2), by its conformance kit."""

    PARSE = "parse"
    MATH = "math"
    CAST = "cast"
    MISSING_FUNCTION = "missingFunction"
    FUNCTION_EVALUATION = "functionEvaluation"
    MISSING_ATTRIBUTE = "missingAttribute"


class ParseError(ValueError):
    """A text that is no expression.

    Attributes:
        message: What was got, and what was expected.
        position: Where, in characters from 0.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message}, at character {position + 1}")
        self.message = message
        self.position = position


class CesqlError(Exception):
    """An expression that has no value for an event.

    Attributes:
        kind: What kind of error it is.
        message: What was got, and what was expected.
        value: What the part that failed gives in its place.
        span: Where that part stands, in characters: its begin and its end.
    """

    def __init__(
        self, kind: ErrorKind, message: str, *, value: str | int | bool, span: tuple[int, int]
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.value = value
        self.span = span
