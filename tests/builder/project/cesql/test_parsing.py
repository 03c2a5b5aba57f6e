"""CESQL's grammar where it surprises, and what is told of a text that is no expression."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.project.cesql import CesqlError, ErrorKind, ParseError, parse

EVENT = {"id": "1", "type": "com.acme.order.placed", "source": "/eu/shop", "n": 5, "yes": True}
WORDS = [
    "AND", "or", "NOT", "LIKE", "IN", "EXISTS", "(", ")", ",", "'a%'", "1", "-1", "+", "-", "*",
    "/", "=", "<>", "type", "n", "yes", "missing", "ABS", "SUBSTRING", "TRUE", '"', "\\", "é",
]  # fmt: skip


def value(text, event=EVENT):
    return parse(text).evaluate(event).value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FALSE AND FALSE OR TRUE", False),  # to the right, as Knative has it
        ("(FALSE AND FALSE) OR TRUE", True),
        ("TRUE XOR TRUE XOR TRUE", True),
        ("10 - 2 - 3", 5),
        ("2 + 3 * 4", 14),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("7 % -2", 1),
        ("NOT yes LIKE 'f%'", True),  # (NOT yes) LIKE
        ("1 + 1 = 2 AND 3 > 2", True),
        ("n = '5'", True),
        ("TYPE LIKE '%.PLACED'", False),
        ("'it''s'", "it''s"),
        (r"'a\'b'", "a'b"),
        ("left('abc', 1)", "a"),
        ("-2147483648", -(2**31)),
    ],
)
def test_what_it_gives(text, expected):
    outcome = parse(text).evaluate(EVENT)
    assert (outcome.value, outcome.error) == (expected, None)


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "got the end, expected a value, an attribute, a function or `(`"),
        ("2+3", 1, "got '+3', expected an operator, or the end"),
        ("2 -3", 2, "got '-3', expected an operator, or the end"),
        ("a = ", 4, "got the end, expected a value"),
        ("a = 'b", 4, "a text without its closing quote"),
        ("(a = 1", 6, "got the end, expected an operator or `)`"),
        ("a = 1)", 5, "got ')', expected an operator, or the end"),
        ("a LIKE b", 7, "got 'b', expected a pattern in quotes"),
        ("a IN ()", 6, "got ')', expected a value"),
        ("a NOT = 1", 6, "got '=', expected LIKE or IN"),
        ("EXISTS 'a'", 7, "got 'a', expected an attribute's name"),
        ("a_b = 1", 0, "got 'a_b', expected an attribute's name"),
        ("f1(2)", 0, "got 'f1', expected a function's name"),
        ("2147483648", 0, "got 2147483648, expected a number of 32 bits"),
        ("a ; b", 2, "got ';', expected a name, a number, a text or an operator"),
        ("(" * 200, 100, "expected at most 100 levels"),
        ("x" * 20_000, 16_384, "expected at most 16384 characters"),
    ],
)
def test_what_is_none(text, position, message):
    with pytest.raises(ParseError) as error:
        parse(text)
    assert error.value.position == position
    assert error.value.message.startswith(message)


@pytest.mark.parametrize(
    ("text", "kind", "expected", "part"),
    [
        ("type = 'x' AND n / 0 = 1", None, False, None),
        ("n / 0 = 1", ErrorKind.MATH, False, "n / 0"),
        ("2147483647 + 1", ErrorKind.MATH, 0, "2147483647 + 1"),
        ("-2147483648 / -1", ErrorKind.MATH, 0, "-2147483648 / -1"),
        ("'1' = TRUE", ErrorKind.CAST, False, "'1' = TRUE"),
        ("missing = 2 OR TRUE", ErrorKind.MISSING_ATTRIBUTE, False, "missing"),
        ("TRUE OR missing", None, True, None),
        ("nothing('a')", ErrorKind.MISSING_FUNCTION, False, "nothing('a')"),
        ("LEFT('a')", ErrorKind.MISSING_FUNCTION, False, "LEFT('a')"),
        ("SUBSTRING('a', 1, -1)", ErrorKind.FUNCTION_EVALUATION, "", "SUBSTRING('a', 1, -1)"),
    ],
)
def test_the_first_error_ends_it(text, kind, expected, part):
    outcome = parse(text).evaluate(EVENT)
    assert outcome.value == expected
    assert (outcome.error and outcome.error.kind) == kind
    if outcome.error is not None:
        start, end = outcome.error.span
        assert text[start:end] == part
        assert not outcome.matches


def test_only_what_is_true_lets_pass():
    assert parse("type LIKE 'com.acme.%'").evaluate(EVENT).matches
    assert not parse("n").evaluate(EVENT).matches
    assert not parse("'true'").evaluate(EVENT).matches


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("a AND b AND c", ()),
        ("a AND b OR c", (2,)),
        ("a OR (b AND c)", ()),
        ("(a OR b) AND c", ()),
        ("a OR (b) AND (c)", (2,)),
        ("a XOR b AND c OR d", (2, 8)),
        ("a IN (b AND c OR d)", (8,)),
        ("ABS(a AND b OR c)", (6,)),
    ],
)
def test_where_logic_is_mixed_is_known(text, mixed):
    assert parse(text).mixed == mixed


def test_parts_know_where_they_stand():
    expression = parse("type = 'a' AND (n > 3 OR EXISTS subject)")
    left, right = expression.root.operands
    assert expression.source(left) == "type = 'a'"
    assert expression.source(right) == "n > 3 OR EXISTS subject"
    assert [expression.source(each) for each in right.operands] == ["n > 3", "EXISTS subject"]


def test_a_pattern_takes_no_longer_than_its_length_asks():
    """One with many `%` is a piece after another, and no tree of ways."""
    text = f"x LIKE '{'a%' * 2000}b'"
    assert value(text, {"x": "a" * 50_000}) is False


@given(st.text("ab%_\\", max_size=8), st.text("ab%_\\", max_size=8))
def test_a_pattern_is_as_its_definition(text, pattern):
    def fits(rest, wanted):
        if not wanted:
            return not rest
        if wanted[0] == "%":
            return any(fits(rest[at:], wanted[1:]) for at in range(len(rest) + 1))
        if wanted[0] == "\\" and len(wanted) > 1 and wanted[1] in "%_":
            return rest[:1] == wanted[1] and fits(rest[1:], wanted[2:])
        return bool(rest) and wanted[0] in {"_", rest[0]} and fits(rest[1:], wanted[1:])

    if pattern.endswith("\\"):
        return  # it would take the closing quote
    try:
        expression = parse(f"x LIKE '{pattern}'")
    except ParseError:
        return  # an odd number of backslashes before the quote
    assert expression.evaluate({"x": text}).value is fits(text, pattern)


@given(st.lists(st.sampled_from(WORDS), max_size=12), st.sampled_from(["", " "]))
def test_any_text_is_an_expression_or_none(words, between):
    text = between.join(words)
    try:
        expression = parse(text)
    except ParseError as error:
        position = error.position
    else:
        outcome = expression.evaluate(EVENT)
        assert isinstance(outcome.value, (str, int, bool))
        assert outcome.error is None or isinstance(outcome.error, CesqlError)
        return
    assert 0 <= position <= len(text)
