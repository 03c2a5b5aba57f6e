"""Who may use a door."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_local.front.asked import Asked
from wherry_local.front.guard import Guard
from wherry_local.front.route import Route


async def nobody(_asked):
    raise AssertionError


ROUTE = Route(methods=("GET", "POST"), pattern="/x", answer=nobody)
FORMS = Route(methods=("POST",), pattern="/x", answer=nobody, takes_forms=True)


def basic(password, user="admin"):
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


def asked(method="GET", peer="127.0.0.1", **headers):
    fields = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return Asked(method=method, path="/x", headers=fields, peer=peer, call_id="c")


@pytest.mark.parametrize(
    "host",
    [
        *(b"localhost", b"LOCALHOST:8080", b"127.0.0.1:8080", b"127.9.9.9", b"[::1]:80", b"[::1]"),
        *(b"hello.localhost:80", b"a.b.localhost", b"localhost.", b"box.lan:1"),
    ],
)
def test_the_platform_goes_by_loopback_and_by_what_it_was_told(host):
    assert Guard(password="x", hosts=["box.lan"]).knows_host(host)


@pytest.mark.parametrize(
    "host",
    [
        *(
            b"evil.example",
            b"localhost.evil.example",
            b"127.0.0.1.evil.example",
            b"",
            b"xlocalhost",
        ),
        *(b"192.168.1.2", b"[fe80::1]", b"0x7f.1", b"box.lan.evil", b"\xff"),
    ],
)
def test_it_goes_by_no_other_name(host):
    guard = Guard(password="x", hosts=["box.lan"])
    assert not guard.knows_host(host)
    assert not guard.knows_host(host)  # remembered


def test_listening_everywhere_adds_every_address_and_no_name():
    guard = Guard(password="x", hosts=["0.0.0.0"])
    assert guard.knows_host(b"192.168.1.2:8080")
    assert not guard.knows_host(b"evil.example")


def test_the_password_lets_in_and_nothing_else_does():
    guard = Guard(password="right")
    assert guard.judge(ROUTE, asked(authorization=basic("right"))) is None
    for wrong in (basic("wrong"), basic("right", "root"), b"Bearer right", b"Basic !", b"Basic"):
        reply = guard.judge(ROUTE, asked(authorization=wrong))
        assert (reply.status, reply.body) == (401, b"invalid credentials")
    reply = guard.judge(ROUTE, asked())
    assert (b"www-authenticate", b'Basic realm="Restricted"') in reply.headers


@given(st.binary(max_size=40))
def test_no_bytes_are_a_password_by_chance(value):
    assert Guard(password="right").judge(ROUTE, asked(authorization=value)) is not None


def test_guesses_are_slowed_down_for_who_makes_them():
    now = [100.0]
    guard = Guard(password="right", clock=lambda: now[0])
    statuses = [guard.judge(ROUTE, asked(authorization=basic("wrong"))).status for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    refused = guard.judge(ROUTE, asked(authorization=basic("right")))
    assert refused.status == 429
    assert (b"retry-after", b"1") in refused.headers
    assert guard.judge(ROUTE, asked(peer="127.0.0.2", authorization=basic("right"))) is None
    now[0] += 1.0
    assert guard.judge(ROUTE, asked(authorization=basic("right"))) is None


def test_a_page_of_another_origin_is_refused_before_the_password():
    guard = Guard(password="right")
    right = {"host": b"localhost:8080", "authorization": basic("right")}
    for origin in (b"http://evil.example", b"http://localhost:9999", b"null", b"file://", b""):
        assert guard.judge(ROUTE, asked(origin=origin, **right)).status == 403
    assert guard.judge(ROUTE, asked(origin=b"http://localhost:8080", **right)) is None


def test_a_page_sends_json_or_a_form_to_who_takes_forms():
    guard = Guard(password="right")
    page = {
        "host": b"localhost",
        "origin": b"http://localhost",
        "authorization": basic("right"),
        "content_length": b"2",
    }
    form = b"application/x-www-form-urlencoded"
    assert guard.judge(ROUTE, asked("POST", content_type=b"application/json", **page)) is None
    assert guard.judge(ROUTE, asked("POST", content_type=form, **page)).status == 415
    assert guard.judge(ROUTE, asked("POST", **page)).status == 415
    assert guard.judge(FORMS, asked("POST", content_type=form, **page)) is None
    assert guard.judge(FORMS, asked("POST", content_type=b"text/plain", **page)).status == 415
    tool = {"host": b"localhost", "authorization": basic("right"), "content_length": b"2"}
    assert guard.judge(ROUTE, asked("POST", content_type=form, **tool)) is None


@pytest.mark.parametrize("site", [b"cross-site", b"same-site", b"odd"])
@pytest.mark.parametrize("mode", [b"no-cors", b"cors", b"websocket"])
def test_a_page_of_another_origin_may_not_load_it_as_a_part_of_itself(site, mode):
    guard = Guard(password="x")
    request = asked(
        host=b"localhost", authorization=basic("x"), sec_fetch_site=site, sec_fetch_mode=mode
    )
    assert guard.judge(ROUTE, request).status == 403


@pytest.mark.parametrize(
    ("site", "mode"),
    [(b"cross-site", b"navigate"), (b"same-origin", b"cors"), (b"none", b"navigate")],
)
def test_a_link_from_anywhere_leads_to_it(site, mode):
    guard = Guard(password="x")
    request = asked(
        host=b"localhost", authorization=basic("x"), sec_fetch_site=site, sec_fetch_mode=mode
    )
    assert guard.judge(ROUTE, request) is None
