import pytest

from wherry import sse


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (sse("a"), "data: a\n\n"),
        (sse("a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (sse(""), "data: \n\n"),
        (sse({"a": 1}), 'data: {"a":1}\n\n'),
        (sse(None), "data: null\n\n"),
        (sse("x", event="e", id="7", retry=500), "event: e\nid: 7\nretry: 500\ndata: x\n\n"),
    ],
)
def test_fields(made, text):
    assert made == text


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b"])
def test_a_field_of_one_line_is_one_line(bad):
    with pytest.raises(ValueError, match="line break"):
        sse("x", event=bad)
    with pytest.raises(ValueError, match="line break"):
        sse("x", id=bad)
