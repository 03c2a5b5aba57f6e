"""Why an expression lets no event pass: the part that decides, and what it found there."""

from __future__ import annotations

from wherry_build.project.cesql.expression import Attributes, Expression, Part
from wherry_build.project.cesql.values import Type, Value, cast

_LIMIT_SHOWN = 80


def explanation(expression: Expression, attributes: Attributes) -> str:
    """Why `expression` does not let an event with `attributes` pass; empty when it does."""
    outcome = expression.evaluate(attributes)
    if outcome.matches:
        return ""
    if outcome.error is not None:
        start, end = outcome.error.span
        return f"{outcome.error.message}, in `{expression.text[start:end]}`"
    if outcome.value is not False:
        return f"it is {_shown(outcome.value)}, and no boolean"
    return _why(expression, expression.root, attributes)


def _why(expression: Expression, part: Part, attributes: Attributes) -> str:
    """Why a part is false that is."""
    text = expression.source(part)
    if part.operator == "AND":
        first = next(each for each in part.operands if not _is_true(each, attributes))
        return _why(expression, first, attributes)
    if part.operator == "OR":
        reasons = [_why(expression, each, attributes) for each in part.operands]
        return f"neither: {'; '.join(reasons)}"
    found = [
        f"{expression.source(each)} is {_shown(each.evaluate(attributes))}"
        for each in part.operands
        if each.type is None or each.operator
    ]
    return f"`{text}` is false" + (f": {', '.join(found)}" if found else "")


def _is_true(part: Part, attributes: Attributes) -> bool:
    return cast(part.evaluate(attributes), Type.BOOLEAN, part.span) is True


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    shown = repr(value)
    return shown if len(shown) <= _LIMIT_SHOWN else f"{shown[: _LIMIT_SHOWN - 4]}...'"
