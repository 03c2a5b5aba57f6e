"""From a text to an expression: CESQL's grammar, by how tightly its operators bind.

Tightest first: NOT and the sign; LIKE and IN; `*` `/` `%`; `+` `-`; comparisons; AND, OR and XOR,
which bind alike and to the right.
"""

from __future__ import annotations

from wherry_build.project.cesql import expression as made
from wherry_build.project.cesql.errors import ParseError
from wherry_build.project.cesql.expression import Expression, Part
from wherry_build.project.cesql.functions import invocation
from wherry_build.project.cesql.lexing import Token, tokens
from wherry_build.project.cesql.values import GREATEST, LEAST

_LIMIT_DEPTH = 100
_LOGIC, _COMPARISON, _SUM, _PRODUCT, _TEST, _UNARY = range(1, 7)
_STRENGTH = {
    **dict.fromkeys(("AND", "OR", "XOR"), _LOGIC),
    **dict.fromkeys(("=", "!=", "<>", "<", "<=", ">", ">="), _COMPARISON),
    **dict.fromkeys(("+", "-"), _SUM),
    **dict.fromkeys(("*", "/", "%"), _PRODUCT),
    **dict.fromkeys(("LIKE", "IN", "NOT"), _TEST),
}


def parse(text: str) -> Expression:
    """The expression that `text` is.

    Raises:
        ParseError: It is none; says where, and what was expected there.
    """
    reading = _Reading(tokens(text))
    root = reading.expression(_LOGIC)
    reading.expect("end", "an operator, or the end")
    return Expression(text=text, root=root, mixed=tuple(sorted(reading.mixed)))


class _Reading:
    """One pass over the tokens."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0
        self._enclosed: list[Part] = []
        self.mixed: list[int] = []

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def expect(self, kind: str, expected: str) -> Token:
        """Take a token of `kind`."""
        if self._next.kind != kind:
            raise self._unexpected(expected)
        return self._take()

    def _unexpected(self, expected: str) -> ParseError:
        got = repr(self._next.value) if self._next.kind != "end" else "the end"
        return ParseError(f"got {got}, expected {expected}", self._next.start)

    def expression(self, least: int) -> Part:
        """What is joined by operators that bind at least so tightly."""
        self._depth += 1
        if self._depth > _LIMIT_DEPTH:
            raise ParseError(f"expected at most {_LIMIT_DEPTH} levels", self._next.start)
        left = self._operand()
        while (strength := _STRENGTH.get(self._next.kind, 0)) >= least:
            left = self._joined(left, strength)
        self._depth -= 1
        return left

    def _joined(self, left: Part, strength: int) -> Part:
        if strength == _TEST:
            return self._test(left)
        token = self._take()
        sign = token.kind
        # Those of logic bind to the right, all others to the left.
        right = self.expression(strength if strength == _LOGIC else strength + 1)
        if strength == _LOGIC:
            if self._is_other_logic(right, sign):
                self.mixed.append(token.start)
            return made.logic(sign, left, right)
        if strength == _COMPARISON:
            return made.comparison(sign, left, right)
        return made.arithmetic(sign, left, right)

    def _is_other_logic(self, part: Part, sign: str) -> bool:
        """Whether `part` is of logic with another sign, and stands without parentheses."""
        is_logic = _STRENGTH.get(part.operator) == _LOGIC and part.operator != sign
        return is_logic and all(part is not each for each in self._enclosed)

    def _test(self, left: Part) -> Part:
        negated = self._next.kind == "NOT"
        if negated:
            self._take()
        if self._next.kind == "LIKE":
            self._take()
            pattern = self.expect("text", "a pattern in quotes")
            span = (left.span[0], pattern.end)
            return made.likeness(left, pattern.value, span, negated=negated)
        self.expect("IN", "LIKE or IN")
        self.expect("(", "`(`")
        members, end = self._listed(least=1)
        return made.membership(left, members, (left.span[0], end), negated=negated)

    def _listed(self, *, least: int) -> tuple[list[Part], int]:
        """Expressions up to the closing parenthesis, and where that ends."""
        found: list[Part] = []
        if least == 0 and self._next.kind == ")":
            return found, self._take().end
        while True:
            found.append(self.expression(_LOGIC))
            if self._next.kind != ",":
                return found, self.expect(")", "`,` or `)`").end
            self._take()

    def _operand(self) -> Part:
        token = self._next
        if token.kind == "NOT":
            self._take()
            operand = self.expression(_UNARY)
            return made.negation(operand, (token.start, operand.span[1]))
        if token.kind == "-":
            self._take()
            operand = self.expression(_UNARY)
            return made.minus(operand, (token.start, operand.span[1]))
        if token.kind == "EXISTS":
            self._take()
            name = self.expect("name", "an attribute's name")
            return made.exists(self._attribute(name), (token.start, name.end))
        if token.kind == "(":
            self._take()
            inner = self.expression(_LOGIC)
            self.expect(")", "an operator or `)`")
            self._enclosed.append(inner)
            return inner
        return self._atom()

    def _atom(self) -> Part:
        token = self._next
        span = (token.start, token.end)
        if token.kind in {"TRUE", "FALSE"}:
            self._take()
            return made.literal(token.kind == "TRUE", span)
        if token.kind == "text":
            self._take()
            return made.literal(token.value, span)
        if token.kind == "number":
            return made.literal(self._number(self._take()), span)
        if token.kind != "name":
            raise self._unexpected("a value, an attribute, a function or `(`")
        self._take()
        if self._next.kind == "(":
            return self._invocation(token)
        return made.attribute(self._attribute(token), span)

    def _invocation(self, name: Token) -> Part:
        if any(character.isdigit() for character in name.value):
            raise ParseError(f"got {name.value!r}, expected a function's name", name.start)
        self._take()
        arguments, end = self._listed(least=0)
        return invocation(name.value, arguments, (name.start, end))

    @staticmethod
    def _attribute(name: Token) -> str:
        if "_" in name.value:
            raise ParseError(f"got {name.value!r}, expected an attribute's name", name.start)
        return name.value

    @staticmethod
    def _number(token: Token) -> int:
        if len(token.value) > 32 or not LEAST <= int(token.value) <= GREATEST:
            raise ParseError(f"got {token.value[:32]}, expected a number of 32 bits", token.start)
        return int(token.value)
