"""Who called, by the account of proxies: what is well-formed, and who is believed."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.request import Origin
from wherry.serving.forwarded import ProxyTrust, address_of, parse_forwarded

FOR_AND_PROTO = ("x-forwarded-for", "x-forwarded-proto")


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("", ()),
        (
            "for=192.0.2.60;proto=http;by=203.0.113.43",
            ({"for": "192.0.2.60", "proto": "http", "by": "203.0.113.43"},),
        ),
        ('For="[2001:db8:cafe::17]:4711"', ({"for": "[2001:db8:cafe::17]:4711"},)),
        ("for=192.0.2.43, for=198.51.100.17", ({"for": "192.0.2.43"}, {"for": "198.51.100.17"})),
        ('for="_gazonk"', ({"for": "_gazonk"},)),
        (r'host="a\"b\\c"', ({"host": 'a"b\\c'},)),
        ("for=a;", ({"for": "a"},)),
        (" , for=a,, ", ({"for": "a"},)),
        ("for=[2001:db8::1]", None),
        ("host=example.com:8080", None),
        ("for", None),
        ("for=", None),
        ("for=a;for=b", None),
        ("for=a; proto=http", None),
        ('for="a', None),
        ("for = a", None),
        ("for=a b", None),
    ],
)
def test_forwarded_as_rfc_7239_has_it(text: str, elements: tuple[dict[str, str], ...] | None):
    assert parse_forwarded(text) == elements


@given(st.text(st.characters(max_codepoint=255)))
def test_any_text_is_read_or_refused(text: str):
    elements = parse_forwarded(text)
    assert elements is None or all(name == name.lower() for each in elements for name in each)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["for", "by", "host", "proto"]),
            st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1),
            min_size=1,
        ),
        min_size=1,
    )
)
def test_what_is_written_is_read(elements: list[dict[str, str]]):
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    text = ", ".join(
        ";".join(f"{name}={quoted(value)}" for name, value in each.items()) for each in elements
    )
    assert parse_forwarded(text) == tuple(elements)


@pytest.mark.parametrize(
    ("node", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("192.0.2.1:_x", "192.0.2.1"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("unknown", None),
        ("_hidden", None),
        ("192.0.2.256", None),
        ("1.2.3", None),
        ("[1.2.3.4]", None),
        ("::1:80000:", None),
        ("", None),
        ("1.2.3.4 ", None),
    ],
)
def test_the_address_in_a_node(node: str, address: str | None):
    assert address_of(node) == address


@given(st.ip_addresses())
def test_every_address_is_read(address: ipaddress.IPv4Address | ipaddress.IPv6Address):
    found = address_of(str(address))
    assert found is not None
    assert ipaddress.ip_address(found) == address


@pytest.mark.parametrize(
    ("networks", "address", "covered"),
    [
        (("10.0.0.0/8",), "10.1.2.3", True),
        (("10.0.0.0/8",), "11.1.2.3", False),
        (("10.0.0.0/8",), "::ffff:10.0.0.1", True),
        (("::1",), "::1", True),
        (("::1",), "127.0.0.1", False),
        (("*",), "", True),
        (("10.0.0.0/8",), "", False),
        ((), "127.0.0.1", False),
    ],
)
def test_which_addresses_are_trusted(networks: tuple[str, ...], address: str, covered: bool):
    assert ProxyTrust(networks, FOR_AND_PROTO).covers(address) is covered


@pytest.mark.parametrize(
    ("said", "address", "scheme"),
    [
        ([], "10.0.0.1", "http"),
        (["198.51.100.7"], "198.51.100.7", "http"),
        (["6.6.6.6, 198.51.100.7, 10.0.0.9"], "198.51.100.7", "http"),
        (["6.6.6.6", "198.51.100.7", "10.0.0.9"], "198.51.100.7", "http"),
        (["198.51.100.7, rubbish, 10.0.0.9"], "10.0.0.9", "http"),
        (["10.0.0.7, 10.0.0.8"], "10.0.0.7", "http"),
    ],
)
def test_the_list_is_read_from_the_right_through_trusted_hops(
    said: list[str], address: str, scheme: str
):
    trust = ProxyTrust(("10.0.0.0/8",), FOR_AND_PROTO)
    fields = [("x-forwarded-for", value.encode()) for value in said]
    assert trust.origin("10.0.0.1", fields) == Origin(address=address, scheme=scheme)


def test_nobody_else_is_believed():
    trust = ProxyTrust(("10.0.0.0/8",), FOR_AND_PROTO)
    assert trust.origin("192.0.2.1", [("x-forwarded-for", b"198.51.100.7")]) is None


def test_only_what_the_proxies_write_is_believed():
    fields = [
        ("x-forwarded-proto", b"https"),
        ("x-forwarded-host", b"evil.example"),
        ("forwarded", b"for=6.6.6.6;host=evil.example"),
    ]
    found = ProxyTrust(("*",), FOR_AND_PROTO).origin("10.0.0.1", fields)
    assert found == Origin(address="10.0.0.1", scheme="https", host=None)
    found = ProxyTrust(("*",), (*FOR_AND_PROTO, "x-forwarded-host")).origin("10.0.0.1", fields)
    assert found == Origin(address="10.0.0.1", scheme="https", host="evil.example")


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (
            "for=198.51.100.7;proto=https;host=shop.example",
            ("198.51.100.7", "https", "shop.example"),
        ),
        (
            "for=6.6.6.6;proto=https, for=198.51.100.7;host=a.example",
            ("198.51.100.7", "http", "a.example"),
        ),
        ("for=198.51.100.7;proto=https, for=10.0.0.3;proto=http", ("198.51.100.7", "https", None)),
        ('for=198.51.100.7;proto=gopher;host="a b"', ("198.51.100.7", "http", None)),
        ("for=_hidden;proto=https", ("10.0.0.1", "https", None)),
        ("for=198.51.100.7;", ("198.51.100.7", "http", None)),
        ("for=198.51.100.7; proto=https", ("10.0.0.1", "http", None)),
    ],
)
def test_forwarded_is_read_from_the_right_too(text: str, origin: tuple[str, str, str | None]):
    trust = ProxyTrust(("10.0.0.0/8",), ("forwarded",))
    address, scheme, host = origin
    found = trust.origin("10.0.0.1", [("forwarded", text.encode())])
    assert found == Origin(address=address, scheme=scheme, host=host)
