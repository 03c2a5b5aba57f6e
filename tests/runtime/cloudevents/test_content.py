"""Content types of data."""

from __future__ import annotations

import pytest

from wherry.cloudevents import content
from wherry.cloudevents.content import Content, Kind, content_of
from wherry.errors import EventError


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", Content(Kind.JSON)),
        ("TEXT/JSON ; q=1", Content(Kind.JSON)),
        ("image/svg+json", Content(Kind.JSON)),
        ("application/problem+JSON", Content(Kind.JSON)),
        ("text/plain", Content(Kind.TEXT)),
        ("text/csv; header=present; charset=US-ASCII", Content(Kind.TEXT)),
        ('text/csv;charset="ISO-8859-1"', Content(Kind.TEXT, "latin-1")),
        ("text/plain; charset=x-odd", Content(Kind.OPAQUE, "x-odd")),
        ("application/xml", Content(Kind.OPAQUE)),
        ("json", Content(Kind.OPAQUE)),
        ("application/json+x", Content(Kind.OPAQUE)),
        ("application/notjson", Content(Kind.OPAQUE)),
    ],
)
def test_content(content_type, expected):
    for _ in range(2):  # the second time from memory
        assert content_of(content_type) == expected


@pytest.mark.parametrize("content_type", ["", "a/b\r\nx: y", "a/b\n", "a/é", "a/b\0", "\t"])
def test_what_could_not_stand_in_a_header(content_type):
    with pytest.raises(EventError) as caught:
        content_of(content_type)
    assert caught.value.attribute == "datacontenttype"
    assert "\n" not in caught.value.message


def test_memory_is_bounded():
    contents = content.Contents()
    for number in range(contents.MOST + 100):
        assert contents[f"application/y{number}"] is content.OPAQUE
    assert contents["application/" + "y" * 200] is content.OPAQUE
    assert len(contents) == contents.MOST
