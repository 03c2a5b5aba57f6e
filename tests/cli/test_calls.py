"""`wherry calls`, and `wherry invoke` of a function of a platform, now and later."""

import base64
import io
import json
import sys

import pytest
from tests.cli.admin_recorder import Answer, told

CALL = {
    "id": "c-1",
    "function": "thumbnail",
    "namespace": "openfaas-fn",
    "state": "delivered",
    "acceptedAt": "2026-01-02T03:04:05.123Z",
    "tries": 1,
    "nextAt": None,
    "attempts": [],
    "status": 200,
    "headers": [["content-type", "text/plain"]],
    "body": {"text": "done", "bytes": 4, "truncated": False},
}
ACCEPTED = Answer(202, b"", (("X-Call-Id", "c-1"),))


@pytest.fixture
def gateway(platform):
    platform.answers["POST /async-function/thumbnail"] = ACCEPTED
    platform.answers["GET /async-function/c-1"] = [
        told(CALL | {"state": "due"}),
        told(CALL | {"state": "leased"}),
        told(CALL),
    ]
    platform.answers["GET /function/hello"] = told({"hello": "world"})
    return platform


def test_a_name_is_a_function_of_the_platform(wherry, gateway):
    assert wherry("invoke", "hello") == (0, '{"hello": "world"}', "HTTP 200 OK\n")
    assert "authorization" not in gateway.last.headers, "functions are not shown the password"


def test_path_and_query_may_follow(wherry, gateway):
    gateway.answers["GET /function/hello.dev/a/b"] = told({})
    assert wherry("invoke", "hello.dev/a/b?x=1").code == 0
    assert gateway.last.query == {"x": "1"}


def test_the_only_function_needs_no_name(wherry, gateway):
    gateway.answers["GET /system/functions"] = told([{"name": "hello"}])
    assert wherry("invoke").code == 0
    gateway.answers["GET /system/functions"] = told([{"name": "hello"}, {"name": "orders"}])
    done = wherry("invoke")
    assert done.code == 2
    assert "there are: hello, orders" in done.err


def test_an_event_goes_to_the_function(wherry, gateway):
    gateway.answers["POST /function/hello"] = Answer(204)
    assert wherry("invoke", "hello", "--type", "a.b", "-d", "{}").code == 0
    assert gateway.last.headers["ce-type"] == "a.b"


def test_a_port_that_is_given_goes_before_the_platform(wherry, gateway):
    assert wherry("invoke", "hello", "--port", "1").code == 1
    assert gateway.asked == []


def test_a_port_of_the_environment_does_not(wherry, gateway, monkeypatch):
    monkeypatch.setenv("PORT", "1")
    assert wherry("invoke", "hello").code == 0


def test_a_gateway_that_is_named_is_called(wherry, gateway, monkeypatch, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert wherry("invoke", "hello", "--gateway", gateway.url).code == 0
    assert wherry("invoke", "hello", "--gateway", "http://127.0.0.1:1").code == 1


def test_the_id_of_a_call_for_later(wherry, gateway):
    assert wherry("invoke", "thumbnail", "--async", "-d", "x") == (0, "c-1\n", "")
    assert (gateway.last.method, gateway.last.body) == ("POST", b"x")
    done = wherry("invoke", "thumbnail", "--async", "-o", "json")
    assert json.loads(done.out) == {"id": "c-1"}
    assert gateway.last.method == "POST", "a call for later is a POST, with data and without"


def test_waiting_for_a_call(wherry, gateway):
    done = wherry("invoke", "thumbnail", "--async", "--wait")
    assert done.code == 0
    assert done.out == "done"
    assert "delivered after 1 try, HTTP 200" in done.err
    assert len([each for each in gateway.asked if each.method == "GET"]) == 3


def test_a_call_that_is_not_over_in_time(wherry, gateway):
    gateway.answers["GET /async-function/c-1"] = told(CALL | {"state": "due", "tries": 2})
    done = wherry("invoke", "thumbnail", "--async", "--wait", "--timeout", "0.1")
    assert done.code == 1
    assert "call c-1 is due after 0.1 s and 2 tries; wherry calls show c-1" in done.err


def test_a_gateway_that_takes_no_call(wherry, gateway):
    gateway.answers["POST /async-function/thumbnail"] = Answer(429, b"too many")
    done = wherry("invoke", "thumbnail", "--async")
    assert (done.code, done.out) == (1, "too many")


class Terminal(io.TextIOWrapper):
    """A terminal that keeps what it shows."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    "arguments", [("invoke", "thumbnail", "--async", "--wait"), ("calls", "show", "c-1")]
)
def test_on_a_terminal_the_prompt_has_a_line_of_its_own(wherry, gateway, monkeypatch, arguments):
    gateway.answers["GET /async-function/c-1"] = told(CALL)
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Terminal(shown, write_through=True))
    assert wherry(*arguments).code == 0
    assert shown.getvalue() == b"done\n"


@pytest.mark.parametrize("arguments", [("http://127.0.0.1:1/", "--async"), ("thumbnail", "--wait")])
def test_what_makes_no_sense(wherry, gateway, arguments):
    assert wherry("invoke", *arguments).code == 2


def test_bytes_are_printed_as_they_were(wherry, gateway):
    encoded = base64.b64encode("quai é\n\0".encode()).decode()
    body = {"base64": encoded, "bytes": 99, "truncated": True}
    gateway.answers["GET /async-function/c-1"] = told(CALL | {"body": body})
    done = wherry("calls", "show", "c-1")
    assert done.out == "quai é\n\0"
    assert "cut: the answer had 99 bytes" in done.err


@pytest.mark.parametrize(("status", "code"), [(200, 0), (204, 0), (302, 1), (500, 1), (None, 1)])
def test_the_exit_code_is_that_of_the_answer(wherry, gateway, status, code):
    gateway.answers["GET /async-function/c-1"] = told(CALL | {"status": status, "body": None})
    assert wherry("calls", "show", "c-1").code == code


@pytest.mark.parametrize("arguments", [(), ("list",)])
def test_the_list(wherry, gateway, arguments):
    listed = {name: CALL[name] for name in CALL if name not in {"body", "headers", "attempts"}}
    gateway.answers["GET /system/calls"] = told(
        {"calls": [listed | {"callback": None}], "next": None}
    )
    done = wherry("calls", *arguments)
    assert done.code == 0, done.err
    row = done.out.splitlines()[1].split()
    assert row[2:] == ["c-1", "thumbnail", "delivered", "1", "200"]


def test_the_list_is_asked_for_as_said(wherry, gateway):
    gateway.answers["GET /system/calls"] = told({"calls": [], "next": None})
    done = wherry("calls", "list", "--function", "thumbnail", "--state", "dead", "--limit", "3")
    assert done.code == 0
    assert gateway.last.query == {"function": "thumbnail", "state": "dead", "limit": "3"}


def test_cancel_and_replay(wherry, gateway):
    gateway.answers["DELETE /async-function/c-1"] = Answer(202)
    gateway.answers["POST /system/calls/c-1/replay"] = told({"id": "c-2"}, 202)
    assert wherry("calls", "cancel", "c-1").code == 0
    assert wherry("calls", "replay", "c-1").out == "c-2\n"
    gateway.answers["DELETE /async-function/c-1"] = Answer(409, b"it is over")
    assert wherry("calls", "cancel", "c-1").code == 1
