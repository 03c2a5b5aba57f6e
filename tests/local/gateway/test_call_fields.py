"""Which headers travel."""

from hypothesis import given
from hypothesis import strategies as st

from wherry_local.gateway.call_fields import counted, forwarded, hops, of_callback

FIELDS = st.lists(
    st.tuples(
        st.sampled_from(
            [b"Connection", b"connection", b"TE", b"X-Own", b"x-own", b"Cookie", b"X-Wherry-Hops"]
        ),
        st.sampled_from([b"close", b"X-Own", b"x-own , te", b"", b"7", b"9999", b"x"]),
    )
)


def test_fields_of_the_connection_stay_with_it():
    fields = [
        (b"Connection", b"keep-alive, X-Hop"),
        (b"Keep-Alive", b"timeout=5"),
        (b"x-hop", b"1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Content-Length", b"5"),
        (b"Upgrade", b"h2c"),
        (b"Proxy-Authorization", b"Basic x"),
        (b"Authorization", b"Bearer x"),
        (b"X-Own", b"1"),
        (b"X-Own", b"2"),
    ]
    assert forwarded(fields) == [
        (b"Authorization", b"Bearer x"),
        (b"X-Own", b"1"),
        (b"X-Own", b"2"),
    ]


def test_a_callback_carries_no_credentials_and_nothing_that_is_said_of_it():
    fields = [
        (name, b"x")
        for name in (
            *(b"Authorization", b"Cookie", b"Set-Cookie", b"X-Call-Id", b"X-Function-Status"),
            *(b"X-Function-Name", b"X-Duration-Seconds", b"X-Callback-Url", b"Host", b"Date"),
        )
    ]
    assert of_callback([*fields, (b"Content-Type", b"text/plain")]) == [
        (b"Content-Type", b"text/plain")
    ]


@given(FIELDS)
def test_what_is_forwarded_is_in_its_order(fields):
    kept = forwarded(fields)
    remaining = iter(fields)
    assert all(field in remaining for field in kept)
    assert not any(name.lower() in {b"connection", b"te"} for name, _ in kept)


@given(FIELDS)
def test_each_call_counts_one(fields):
    assert hops(counted(fields)) in {hops(fields) + 1, 0}
    assert [name.lower() for name, _ in counted(fields)].count(b"x-wherry-hops") == 1
