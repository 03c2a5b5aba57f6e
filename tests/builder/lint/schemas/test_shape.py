"""Shapes: what a structural schema takes and what it does not, as strictly as an API server."""

import pytest

TEXT = {"type": "string"}
COUNT = {"type": "integer"}
ROUTE = {"type": "object", "properties": {"route": TEXT, "berths": COUNT}}


def test_what_fits_is_not_told_of(told):
    assert told("spec: {route: island, berths: 4}", ROUTE) == []


def test_an_unknown_field_is_told_where_it_stands(told):
    text = "spec:\n  route: island\n  births: 4\n"
    (shape, unevaluated) = sorted(told(text, ROUTE))
    assert shape == ("SCH001", 6, 3, "unknown field 'births', expected berths, route")
    assert unevaluated[0] == "SCH004"


FITS = {
    "a whole number": ({"type": "integer"}, "1"),
    "a number may be whole": ({"type": "number"}, "1"),
    "either": ({"x-kubernetes-int-or-string": True, "anyOf": [COUNT, TEXT]}, "8080"),
    "or": ({"x-kubernetes-int-or-string": True, "anyOf": [COUNT, TEXT]}, "http"),
    "null where it may be": ({"type": "string", "nullable": True}, "null"),
    "null is one of the allowed": ({"type": "string", "enum": ["a"], "nullable": True}, "null"),
    "null where it may not be is as nothing": (TEXT, "null"),
    "kept": ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, "{b: 1}"),
    "any name": ({"type": "object", "additionalProperties": COUNT}, "{b: 1}"),
    "open parts": (
        {"type": "object", "properties": {"b": COUNT}, "oneOf": [{"required": ["b"]}]},
        "{b: 1}",
    ),
    "a date": ({"type": "string", "format": "date-time"}, '"2026-11-23T06:00:00.5Z"'),
    "a date that YAML reads": ({"type": "string", "format": "date-time"}, "2026-11-23T06:00:00Z"),
    "base64": ({"type": "string", "format": "byte"}, "aGk="),
    "an unknown format": ({"type": "string", "format": "quay"}, "x"),
    "an address": ({"type": "string", "format": "ipv6"}, '"::1"'),
    "a set": ({"type": "array", "items": COUNT, "x-kubernetes-list-type": "set"}, "[1, 2]"),
    "RE2 of its own": ({"type": "string", "pattern": r"^\pL+\z"}, "é"),
    "exclusive bounds": ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, "0.1"),
    "a list of kept": (
        {"type": "array", "items": {"type": "object", "additionalProperties": TEXT}},
        "[{a: b}]",
    ),
    "an object within": (
        {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"spec": ROUTE}},
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {route: b}}",
    ),
}


@pytest.mark.parametrize("case", FITS)
def test_it_fits(told, case):
    schema, text = FITS[case]
    spec = {"type": "object", "properties": {"a": schema}}
    assert told(f"spec: {{a: {text}}}", spec) == []


