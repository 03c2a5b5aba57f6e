"""Asynchronous calls from their acceptance to their callback, over a real queue."""

import time

import pytest
from tests.local.gateway.recording_fleet import RecordingFleet
from tests.local.gateway.served_gateway import served_gateway, until

from wherry_local.proxy.external import External
from wherry_local.queue.contract import QueueFull, StorageFailed
from wherry_local.queue.delivery import State

QUICK = {"com.openfaas.retry.min_wait": "20ms", "com.openfaas.retry.max_wait": "40ms"}


@pytest.fixture
def gateway(tmp_path, function):
    """A gateway whose functions are all `function`, and that calls back to loopback."""
    fleet = RecordingFleet(function.server_address)
    with served_gateway(tmp_path, fleet=fleet, external=External(allow_private=True)) as served:
        yield served


def call(gateway, path="hello", body=b"", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    accepted = gateway.ask("POST", f"/async-function/{path}", body, named)
    assert accepted.status == 202, accepted.text
    return accepted.headers["X-Call-Id"]


def retrying(gateway, **annotations):
    wanted = {
        "service": "hello",
        "image": "hello",
        "annotations": {**QUICK, **{f"com.openfaas.retry.{k}": v for k, v in annotations.items()}},
    }
    assert gateway.ask("PUT", "/system/functions", wanted).status == 202


def test_a_call_reaches_the_function_as_it_was_sent(gateway, function):
    call_id = call(
        gateway,
        "hello.openfaas-fn/a/b%2Fc?x=1&y=%20",
        b"\x00body",
        Content_Type="application/x-thing",
        X_Mine="1",
        Authorization="Bearer of-the-function",
        Connection="keep-alive, X-Hop",
        X_Hop="1",
    )
    asked = function.next()
    assert (asked.method, asked.path, asked.body) == ("POST", "/a/b%2Fc?x=1&y=%20", b"\x00body")
    assert asked.headers["Content-Type"] == "application/x-thing"
    assert asked.headers["X-Mine"] == "1"
    assert asked.headers["Authorization"] == "Bearer of-the-function"
    assert asked.headers["X-Call-Id"] == call_id
    assert asked.headers["X-Forwarded-For"].startswith("127.0.0.1")
    assert asked.headers["X-Forwarded-Host"].startswith("127.0.0.1:")
    assert int(asked.headers["X-Start-Time"]) > 1e18
    assert asked.headers["X-Hop"] is None


def test_status_and_result_are_shown_to_the_administrator(gateway, function):
    function.answers = [(201, {"X-Own": "1", "Content-Type": "text/plain"}, "göt it".encode())]
    call_id = call(gateway, body=b"in")
    shown = gateway.settled(call_id)
    assert shown["id"] == call_id
    assert (shown["function"], shown["namespace"]) == ("hello", "openfaas-fn")
    assert (shown["state"], shown["status"], shown["tries"]) == ("delivered", 201, 1)
    assert ["X-Own", "1"] in shown["headers"]
    assert shown["body"] == {"text": "göt it", "bytes": 7, "truncated": False}
    assert shown["nextAt"] is None
    (attempt,) = shown["attempts"]
    assert (attempt["status"], attempt["reason"]) == (201, "")
    assert gateway.ask("GET", f"/async-function/{call_id}", headers={}).status == 401


def test_a_long_or_binary_result_is_kept_as_far_as_it_is_bounded(gateway, function):
    function.answers = [(200, {}, b"\xff\x00")]
    assert gateway.settled(call(gateway))["body"] == {
        "base64": "/wA=",
        "bytes": 2,
        "truncated": False,
    }
    function.answers = [(200, {}, "ä".encode() * 300_000)]
    body = gateway.settled(call(gateway))["body"]
    assert (body["bytes"], body["truncated"]) == (600_000, True)
    assert body["text"] == "ä" * (256 * 1024 // 2)


def test_the_callers_own_id_is_kept_and_another_made_where_it_is_taken(gateway, function):
    assert call(gateway, X_Call_Id="mine-1") == "mine-1"
    assert function.next().headers["X-Call-Id"] == "mine-1"
    second = call(gateway, X_Call_Id="mine-1")
    assert second != "mine-1"
    assert function.next().headers["X-Call-Id"] == second
    assert gateway.settled(second)["id"] == second


def test_a_function_may_be_called_callback(gateway, function):
    wanted = {"service": "callback", "image": "hello"}
    assert gateway.ask("POST", "/system/functions", wanted).status == 202
    assert gateway.settled(call(gateway, "callback"))["state"] == "delivered"


def test_what_is_no_call_is_refused(gateway, function):
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        status = gateway.ask(method, "/async-function/hello/path").status
        assert status == 405, method
    assert gateway.ask("POST", "/async-function/nothing", b"").status == 404
    assert gateway.ask("POST", "/async-function/hello.nowhere", b"").status == 400
    assert gateway.ask("POST", "/async-function/No!", b"").status == 400
    assert gateway.ask("POST", "/async-function/hello", b"x" * (1 << 20)).status == 202
    assert gateway.ask("POST", "/async-function/hello", b"x" * ((1 << 20) + 1)).status == 413
    assert gateway.ask("GET", "/async-function/no-such-id").status == 404
    assert gateway.ask("DELETE", "/async-function/no-such-id").status == 404


@pytest.mark.parametrize(("fault", "status"), [(QueueFull("full"), 429), (StorageFailed("x"), 507)])
def test_what_is_not_stored_is_not_accepted(gateway, function, monkeypatch, fault, status):
    async def accept(_accepted):
        raise fault

    monkeypatch.setattr(gateway.queue, "accept", accept)
    refused = gateway.ask("POST", "/async-function/hello", b"", {})
    assert refused.status == status
    assert function.asked.empty()


def test_a_failure_is_tried_again_as_the_annotations_say(gateway, function):
    retrying(gateway, attempts="3")
    function.answers = [(502, {}, b"no"), (500, {}, b"no"), (200, {}, b"yes")]
    shown = gateway.settled(call(gateway))
    assert (shown["state"], shown["status"], shown["tries"]) == ("delivered", 200, 3)
    assert [each["status"] for each in shown["attempts"]] == [502, 500, 200]


def test_tries_are_bounded_and_other_statuses_are_final(gateway, function):
    retrying(gateway, attempts="2", codes="418")
    function.answers = [(418, {}, b"")]
    shown = gateway.settled(call(gateway))
    assert (shown["state"], shown["tries"]) == ("dead", 2)
    function.answers = [(502, {}, b"")]
    shown = gateway.settled(call(gateway))
    assert (shown["state"], shown["status"], shown["tries"]) == ("dead", 502, 1)
    function.answers = [(502, {"X-OpenFaaS-Internal": "proxy"}, b""), (200, {}, b"")]
    assert gateway.settled(call(gateway))["tries"] == 2


def test_retry_after_is_waited_for(gateway, function):
    retrying(gateway)
    function.answers = [(429, {"Retry-After": "1"}, b""), (200, {}, b"")]
    began = time.monotonic()
    assert gateway.settled(call(gateway))["tries"] == 2
    assert time.monotonic() - began >= 0.9


def test_a_function_that_cannot_be_reached_is_tried_again(gateway, function, receiver):
    retrying(gateway, attempts="2")
    for replicas in gateway.fleet.served.values():
        replicas.replicas[0].address = str(gateway.root / "nobody.sock")
    shown = gateway.settled(call(gateway, X_Callback_Url=receiver.url))
    assert (shown["state"], shown["status"], shown["tries"]) == ("dead", None, 2)
    called_back = receiver.next()
    assert called_back.headers["X-Function-Status"] == "503"
    assert called_back.body == b""


def test_a_callback_carries_the_answer_and_no_credentials(gateway, function, receiver):
    function.answers = [
        (
            203,
            {
                "X-Own": "1",
                "Content-Type": "text/plain",
                "Set-Cookie": "session=1",
                "Authorization": "Basic x",
                "X-Callback-Url": receiver.url,
                "X-Function-Name": "forged",
            },
            b"result",
        )
    ]
    call_id = call(
        gateway,
        X_Callback_Url=f"{receiver.url}/back?a=1",
        Authorization="Basic secret",
        Cookie="session=2",
    )
    called_back = receiver.next()
    assert (called_back.method, called_back.path) == ("POST", "/back?a=1")
    assert called_back.body == b"result"
    assert called_back.headers["Content-Type"] == "text/plain"
    assert called_back.headers["X-Own"] == "1"
    assert called_back.headers["X-Call-Id"] == call_id
    assert called_back.headers["X-Function-Status"] == "203"
    assert called_back.headers.get_all("X-Function-Name") == ["hello"]
    assert 0 <= float(called_back.headers["X-Duration-Seconds"]) < 10
    for name in ("Authorization", "Cookie", "Set-Cookie", "X-Callback-Url"):
        assert called_back.headers[name] is None, name
    assert gateway.callback_of(call_id).state is State.DELIVERED
    assert gateway.settled(call_id)["callback"] == f"{receiver.url}/back?a=1"


def test_a_callback_is_told_of_the_last_failure(gateway, function, receiver):
    retrying(gateway, attempts="2")
    function.answers = [(500, {}, b"broken")]
    call(gateway, X_Callback_Url=receiver.url)
    called_back = receiver.next()
    assert called_back.headers["X-Function-Status"] == "500"
    assert called_back.body == b"broken"
    assert receiver.asked.empty()


def test_a_callback_that_waits_is_posted_after_a_restart(tmp_path, function, receiver):
    fleet = RecordingFleet(function.server_address)
    outside = {"external": External(allow_private=True)}
    receiver.answers = [(503, {"Retry-After": "1"}, b""), (200, {}, b"")]
    with served_gateway(tmp_path, fleet=fleet, **outside) as gateway:
        call_id = call(gateway, X_Callback_Url=receiver.url)
        receiver.next()
        assert gateway.settled(call_id)["state"] == "delivered"
        until(lambda: gateway.run(gateway.queue.message(f"{call_id}/callback"))[1][0].tries or None)
    function.next()
    outside = {"external": External(allow_private=True)}
    with served_gateway(tmp_path, fleet=RecordingFleet(), **outside) as gateway:
        assert receiver.next().headers["X-Call-Id"] == call_id
        callback = gateway.callback_of(call_id)
        assert (callback.state, callback.tries) == (State.DELIVERED, 2)
    assert function.asked.empty()


def test_a_call_that_waits_can_be_given_up(gateway, function):
    retrying(gateway, min_wait="1h", max_wait="1h")
    function.answers = [(500, {}, b"")]
    call_id = call(gateway)
    function.next()

    def waiting():
        shown = gateway.ask("GET", f"/async-function/{call_id}").json()
        return shown if shown["state"] == "due" and shown["tries"] else None

    shown = until(waiting)
    assert shown["nextAt"] > shown["attempts"][0]["at"]
    assert gateway.ask("DELETE", f"/async-function/{call_id}").status == 202
    assert gateway.settled(call_id)["state"] == "cancelled"
    assert gateway.ask("DELETE", f"/async-function/{call_id}").status == 409


def test_calls_are_listed_newest_first_by_pages_and_without_callbacks(gateway, function, receiver):
    ids = [call(gateway, X_Callback_Url=receiver.url) for _ in range(5)]
    ids.append(call(gateway, "orders"))
    for each in ids:
        gateway.settled(each)
    for _ in range(5):
        receiver.next()
    page = gateway.ask("GET", "/system/calls?limit=4").json()
    assert [each["id"] for each in page["calls"]] == ids[:1:-1]
    rest = gateway.ask("GET", f"/system/calls?limit=4&before={page['next']}").json()
    assert [each["id"] for each in rest["calls"]] == ids[1::-1]
    assert rest["next"] is None
    (row,) = gateway.ask("GET", "/system/calls?function=orders").json()["calls"]
    assert row["id"] == ids[-1]
    assert row["callback"] is None
    assert (row["function"], row["state"], row["tries"], row["status"]) == (
        "orders",
        "delivered",
        1,
        200,
    )
    assert gateway.ask("GET", "/system/calls?state=dead").json() == {"calls": [], "next": None}
    for query in ("state=odd", "limit=x", "limit=100000", "before=-1", "function=../x"):
        refused = gateway.ask("GET", f"/system/calls?{query}")
        assert refused.status == 400, query
        assert refused.headers["Content-Type"] == "application/problem+json"


def test_a_call_is_made_again_under_a_new_id(gateway, function):
    function.answers = [(400, {}, b"")]
    call_id = call(gateway, "hello/path?q", b"again", X_Mine="1")
    assert gateway.settled(call_id)["state"] == "dead"
    function.next()
    function.answers = [(200, {}, b"")]
    again = gateway.ask("POST", f"/system/calls/{call_id}/replay", {})
    assert again.status == 202
    new_id = again.json()["id"]
    assert new_id != call_id
    asked = function.next()
    assert (asked.path, asked.body, asked.headers["X-Mine"]) == ("/path?q", b"again", "1")
    assert asked.headers.get_all("X-Call-Id") == [new_id]
    assert gateway.settled(new_id)["state"] == "delivered"
    assert gateway.ask("POST", "/system/calls/none/replay", {}).status == 404


def test_a_function_that_is_gone_is_dead_at_once(gateway, function):
    retrying(gateway, min_wait="100ms", max_wait="100ms")
    function.answers = [(500, {}, b"")]
    call_id = call(gateway)
    function.next()
    assert gateway.ask("DELETE", "/system/functions", {"functionName": "hello"}).status == 202
    shown = gateway.settled(call_id)
    assert shown["state"] == "dead"
    assert "no function" in shown["attempts"][-1]["reason"]
    assert gateway.ask("GET", "/system/calls?function=hello").json()["calls"]


def test_the_overview_counts_what_the_queue_holds(gateway, function):
    gateway.settled(call(gateway))
    overview = gateway.ask("GET", "/system/overview").json()
    assert overview["queue"] == {"due": 0, "leased": 0, "delivered": 1, "dead": 0}
