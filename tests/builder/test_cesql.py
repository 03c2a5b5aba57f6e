"""What is seen of an expression of CESQL without a parser of it."""

import pytest

from wherry_build.cesql import unfinished


@pytest.mark.parametrize(
    "expression", ["a = 'b'", "a = 'it''s'", r"a = 'it\'s'", '(a = "(") AND b', "TRUE"]
)
def test_what_is_finished(expression):
    assert unfinished(expression) == ""


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("a = 'b", "has a text without its closing quote"),
        ('a = "b', "has a text without its closing quote"),
        ("(a = 1", "has an open parenthesis"),
        ("a = 1)", "closes a parenthesis that is not open"),
        (")(", "closes a parenthesis that is not open"),
    ],
)
def test_what_is_not(expression, reason):
    assert unfinished(expression) == reason
