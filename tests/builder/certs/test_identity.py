"""Names: those of the cluster, those that are asked for, and those that are refused."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.certs import identity, scope
from wherry_build.errors import InvalidName


def test_a_service_is_dialled_by_four_names():
    made = identity("hello", namespace="fns")
    assert made.dns_names == (
        "hello",
        "hello.fns",
        "hello.fns.svc",
        "hello.fns.svc.cluster.local",
    )
    assert made.addresses == ()


def test_hosts_and_addresses_follow_in_order_and_once():
    hosts = [
        "FNS.example.com",
        "::1",
        "*.fns.example.com",
        "fns.example.com",
        "127.0.0.1",
        "0:0::1",
    ]
    made = identity("hello", namespace="fns", hosts=hosts)
    assert made.dns_names[4:] == ("fns.example.com", "*.fns.example.com")
    assert made.addresses == (ipaddress.ip_address("::1"), ipaddress.ip_address("127.0.0.1"))


@pytest.mark.parametrize(
    "name",
    ["", "Hello", "1st", "a" * 64, "-a", "a-", "a.b", "a_b", "a\n", "a\0b", "../a", "é", "*"],
)
def test_no_service_and_no_namespace_of_another_shape(name):
    with pytest.raises(InvalidName):
        identity(name, namespace="fns")
    if name != "1st":  # a namespace may begin with a digit
        with pytest.raises(InvalidName):
            identity("hello", namespace=name)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "a..b",
        "a.example.com.",
        "a.example.com\n",
        "a.example.com\0.evil.com",
        "a b",
        "https://a.example.com",
        "a.example.com:8443",
        "user@a.example.com",
        "a,b",
        "DNS:a",
        "*",
        "*.com",
        "a.*.com",
        "a*.example.com",
        "bücher.example.com",
        "a" * 64 + ".example.com",
        ".".join(["a" * 60] * 5),
        "300.1.1.1",
        "127.1",
        "1.2.3.4.5",
        "10.0.0.0/8",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "fe80::1%eth0",
        "[::1]",
        "-a.example.com",
        "$(id).example.com",
    ],
)
def test_no_host_of_another_shape(host):
    with pytest.raises(InvalidName):
        identity("hello", namespace="fns", hosts=[host])


@given(st.text())
def test_whatever_is_given_is_a_name_or_is_refused(text):
    try:
        made = identity("hello", namespace="fns", hosts=[text])
    except InvalidName:
        return
    assert all(name.isascii() and name == name.strip() for name in made.shown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Example.com", "example.com"),
        ("10.0.0.0/8", ipaddress.ip_network("10.0.0.0/8")),
        ("127.0.0.1", ipaddress.ip_network("127.0.0.1/32")),
    ],
)
def test_a_scope_is_a_domain_or_a_network(text, expected):
    assert scope(text) == expected


@pytest.mark.parametrize("text", ["*.example.com", "10.0.0.1/8", "a/b", "", "a\n"])
def test_no_scope_of_another_shape(text):
    with pytest.raises(InvalidName):
        scope(text)
