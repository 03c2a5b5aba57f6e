"""Requests from what a person typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.cloudevents import CloudEvent, decode
from wherry_local.client import Call, address, content_type, event_call, plain_call, send
from wherry_local.errors import AdminRefused, LocalError, Unreachable


@pytest.mark.parametrize(
    ("target", "url"),
    [
        (None, "http://127.0.0.1:8080/"),
        ("hello", "http://127.0.0.1:8080/"),
        ("http://h:1/p?q", "http://h:1/p?q"),
        ("https://h", "https://h"),
    ],
)
def test_addresses(target, url):
    assert address(target, 8080) == url


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"1", "application/json"),
        (b"hello", "text/plain; charset=utf-8"),
        (b"\xff", "application/octet-stream"),
        (b"[" * 100_000, "text/plain; charset=utf-8"),
    ],
    ids=["object", "number", "text", "bytes", "deep"],
)
def test_content_types(body, kind):
    assert content_type(body) == kind


def test_a_content_type_that_is_given_is_kept():
    call = plain_call("http://h/", method=None, headers={"CONTENT-TYPE": "a/b"}, body=b"x")
    assert call.headers == {"CONTENT-TYPE": "a/b"}
    assert call.method == "POST"


@given(st.binary())
def test_any_body_has_a_type(body):
    assert "/" in content_type(body)


@pytest.mark.parametrize("structured", [True, False])
def test_an_event_is_what_arrives(structured):
    event = CloudEvent(type="a.b", source="/é", id="1", data={"x": [1]})
    call = event_call("http://h/", event, structured=structured, method=None, headers={})
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in call.headers.items()]
    read = decode(pairs, call.body)
    assert (read.type, read.source, read.id, read.data) == ("a.b", "/é", "1", {"x": [1]})


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://[::1", "http://h.invalid/", "http://127.0.0.1:99999/"]
)
def test_nothing_there(url):
    with pytest.raises(Unreachable) as caught:
        send(Call(url=url, method="GET"), timeout_s=5)
    assert url in caught.value.message
    assert "Connection(" not in caught.value.message and " object at " not in caught.value.message


def every_error(kind):
    for child in kind.__subclasses__():
        yield child
        yield from every_error(child)


@pytest.mark.parametrize(
    "kind",
    [each for each in every_error(LocalError) if each.__module__ == LocalError.__module__],
    ids=lambda kind: kind.__name__,
)
def test_every_error_is_in_the_tree_of_the_docstring(kind):
    import wherry_local.errors

    assert kind.__name__ in (wherry_local.errors.__doc__ or "")
    more = {"status": 404} if kind is AdminRefused else {}
    assert kind("what", hint="next", **more).hint == "next"
