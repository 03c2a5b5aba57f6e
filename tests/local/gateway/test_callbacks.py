"""Where callbacks may go: never inside this machine or its network, whatever the name says."""

import socket

import pytest
from tests.local.gateway.recording_fleet import RecordingFleet
from tests.local.gateway.served_gateway import served_gateway

from wherry_local.proxy.external import External
from wherry_local.queue.delivery import State


@pytest.fixture
def gateway(tmp_path, function):
    with served_gateway(tmp_path, fleet=RecordingFleet(function.server_address)) as served:
        yield served


def ask(gateway, url):
    return gateway.ask("POST", "/async-function/hello", b"", {"X-Callback-Url": url})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://localhost/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "//example.com/",
        "example.com",
        "http://",
        "http:///path",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://exa mple.com/",
        "http://example.com\\@127.0.0.1/",
        "http://a@b@127.0.0.1/",
        "http://93.184.216.34:22/",
        "http://-x.example/",
    ],
)
def test_what_must_not_be_called_is_refused_before_it_is_accepted(gateway, function, url):
    refused = ask(gateway, url)
    assert refused.status == 400, url
    assert "X-Callback-Url" in refused.text
    assert function.asked.empty()


def test_a_name_that_leads_elsewhere_later_is_refused_then(
    gateway, function, receiver, monkeypatch
):
    answers = iter(["93.184.216.34"])

    def resolve(host, asked_port, *_, **__):
        where = next(answers, "127.0.0.1") if host == "rebinding.example" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where, asked_port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    accepted = ask(gateway, "http://rebinding.example:80/")
    assert accepted.status == 202
    function.next()
    call_id = accepted.headers["X-Call-Id"]
    assert gateway.settled(call_id)["state"] == "delivered"
    callback = gateway.callback_of(call_id)
    assert callback.state is State.DEAD
    assert "public" in callback.attempts[0].reason
    assert receiver.asked.empty()


def test_redirects_are_not_followed(tmp_path, function, receiver):
    receiver.answers = [(302, {"Location": f"{receiver.url}/elsewhere"}, b"")]
    allowed = External(["127.0.0.1"])
    fleet = RecordingFleet(function.server_address)
    with served_gateway(tmp_path, fleet=fleet, external=allowed) as gateway:
        accepted = ask(gateway, f"{receiver.url}/first")
        assert accepted.status == 202
        assert receiver.next().path == "/first"
        callback = gateway.callback_of(accepted.headers["X-Call-Id"])
        assert callback.state is State.DEAD
        assert "302" in callback.attempts[0].reason
        assert receiver.asked.empty()


def test_what_is_allowed_is_called(tmp_path, function, receiver):
    allowed = External(["127.0.0.0/8"])
    fleet = RecordingFleet(function.server_address)
    with served_gateway(tmp_path, fleet=fleet, external=allowed) as gateway:
        accepted = ask(gateway, receiver.url)
        assert receiver.next().method == "POST"
        assert gateway.callback_of(accepted.headers["X-Call-Id"]).state is State.DELIVERED
        assert ask(gateway, "http://10.0.0.1/").status == 400


def test_a_function_whose_callback_calls_it_again_ends(tmp_path, function):
    fleet = RecordingFleet(function.server_address)
    with served_gateway(tmp_path, fleet=fleet, external=External(allow_private=True)) as gateway:
        url = f"http://127.0.0.1:{gateway.port}/async-function/hello"

        def again(hops):
            headers = {"X-Callback-Url": url, "X-Wherry-Hops": str(hops)}
            return gateway.ask("POST", "/async-function/hello", b"", headers)

        accepted = again(3)
        assert function.next().headers["X-Wherry-Hops"] == "4"
        # The callback is a call of the same function, which is one further from where it began.
        assert function.next().headers["X-Wherry-Hops"] == "5"
        assert gateway.callback_of(accepted.headers["X-Call-Id"]).state is State.DELIVERED
        assert again(20).status == 508
        assert function.asked.empty()
