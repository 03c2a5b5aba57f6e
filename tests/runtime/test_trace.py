"""W3C trace context."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.trace import parse_traceparent

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
