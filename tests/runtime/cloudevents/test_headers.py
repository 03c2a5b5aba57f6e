"""Attribute values in headers, encoded by the specification or left alone as Knative does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry.cloudevents import HeaderEncoding, InvalidEvent
from wherry.cloudevents.headers import read_value, write_value
from wherry.errors import EventError

STRICT, KNATIVE = HeaderEncoding.STRICT, HeaderEncoding.KNATIVE


NONCHARACTERS = [chr(code) for code in range(0xFDD0, 0xFDF0)] + [
    chr(plane << 16 | code) for plane in range(17) for code in (0xFFFE, 0xFFFF)
]
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=NONCHARACTERS))


@settings(max_examples=200, deadline=None, database=None)
@given(texts)
def test_what_is_written_reads_the_same(text):
    raw = write_value("x", text, STRICT)
    assert all(0x21 <= byte <= 0x7E and byte != 0x22 for byte in raw)
    assert read_value("x", raw.decode("ascii"), STRICT) == text


@settings(max_examples=150, deadline=None, database=None)
@given(texts)
def test_literally_written_reads_the_same_or_is_refused(text):
    try:
        raw = write_value("x", text, KNATIVE)
    except InvalidEvent as error:
        assert error.attribute == "x"  # noqa: PT017
        assert text != text.strip(" ") or any(char > "\xff" for char in text)
    else:
        assert read_value("x", raw.decode("latin-1"), KNATIVE) == text


@settings(max_examples=400, deadline=None, database=None)
@given(st.text(st.characters(max_codepoint=255)), st.sampled_from(HeaderEncoding))
def test_any_header_value_reads_or_is_refused(raw, encoding):
    try:
        value = read_value("x", raw, encoding)
    except EventError as error:
        assert (error.attribute, len(error.message) < 200) == ("x", True)  # noqa: PT017
    else:
        assert "\n" not in value
        assert "\r" not in value


@pytest.mark.parametrize(
    ("value", "raw"), [(True, b"true"), (False, b"false"), (-5, b"-5"), ("", b"")]
)
def test_typed_values_are_written_canonically(value, raw):
    assert write_value("x", value, STRICT) == write_value("x", value, KNATIVE) == raw


def test_space_around_a_value_is_not_part_of_it():
    for encoding in HeaderEncoding:
        assert read_value("x", " \ta\t ", encoding) == "a"


def test_beyond_latin_is_refused_when_literal():
    with pytest.raises(EventError):
        read_value("x", "€", KNATIVE)
    with pytest.raises(EventError):
        read_value("x", "€", STRICT)


def test_literal_control_characters_are_refused():
    for raw in ("a\rb", "a\nb", "a\0b", "a\x7fb", "a\x85b"):
        with pytest.raises(EventError):
            read_value("x", raw, KNATIVE)
