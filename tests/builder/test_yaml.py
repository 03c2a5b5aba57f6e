"""The writer: every reader gets back what was written, and nothing else."""

import io
import math

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from wherry_build.errors import ManifestError
from wherry_build.manifests.yaml import File, dump, dump_all

# What readers of YAML 1.1 or 1.2 take for a boolean, a number, a date, nothing or a merge.
AMBIGUOUS = [
    "y",
    "Y",
    "n",
    "N",
    "yes",
    "Yes",
    "NO",
    "on",
    "Off",
    "true",
    "TRUE",
    "false",
    "null",
    "Null",
    "NULL",
    "~",
    "1e3",
    "1E5",
    "1234e56",
    "0e1",
    ".1e1",
    "0.1e1",
    "08",
    "0888",
    "0o17",
    "0x1F",
    "0b1",
    "1_000",
    "12:30",
    "1:2:3",
    "190:20:30",
    "2026-11-22",
    "2026-11-22T10:00:00Z",
    ".inf",
    "-.inf",
    ".nan",
    ".NaN",
    "+",
    "-",
    "=",
    "<<",
    "?",
    ":",
    "!",
    "&",
    "*",
    "|",
    ">",
    "%",
    "@",
    "`",
    "0",
    "-0",
    "+1",
    "1.",
    ".5",
    "---",
    "...",
    "inf",
    "nan",
    "NaN",
    "infinity",
]
HOSTILE = [
    "",
    " ",
    "a\n---\nkind: Evil",
    "a\n...\n",
    "a: b",
    "a #b",
    "# a",
    "- a",
    "{a: b}",
    "[a]",
    "!!python/object:os.system",
    "&a *a",
    "'",
    '"',
    "\\",
    "\t",
    "\r\n",
    "\x00",
    "\x07",
    "\x7f",
    "\x85",
    "\u2028",
    "\ufeff",
    "\ufffe",
    "😀",
    "${X}",
    "$${X}",
    "$$",
    "$(X)",
    "%TAG ! tag:x",
    "a" * 5000,
    "é" * 300,
]
texts = st.one_of(st.text(), st.sampled_from(AMBIGUOUS + HOSTILE))
keys = st.one_of(st.text(max_size=60), st.sampled_from(AMBIGUOUS))
scalars = st.one_of(
    texts,
    st.booleans(),
    st.none(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
mappings = st.recursive(
    st.dictionaries(keys, scalars, max_size=4),
    lambda inner: st.dictionaries(
        keys, st.one_of(scalars, inner, st.lists(st.one_of(scalars, inner), max_size=3)), max_size=4
    ),
    max_leaves=12,
)


def pyyaml(text):
    return list(
        yaml.load_all(text, Loader=yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)
    )


def yaml12(text):
    return list(YAML(typ="safe", pure=True).load_all(io.StringIO(text)))


def same(one, other):
    """Equal, types included: True is not 1 and 1.0 is not 1."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and list(one) == list(other)
            and all(same(one[key], other[key]) for key in one)
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@settings(max_examples=300)
@given(mappings)
@example({"a": [{"b": [1, {"c": []}]}, {}], "d": {"e": {}}})
def test_two_parsers_read_what_was_written(value):
    try:
        text = dump(value)
    except ManifestError as error:
        assert "surrogate" in error.message  # noqa: PT017 - the only reason there is
        return
    assert text.isascii()
    for documents in (pyyaml(text), yaml12(text)):
        assert len(documents) == 1
        assert same(documents[0], value)


@pytest.mark.parametrize("text", AMBIGUOUS + HOSTILE)
def test_a_string_stays_a_string_as_value_and_as_key(text):
    if len(text) < 300:
        value = {"v": text, text or "empty": "x", "list": [text, {text or "k": text}]}
    else:
        value = {"v": text}
    written = dump(value)
    for documents in (pyyaml(written), yaml12(written)):
        assert same(documents, [value])


lines = st.one_of(st.text(alphabet=" #:-|>%&ab\"'\\", max_size=12), texts)


@given(st.lists(lines, max_size=6).map(lambda found: "".join(f"{line}\n" for line in found)))
@example("server {\n  listen 8080;\n\n}\n")
@example("---\na: 1\n")
@example("  indented first\nx\n")
@example("a\n   \nb\n")
@example("a\n\n")
@example("a: ${X}\n")
def test_the_lines_of_a_file_are_read_back(text):
    value = {"data": {"a.conf": File(text), "b": "after"}, "list": [{"c": File(text)}]}
    try:
        written = dump(value)
    except ManifestError:
        return
    plain = {"data": {"a.conf": text, "b": "after"}, "list": [{"c": text}]}
    for documents in (pyyaml(written), yaml12(written)):
        assert same(documents, [plain])
    assert "${" not in written


def test_a_file_keeps_its_lines():
    text = "server {\n  listen 8080;\n\n  # x: y\n}\n"
    assert dump({"a.conf": File(text)}) == (
        "a.conf: |\n  server {\n    listen 8080;\n\n    # x: y\n  }\n"
    )


@given(st.lists(mappings.filter(bool), min_size=1, max_size=4))
def test_a_stream_has_as_many_documents_as_values(values):
    try:
        text = dump_all(values)
    except ManifestError:
        return
    assert same(pyyaml(text), values)
    assert same(yaml12(text), values)


@given(texts)
def test_nothing_that_substitutes_in_text_finds_anything(text):
    try:
        written = dump({"v": text})
    except ManifestError:
        return
    assert "${" not in written
    assert "$$" not in written


@pytest.mark.parametrize(
    "value",
    [
        {1: "a"},
        {"a": math.nan},
        {"a": math.inf},
        {"a": 1 << 63},
        {"a": b"x"},
        {"a": object()},
        {"a": "\ud800"},
        {"é" * 300: 1},
        {"a": [[1]]},
    ],
    ids=["key", "nan", "inf", "int", "bytes", "object", "surrogate", "long key", "list in list"],
)
def test_what_yaml_cannot_carry_is_refused(value):
    with pytest.raises(ManifestError):
        dump(value)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": [{"b": math.nan}]}, "a[0].b: nan"),
        ({"a": {"b": [1, {"c": b"x"}]}}, "a.b[1].c: bytes"),
        ({"a": {"b": 1, 2: 3}}, "a: key 2"),
        ({"a": {"é" * 300: 1}}, "a: a key of 300"),
    ],
)
def test_a_refusal_says_where(value, place):
    with pytest.raises(ManifestError) as caught:
        dump(value)
    assert caught.value.message.startswith(place)


def test_a_structure_that_contains_itself_is_refused():
    value: dict = {}
    value["a"] = value
    with pytest.raises(ManifestError, match="deep"):
        dump(value)


def test_words_stay_readable():
    value = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "spec": {"a": ["b", 1, True]},
    }
    assert dump(value) == (
        "apiVersion: serving.knative.dev/v1\nkind: Service\nspec:\n  a:\n  - b\n  - 1\n  - true\n"
    )
