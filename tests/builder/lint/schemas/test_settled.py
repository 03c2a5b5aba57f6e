"""An object as an API server has it: nulls dropped, defaults filled in, aliases bounded."""

import pytest

from wherry_build.lint.schemas.settled import Unsettled, settled
from wherry_build.lint.source import read_text

SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "default": "boat"},
        "note": {"type": "string", "nullable": True, "default": "x"},
        "spare": {"type": "string"},
        "crew": {
            "type": "array",
            "items": {"type": "object", "properties": {"role": {"default": {"name": "hand"}}}},
        },
        "by": {
            "type": "object",
            "additionalProperties": {"type": "object", "properties": {"n": {"default": 1}}},
        },
    },
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, {"kind": "boat", "note": "x"}),
        ({"kind": None, "note": None, "spare": None}, {"kind": "boat", "note": None}),
        (
            {"crew": [{}, {"role": 1}, None]},
            {"crew": [{"role": {"name": "hand"}}, {"role": 1}, None], "kind": "boat", "note": "x"},
        ),
        ({"by": {"a": {}}}, {"by": {"a": {"n": 1}}, "kind": "boat", "note": "x"}),
        ({"crew": "none"}, {"crew": "none", "kind": "boat", "note": "x"}),
        ({1: 2, False: 3.5}, {"1": 2, "false": 3.5, "kind": "boat", "note": "x"}),
    ],
)
def test_nulls_go_and_defaults_come(value, expected):
    assert settled(value, SCHEMA) == expected


def test_what_is_given_stays_as_it_was_and_defaults_are_not_shared():
    given = {"crew": [{}, {}]}
    made = settled(given, SCHEMA)
    made["crew"][0]["role"]["name"] = "captain"
    assert given == {"crew": [{}, {}]}
    assert made["crew"][1]["role"]["name"] == "hand"
    assert settled({"crew": [{}]}, SCHEMA)["crew"][0]["role"]["name"] == "hand"


def test_every_scalar_of_yaml_becomes_one_of_json():
    text = 'a: "1"\nb: 0x10\nc: 1.50\nd: true\ne: ~\nf: 2026-11-23\ng: |\n  x\nh: 1e3\n'
    (document,) = read_text(text).documents
    made = settled(document.node, {})
    expected = ["1", 16, 1.5, True, None, "2026-11-23", "x\n", 1000.0]
    assert list(made.values()) == expected
    assert [type(each) for each in made.values()] == [type(each) for each in expected]


def exploding(indent=""):
    """A few lines that are nine to the ninth values when every alias is followed."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    return "".join(f"{indent}{line}\n" for line in lines)


def test_aliases_that_blow_up_are_left():
    (document,) = read_text(exploding()).documents
    with pytest.raises(Unsettled):
        settled(document.node, {})


def test_a_loop_of_aliases_is_left():
    loop = {}
    loop["again"] = loop
    with pytest.raises(Unsettled):
        settled(loop, {})


def test_what_is_left_is_told(told):
    (found,) = told(f"spec:\n{exploding('  ')}", {"type": "object"})
    assert (found[0], found[3]) == ("SCH004", "not checked: it is too large or nested too deep")
