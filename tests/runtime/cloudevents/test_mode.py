"""The mode of a message."""

from __future__ import annotations

import pytest

from wherry.cloudevents import Mode, mode, mode_of
from wherry.cloudevents.mode import require
from wherry.errors import EventError


@pytest.mark.parametrize(
    ("content_type", "has_ce_headers", "expected"),
    [
        (None, False, Mode.NONE),
        (None, True, Mode.BINARY),
        ("", False, Mode.NONE),
        ("application/json", False, Mode.NONE),
        ("application/json", True, Mode.BINARY),
        ("application/cloudevents+json", False, Mode.STRUCTURED),
        ("application/cloudevents+json", True, Mode.STRUCTURED),
        (' APPLICATION/CloudEvents+json ; charset="UTF-8"', True, Mode.STRUCTURED),
        ("application/cloudevents-batch+json; x=y", False, Mode.BATCH),
        ("text/plain; a=application/cloudevents+json", False, Mode.NONE),
    ],
)
def test_modes(content_type, has_ce_headers, expected):
    for _ in range(2):  # the second time from memory
        assert mode_of(content_type, has_ce_headers=has_ce_headers) is expected


@pytest.mark.parametrize(
    "content_type",
    [
        "application/cloudevents",
        "application/cloudevents+avro",
        "application/cloudevents-batch",
        "application/cloudevents+json2",
        "application/cloudevents+json; charset=utf-16",
    ],
)
def test_unknown_formats_are_415(content_type):
    for has_ce_headers in (True, False):
        with pytest.raises(EventError) as caught:
            mode_of(content_type, has_ce_headers=has_ce_headers)
        assert caught.value.problem.status == 415


def test_what_is_required_is_said():
    require(Mode.BATCH, "application/cloudevents-batch+json")
    with pytest.raises(EventError, match=r"application/cloudevents\+json; got 'a/b'") as caught:
        require(Mode.STRUCTURED, "a/b")
    assert caught.value.problem.status == 415


def test_memory_is_bounded():
    for number in range(mode._CACHE_SIZE + 100):
        mode_of(f"application/x{number}", has_ce_headers=False)
    mode_of("a/" + "b" * 200, has_ce_headers=False)
    assert len(mode._declared) <= mode._CACHE_SIZE
    assert all(len(kept) <= mode._CACHE_CHARS for kept in mode._declared)
    mode._declared.clear()
