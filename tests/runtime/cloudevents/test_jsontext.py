"""JSON read with guards, written honestly, and cut from its document."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry.cloudevents import InvalidEvent, jsontext
from wherry.errors import EventError

values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.integers(-(2**63), 2**64 - 1),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)
quick = settings(max_examples=150, deadline=None, database=None)


@quick
@given(
    st.dictionaries(st.sampled_from(["data", "a", "é", 'q"', "data_", "{", "]"]), values),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_data_is_cut_as_it_was_written(document, indent, ascii_only):
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    cut = jsontext.data_text(text)
    if "data" not in document:
        assert cut is None
        return
    assert json.loads(cut) == document["data"]
    assert jsontext.data_text(text, is_last=[*document][-1] == "data") == cut
    elements = jsontext.Elements(b" [ " + text + b"\n,\t" + text + b"]")
    assert [elements.data_text(0), elements.data_text(1)] == [cut, cut]
    assert elements.data_text(2) is None


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (b'{"data":1.10}', b"1.10"),
        (
            b' { "a" : "data" , "data" : 123456789012345678901234567890 } ',
            b"123456789012345678901234567890",
        ),
        (b'{"data":1,"data":[ 1, 2 ],"b":{"data":3}}', b"[ 1, 2 ]"),
        (rb'{"d\u0061ta":{"x":"\u20ac"}}', rb'{"x":"\u20ac"}'),
        (b'{"data":' + b"9" * 5000 + b"}", b"9" * 5000),
        (b'{"data":"a"}', b'"a"'),
        (b'{"data": "data"}', b'"data"'),
        (b'{"a":"data"}', None),
        (b'{"a":{"data":1}}', None),
        (b'{"data" : 1 , "a" : 2 }', b"1"),
        (rb'{"d\u0061ta":1,"a":{"data":2}}', b"1"),
        (b'{"data": "a}"}\n', b'"a}"'),
        (b"{}", None),
    ],
)
def test_cutting(document, text):
    assert jsontext.data_text(document) == text


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (b'{"data":1.10}', b"1.10"),
        (b' { "a" : 1, "data" : [ 1 ] } \n', b"[ 1 ]"),
        (b'{"a":"data","data":2}', b"2"),
        (b'{"a":{"data":1},"data":2}', b"2"),
        (b'{"data":{"data":[]}}', b'{"data":[]}'),
        (rb'{"data":1,"d\u0061ta":2}', b"2"),
        (rb'{"a":"\\","data":"\u20ac"}', rb'"\u20ac"'),
    ],
)
def test_cutting_the_last_member(document, text):
    assert jsontext.data_text(document, is_last=True) == text


def test_what_nests_too_deep_to_cut_is_left():
    assert jsontext.data_text(b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}") is None


def test_depth():
    jsontext.loads_data(b"[" * 64 + b"]" * 64)
    jsontext.loads_data(b'{"a":' * 64 + b"1" + b"}" * 64)
    jsontext.loads_data(b"[" + b"{}," * 1000 + b"1]")
    for text in (
        b"[" * 65 + b"]" * 65,
        b'{"a":[' * 33 + b"]}" * 33,
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ):
        with pytest.raises(EventError) as caught:
            jsontext.loads_data(text)
        assert caught.value.attribute == "data"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"NaN",
        b"-Infinity",
        b"1e999",
        b'"\\ud800"',
        b"\xff",
        b"\xef\xbb\xbf1",
        b"1 2",
        b"'a'",
        b"[1,]",
    ],
)
def test_what_is_no_json(text):
    with pytest.raises(EventError, match="not valid JSON"):
        jsontext.loads(text)


def test_of_duplicate_members_the_last_wins():
    assert jsontext.loads(b'{"a":1,"a":2}') == {"a": 2}


@pytest.mark.parametrize("nan", [float("nan"), float("inf"), -float("inf")])
def test_what_has_no_json_form_is_refused_rather_than_written_as_null(nan):
    for value in (nan, [1, nan], {"a": (None, {"b": nan})}):
        with pytest.raises(InvalidEvent, match="NaN"):
            jsontext.dumps(value)
    assert jsontext.dumps([None, 1.5]) == b"[null,1.5]"


def test_other_things_that_have_no_json_form():
    loop: list[object] = []
    loop.append(loop)
    for value in (object(), {1: 2}, "\ud800", 2**64, loop, b"x"):
        with pytest.raises(InvalidEvent) as caught:
            jsontext.dumps(value)
        assert caught.value.attribute == "data"
