"""Names and values of context attributes, whatever carries them."""

from __future__ import annotations

import pytest

from wherry.cloudevents import attributes
from wherry.cloudevents.attributes import (
    KNOWN_NAMES,
    check_count,
    check_event,
    check_name,
    check_size,
    check_text,
    check_typed,
)
from wherry.cloudevents.limits import Limits
from wherry.errors import EventError

CORE = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}


@pytest.mark.parametrize("name", ["a", "0", "abc123", "x" * 256, *CORE])
def test_names(name):
    check_name(name)


@pytest.mark.parametrize(
    "name", ["", "A", "a_b", "a-b", "a b", "a\n", "é", "²", "\u0661", "ﬁ", "data", "data_base64"]
)
def test_what_names_nothing(name):
    with pytest.raises(EventError):
        check_name(name)


def test_names_past_256_characters_are_413():
    with pytest.raises(EventError) as caught:
        check_name("x" * 257)
    assert caught.value.problem.status == 413


def test_a_long_or_hostile_name_is_not_repeated():
    with pytest.raises(EventError) as caught:
        check_name("\x1b[31m" + "A" * 200)
    assert len(caught.value.attribute) == 64
    assert caught.value.attribute.isprintable()
    assert len(caught.value.message) < 160


def test_names_kept_are_bounded():
    for number in range(attributes._NAMES_KEPT + 200):
        check_name(f"name{number}")
    check_name("y" * 65)
    assert len(KNOWN_NAMES) <= attributes._NAMES_KEPT
    assert "y" * 65 not in KNOWN_NAMES
    KNOWN_NAMES.intersection_update(attributes.CORE)


@pytest.mark.parametrize("text", ["", "plain", "é€😀", "\u00a0", "\u2028", "\ufffd", "\U0010fffd"])
def test_texts(text):
    check_text("subject", text)


@pytest.mark.parametrize(
    "code",
    [
        0,
        9,
        10,
        13,
        0x1F,
        0x7F,
        0x80,
        0x9F,
        0xD800,
        0xDFFF,
        0xFDD0,
        0xFDEF,
        0xFFFE,
        0x1FFFF,
        0x10FFFE,
    ],
)
def test_characters_that_no_attribute_may_hold(code):
    with pytest.raises(EventError, match=rf"U\+{code:04X}"):
        check_text("subject", f"é{chr(code)}")


@pytest.mark.parametrize("value", [True, False, 0, 2**31 - 1, -(2**31)])
def test_typed_values(value):
    check_typed("ext", value)


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 1.0, {}, [], b"", object()])
def test_values_of_no_type(value):
    with pytest.raises(EventError):
        check_typed("ext", value)


def test_core_attributes_are_strings():
    for name in attributes.CORE:
        with pytest.raises(EventError, match="string"):
            check_typed(name, True)


def test_sizes_and_counts_are_413():
    limit = Limits(attribute_chars=4, attributes=2)
    check_size("a", 4, limit)
    check_count(2, limit)
    for call in (lambda: check_size("a", 5, limit), lambda: check_count(3, limit)):
        with pytest.raises(EventError) as caught:
            call()
        assert caught.value.problem.status == 413


def test_the_first_fault_of_an_event_is_named():
    check_event(CORE)
    for name, value in {
        "subject": "",
        "dataschema": "",
        "time": "x",
        "datacontenttype": "é",
    }.items():
        with pytest.raises(EventError) as caught:
            check_event({**CORE, name: value})
        assert caught.value.attribute == name
