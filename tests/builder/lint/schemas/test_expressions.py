"""Rules in CEL: held, broken, and of which nobody knows."""

import sys

import pytest
from celpy import celtypes

from wherry_build.lint.schemas.functions import FUNCTIONS


def ruled(rule, message=None, **schema):
    made = {"rule": rule} | ({"message": message} if message else {})
    return {"type": "object", "x-kubernetes-validations": [made], **schema}


COUNTS = {"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}


def test_a_rule_that_holds_is_not_told_of(told):
    assert told("spec: {a: 1, b: 2}", ruled("self.a < self.b", **COUNTS)) == []


def test_a_broken_rule_is_told_in_its_words_where_it_stands(told):
    text = "spec:\n  a: 2\n  b: 1\n"
    found = told(text, ruled("self.a < self.b", "a is less than b", **COUNTS))
    assert found == [("SCH002", 4, 1, "a is less than b")]


def test_or_in_its_own_where_it_has_none(told):
    (found,) = told("spec: {a: 2, b: 1}", ruled("self.a <\n  self.b", **COUNTS))
    assert found[3] == "does not hold: self.a < self.b"


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("self.a == oldSelf.a", "it compares with the object as it was before"),
        ("quantity(self.a) > 1", "'quantity' is not known here"),
        ("self.missing > 1", "it ends with an error"),
        ("self.a ==", "it cannot be read as CEL"),
        ("self.a", "it is neither true nor false"),
        ("1 / 0 == 1", "it ends with an error"),
        ("", "it cannot be read as CEL"),
    ],
)
def test_what_cannot_be_evaluated_neither_passes_nor_fails(told, rule, why):
    (found,) = told("spec: {a: 1}", ruled(rule, **COUNTS))
    assert found[0] == "SCH004"
    assert found[3].startswith(f"not evaluated, for {why}")


def test_a_rule_is_told_of_once_for_an_object_when_it_is_not_evaluated(rules):
    items = {"type": "array", "items": ruled("self.a == oldSelf.a", **COUNTS)}
    spec = {"type": "object", "properties": {"list": items}}
    assert rules("spec: {list: [{a: 1}, {a: 2}]}", spec) == ["SCH004"]


def test_a_rule_is_evaluated_at_every_item_and_value(told):
    each = ruled("self.a > 1", "too few", **COUNTS)
    spec = {
        "type": "object",
        "properties": {
            "list": {"type": "array", "items": each},
            "map": {"type": "object", "additionalProperties": each},
        },
    }
    text = (
        "spec:\n  list:\n    - a: 1\n    - a: 2\n  map:\n    x:\n      a: 0\n    y:\n      a: 9\n"
    )
    assert [(rule, line) for rule, line, *_ in told(text, spec)] == [("SCH002", 6), ("SCH002", 9)]


def test_rules_wait_for_the_shape(rules):
    spec = ruled("self.a > 1", **COUNTS)
    assert sorted(rules("spec: {a: x}", spec)) == ["SCH001", "SCH004"]


@pytest.mark.parametrize(
    ("rule", "schema", "text", "holds"),
    [
        ("self.a > 0.5", {"a": {"type": "number"}}, "{a: 1}", True),
        ("!has(self.a)", {"a": {"type": "string", "nullable": True}}, "{a: null}", True),
        ("self.a == 'b'", {"a": {"type": "string", "default": "b"}}, "{}", True),
        ("self.__namespace__ == 'x'", {"namespace": {"type": "string"}}, "{namespace: x}", True),
        ("self.a__dash__b == 1", {"a-b": {"type": "integer"}}, "{a-b: 1}", True),
        ("self.a__dot__b == 1", {"a.b": {"type": "integer"}}, "{a.b: 1}", True),
        ("self.a__underscores__b == 1", {"a__b": {"type": "integer"}}, "{a__b: 1}", True),
        (
            "self.a.all(k, k != 'x-y')",
            {"a": {"type": "object", "additionalProperties": {"type": "string"}}},
            "{a: {x-y: z}}",
            False,
        ),
        (
            "self.a < timestamp('2026-11-24T00:00:00Z')",
            {"a": {"type": "string", "format": "date-time"}},
            "{a: '2026-11-23T00:00:00Z'}",
            True,
        ),
        ("duration(self.a) >= duration('1ms')", {"a": {"type": "string"}}, "{a: 0.5ms}", False),
        ("self.a.matches('^b$')", {"a": {"type": "string"}}, '{a: "b\\n"}', False),
        ("!has(self.a) || self.a.size() > 1", {"a": {"type": "array"}}, "{}", True),
    ],
)
def test_values_have_the_types_and_names_that_the_schema_gives(rules, rule, schema, text, holds):
    expected = [] if holds else ["SCH002"]
    assert rules(f"spec: {text}", ruled(rule, properties=schema)) == expected


def test_a_rule_of_the_whole_object_sees_the_name_and_no_more_of_the_metadata(rules):
    properties = {"spec": {"type": "object"}, "metadata": {"type": "object"}}
    seen = ruled("self.metadata.name == 'north' && self.kind == 'Ferry'", properties=properties)
    assert rules("spec: {}", schema=seen) == []
    hidden = ruled("has(self.metadata.labels)", properties=properties)
    assert rules("spec: {}", schema=hidden) == ["SCH002"]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("isIP", ("10.0.0.1",), True),
        ("isIP", ("::1",), True),
        ("isIP", ("10.0.0.1/8",), False),
        ("isIP", ("::ffff:10.0.0.1",), False),
        ("isIP", ("fe80::1%eth0",), False),
        ("isIP", ("a.b",), False),
        ("isURL", ("https://a.example/b",), True),
        ("isURL", ("/b",), True),
        ("isURL", ("a.example",), False),
        ("isURL", ("http://a:port/",), False),
        ("isURL", ("http://a b/",), False),
        ("getScheme", ("oci://a/b",), "oci"),
        ("substring", ("unix:///x", 7, 8), "/"),
        ("substring", ("*.a", 2), "a"),
        ("split", ("a/b/c", "/"), ["a", "b", "c"]),
        ("split", ("a/b/c", "/", 2), ["a", "b/c"]),
        ("split", ("a/b", "/", 0), []),
        ("split", ("a/b", "/", -1), ["a", "b"]),
    ],
)
def test_functions_of_kubernetes(name, arguments, expected):
    given = [
        celtypes.StringType(each) if isinstance(each, str) else celtypes.IntType(each)
        for each in arguments
    ]
    assert FUNCTIONS[name](*given) == expected


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (2, 1), (0, 4)])
def test_a_substring_out_of_range_is_an_error(rules, start, end):
    spec = ruled(f"self.a.substring({start}, {end}) == ''", properties={"a": {"type": "string"}})
    assert rules("spec: {a: abc}", spec) == ["SCH004"]


def test_the_recursion_limit_is_as_it_was(rules):
    before = sys.getrecursionlimit()
    assert rules("spec: {a: 1}", ruled("self.a == 1 + 0", **COUNTS)) == []
    assert sys.getrecursionlimit() == before
