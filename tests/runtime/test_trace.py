"""W3C trace context."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.trace import baggage_of, parse_passage, parse_traceparent

TRACE, PARENT = "a" * 32, "b" * 16


def test_a_child_stays_in_the_trace():
    found = parse_traceparent(f"00-{TRACE}-{PARENT}-01".encode())
    assert found == (TRACE, PARENT, "01")
    child = parse_traceparent(found.child().encode())
    assert (child.trace_id, child.flags) == (TRACE, "01")
    assert child.parent_id != PARENT


def test_a_later_version_may_have_more():
    assert parse_traceparent(f"01-{TRACE}-{PARENT}-01-more".encode()) is not None


@pytest.mark.parametrize(
    "header",
    [
        f"00-{TRACE}-{PARENT}-01-more", f"ff-{TRACE}-{PARENT}-01", f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{PARENT}-01", f"00-{TRACE}-{PARENT}-1",
        "",
        f"00-{TRACE}-{PARENT}-01\n",
    ],
)  # fmt: skip
def test_what_is_malformed_is_ignored(header: str):
    assert parse_traceparent(header.encode()) is None


@given(st.binary(max_size=80))
def test_any_bytes_are_a_position_or_none(header: bytes):
    found = parse_traceparent(header)
    assert found is None or len(found.trace_id) == 32


def passage(*fields: tuple[str, bytes]):
    return parse_passage(fields)


def test_what_travels_beside_a_trace_is_joined():
    found = passage(
        ("tracestate", b"a=1, b@v=2"), ("x", b"y"), ("tracestate", b"c=3,"), ("baggage", b"k=v;p")
    )
    assert found == ("a=1,b@v=2,c=3", "k=v;p")


@pytest.mark.parametrize("state", [b"a=1,B=2", b"a", b"a=\x01", b"a=1=2", b"=1", b"a=1," * 40])
def test_a_tracestate_that_is_malformed_is_dropped_whole(state: bytes):
    assert passage(("tracestate", state)).state == ""


def test_baggage_is_read_and_what_is_malformed_left_out():
    found = passage(("baggage", b" user = a%20b ; ttl=3, bad name=1, x, k=\xff, tenant=7"))
    assert baggage_of(found.baggage) == {"user": "a b", "tenant": "7"}
    assert passage(("baggage", b"k=" + b"v" * 9000)).baggage == ""
    assert baggage_of("") == {}


@given(st.lists(st.tuples(st.sampled_from(["tracestate", "baggage"]), st.binary(max_size=80))))
def test_any_bytes_beside_a_trace_can_be_passed_on(fields: list[tuple[str, bytes]]):
    found = passage(*fields)
    for value in found:
        assert value.isascii() and (value == "" or value.isprintable())
    baggage_of(found.baggage)
    again = passage(("tracestate", found.state.encode()), ("baggage", found.baggage.encode()))
    assert again == found
