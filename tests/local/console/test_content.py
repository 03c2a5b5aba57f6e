"""Bodies for people: nothing is lost or invented, and no bytes are too odd."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_local.console import content

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES.filter(lambda value: isinstance(value, (dict, list))), st.booleans())
def test_json_says_the_same_in_more_lines(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only)
    try:
        shown = content.shown(text.encode())
    except UnicodeEncodeError:
        return  # a lone surrogate is no UTF-8
    assert shown.form == "json"
    if content.printable(text) == text:
        assert json.loads(shown.text) == value
        assert "".join(shown.text.split()) == "".join(text.split())


def test_it_is_indented():
    shown = content.shown(b'{"a":1.10,"b":[],"c":{},"d":[{"e":[1,2e400]},"f\\"{,:"],"a":null}').text
    assert shown == (
        '{\n  "a": 1.10,\n  "b": [],\n  "c": {},\n  "d": [\n    {\n      "e": [\n        1,\n'
        '        2e400\n      ]\n    },\n    "f\\"{,:"\n  ],\n  "a": null\n}'
    )


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_can_be_shown(body, is_cut):
    shown = content.shown(body, is_cut=is_cut)
    assert shown.length_bytes == len(body)
    assert shown.form in ("empty", "json", "text", "binary")
    assert content.printable(shown.text) == shown.text


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"", "empty"),
        (b"12", "text"),
        (b"{", "text"),
        (b"[" * 100_000, "text"),
        ("ü".encode(), "text"),
        (b"\xff", "binary"),
        (b"a\x00b", "binary"),
    ],
)
def test_forms(body, form):
    assert content.shown(body).form == form


def test_a_character_that_was_cut_in_two_is_no_binary():
    body = "ü€".encode()[:-1]
    assert content.shown(body, is_cut=True).text == "ü"
    assert content.shown(body).form == "binary"


def test_bytes_are_shown_in_rows():
    shown = content.shown(bytes(range(256)) * 4)
    first = "00000000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................"
    assert shown.text.splitlines()[0] == first
    assert len(shown.text.splitlines()) == 32 and shown.is_cut


def test_a_long_text_is_cut():
    shown = content.shown(b"x" * 30_000)
    assert len(shown.text) == content.SHOWN_CHARACTERS and shown.is_cut
    assert not content.shown(b"x" * content.SHOWN_CHARACTERS).is_cut


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        ({"text": "ü"}, "ü".encode()),
        ({"base64": base64.b64encode(b"\xff").decode()}, b"\xff"),
        ({"base64": "*"}, b""),
        ({"base64": None}, b""),
        ({}, b""),
        ({"text": "\ud800"}, b"?"),
    ],
)
def test_bodies_of_the_admin_api(payload, body):
    assert content.payload_bytes(payload) == body


def test_what_the_admin_api_has_cut_is_cut():
    shown = content.shown_payload({"text": '{"a":', "bytes": 9000, "truncated": True})
    assert (shown.text, shown.length_bytes, shown.is_cut, shown.form) == (
        '{"a":',
        9000,
        True,
        "text",
    )
    assert content.shown_payload(None).form == "empty"