MISFITS = {
    "type": (COUNT, "one", 'got "one", expected integer'),
    "a fraction": (COUNT, "1.5", "got 1.5, expected integer"),
    "true is no number": (COUNT, "true", "got true, expected integer"),
    "a number is no text": (TEXT, "5", "got 5, expected string"),
    "a map is no list": ({"type": "array"}, "{b: 1}", "got an object, expected array"),
    "a null in a list": ({"type": "array", "items": TEXT}, "[null]", "got null, expected string"),
    "either": ({"x-kubernetes-int-or-string": True}, "1.5", "got 1.5, expected integer or string"),
    "enum": ({"type": "string", "enum": ["a", "b"]}, "c", 'got "c", expected one of "a", "b"'),
    "pattern": ({"type": "string", "pattern": "^a$"}, "b", 'got "b", expected what matches ^a$'),
    "the end is the end": (
        {"type": "string", "pattern": "^a$"},
        '"a\\n"',
        'got "a\\n", expected what matches ^a$',
    ),
    "minimum": ({"type": "integer", "minimum": 1}, "0", "got 0, expected minimum 1"),
    "exclusive": (
        {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
        "1",
        "got 1, expected minimum 1",
    ),
    "length": (
        {"type": "string", "maxLength": 2},
        "abc",
        'got "abc" of 3 characters, expected maxLength 2',
    ),
    "items": ({"type": "array", "minItems": 1}, "[]", "got 0, expected minItems 1"),
    "required": (
        {"type": "object", "required": ["b"], "properties": {"b": TEXT}},
        "{}",
        "b missing, expected b",
    ),
    "required, and null": (
        {"type": "object", "required": ["b"], "properties": {"b": TEXT}},
        "{b: null}",
        "b missing, expected b",
    ),
    "nothing at all": ({"type": "object"}, "{b: 1}", "unknown field 'b', expected no field"),
    "one of": (
        {
            "type": "object",
            "properties": {"b": TEXT, "c": TEXT},
            "oneOf": [{"required": ["b"]}, {"required": ["c"]}],
        },
        "{b: x, c: y}",
        "got b, c, expected exactly one of b, c",
    ),
    "not": ({"type": "string", "not": {"enum": ["a"]}}, "a", 'got "a", which is what it must not'),
    "int32": ({"type": "integer", "format": "int32"}, "2147483648", "expected format int32"),
    "a date": ({"type": "string", "format": "date-time"}, '"2026-13-01T00:00:00Z"', "date-time"),
    "base64": ({"type": "string", "format": "byte"}, '"a b"', "expected format byte"),
    "an address": ({"type": "string", "format": "ipv4"}, '"1.2.3.400"', "expected format ipv4"),
    "a set": (
        {"type": "array", "items": COUNT, "x-kubernetes-list-type": "set"},
        "[1, 2, 1]",
        "got 1 twice, expected it once",
    ),
    "a map": (
        {
            "type": "array",
            "items": ROUTE,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["route"],
        },
        "[{route: a, berths: 1}, {route: a, berths: 2}]",
        'got route "a" twice, expected it once',
    ),
    "below what is kept": (
        {
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": True,
            "properties": {"b": ROUTE},
        },
        "{c: 1, b: {d: 1}}",
        "unknown field 'd'",
    ),
    "an object within": (
        {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"spec": ROUTE}},
        "{metadata: {nam: a}}",
        "unknown field 'nam'",
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_it_does_not_fit(told, case):
    schema, text, said = MISFITS[case]
    spec = {"type": "object", "properties": {"a": schema}}
    found = [each for each in told(f"spec: {{a: {text}}}", spec) if each[0] == "SCH001"]
    assert len(found) == 1
    assert said in found[0][3]


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ("{name: a, labels: {b: 1}}", "got 1, expected string"),
        ("{name: a, lables: {}}", "unknown field 'lables'"),
        ("{name: 7}", "got 7, expected string"),
    ],
)
def test_metadata_is_held_as_well(told, metadata, said):
    text = f"spec: {{}}\n---\napiVersion: acme.example/v1\nkind: Ferry\nmetadata: {metadata}\n"
    found = [each for each in told(text, ROUTE) if each[0] == "SCH001"]
    assert [said in each[3] for each in found] == [True]


def test_what_a_schema_says_of_metadata_counts_too(told):
    short = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}}}
    schema = {"type": "object", "properties": {"metadata": short}}
    found = [each for each in told("", schema=schema) if each[0] == "SCH001"]
    assert [each[3] for each in found] == ['got "north" of 5 characters, expected maxLength 3']


def test_a_long_value_is_cut(told):
    spec = {"type": "object", "properties": {"a": COUNT}}
    (found, _) = sorted(told(f"spec: {{a: {'x' * 5000}}}", spec))
    assert len(found[3]) < 120
