"""Deliveries end to end: what a subscriber is sent, and what follows from its answer."""

import base64
import itertools
import json
import socket
import threading

import pytest
from tests.local.broker.served_events import EVENT, served_events
from tests.local.broker.subscriber import Subscriber

from wherry_local.broker.judgement import NO_EVENT
from wherry_local.proxy.external import External

REPLY = {
    "ce-specversion": "1.0",
    "ce-id": "reply",
    "ce-type": "com.acme.order.accepted",
    "ce-source": "/hello",
}


def key_of(served, id_="1"):
    return served.admin("GET", f"/system/events/{id_}").json()["key"]


def test_what_is_sent(served):
    headers = {
        **EVENT,
        "Ce-Tenant": "blue",
        "ce-subject": "a%20b%C3%A9",
        "content-type": "application/vnd.acme+json; v=1",
        "X-Request-Id": "r",
        "Knative-Any": "k",
        "x-b3-traceid": "b",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "retry-after": "5",
        "authorization": "Bearer secret",
        "cookie": "a=b",
        "x-forwarded-for": "1.2.3.4",
        "prefer": "nothing",
        "knative": "no",
        "kn-namespace": "of the sender",
    }
    served.post(b'{"a":  1}', headers)
    (received,) = served.subscriber.wait(1, "hello")
    assert (received.method, received.path) == ("POST", "/")
    assert received.body == b'{"a":  1}'
    found = {name.lower(): value for name, value in received.headers}
    arrival = found.pop("ce-knativearrivaltime")
    assert arrival.endswith("Z")
    assert arrival[:4].isdigit()
    assert {name: value for name, value in found.items() if name != "content-length"} == {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": "com.acme.order.placed",
        "ce-source": "/eu/shop",
        "ce-tenant": "blue",
        "ce-subject": "a%20b%C3%A9",
        "content-type": "application/vnd.acme+json; v=1",
        "x-request-id": "r",
        "knative-any": "k",
        "x-b3-traceid": "b",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "retry-after": "5",
        "prefer": "reply",
        "kn-namespace": "default",
        "host": "hello.default.svc.cluster.local",
    }


def test_values_of_headers_stay_as_they_came(served):
    values = {
        "ce-id": '"a \\"quoted\\" one"',
        "ce-plain": "100%25",
        "ce-needless": "%41%2d",
        "ce-lower": "%c3%a9",
    }
    served.post(headers={**EVENT, **values})
    found = {name.lower(): value for name, value in served.subscriber.wait(1, "hello")[0].headers}
    assert {name: found[name] for name in values} == values


def test_nothing_is_added_that_nobody_said(served):
    served.post()
    received = served.subscriber.wait(1, "hello")[0]
    assert set(received.attributes()) == {
        "specversion", "id", "type", "source", "knativearrivaltime",
    }  # fmt: skip
    assert received.header("content-type") is None
    assert received.body == b""


@pytest.mark.parametrize(
    ("more", "content_type", "body"),
    [
        ({}, None, b""),
        ({"data": None}, "application/json", b"null"),
        ({"data": {"a": 1.50}}, "application/json", b'{"a": 1.50}'),
        ({"data": "text"}, "application/json", b'"text"'),
        ({"data": "text", "datacontenttype": "text/plain"}, "text/plain", b"text"),
        ({"data": "<a/>", "datacontenttype": "text/xml"}, "text/xml", b"<a/>"),
        ({"data_base64": "AAH/"}, None, b"\x00\x01\xff"),
        ({"data_base64": "AAH/", "datacontenttype": "image/png"}, "image/png", b"\x00\x01\xff"),
    ],
)
def test_an_event_of_one_object_becomes_one_in_headers(served, more, content_type, body):
    document = {
        "specversion": "1.0", "id": "ü 1", "type": "com.acme.order.placed", "source": "/s",
        "count": 5, "urgent": True, "nothing": None, "knativebrokerttl": 9, **more,
    }  # fmt: skip
    text = json.dumps(document).replace("1.5}", "1.50}").encode()
    headers = {"content-type": "application/cloudevents+json", "x-request-id": "r"}
    assert served.post(text, headers).status == 202
    received = served.subscriber.wait(1, "hello")[0]
    attributes = received.attributes()
    assert attributes.pop("knativearrivaltime")
    assert attributes == {
        "specversion": "1.0", "id": "%C3%BC%201", "type": "com.acme.order.placed",
        "source": "/s", "count": "5", "urgent": "true",
    }  # fmt: skip
    assert received.header("content-type") == content_type
    assert received.header("x-request-id") == "r"
    assert received.body == body


def test_data_that_are_an_event_themselves_stay_data(served):
    inner = {"specversion": "1.0", "id": "in", "type": "t", "source": "/s"}
    document = {
        **inner, "id": "out", "type": "com.acme.order.placed", "data": inner,
        "datacontenttype": "application/cloudevents+json",
    }  # fmt: skip
    headers = {"content-type": "application/cloudevents+json"}
    assert served.post(json.dumps(document).encode(), headers).status == 202
    received = served.subscriber.wait(1, "hello")[0]
    assert received.header("content-type") == "application/cloudevents+json"
    found = json.loads(received.body)
    assert found.pop("knativearrivaltime")
    assert found == document


def test_each_matching_trigger_gets_it_once(served):
    served.post()
    served.post(type="com.acme.other", id="2")
    served.subscriber.wait(3)
    assert [each.attributes()["id"] for each in served.subscriber.of("hello")] == ["1"]
    assert sorted(each.attributes()["id"] for each in served.subscriber.of("other")) == ["1", "2"]


def test_the_same_id_twice_is_two_events(served):
    served.post()
    served.post()
    assert [each.attributes()["id"] for each in served.subscriber.wait(2, "hello")] == ["1", "1"]


@pytest.mark.parametrize("status", [404, 429, 503])
def test_what_is_tried_again(served, status):
    answers = itertools.chain([(status, {}, b"no"), (status, {}, b"no")], itertools.repeat(None))
    served.subscriber.answers["hello"] = lambda _: next(answers) or (200, {}, b"")
    served.post()
    served.subscriber.wait(3, "hello")
    delivery = served.explained(key_of(served))["deliveries"]
    mine = next(each for each in delivery if each["trigger"] == "orders")
    assert (mine["state"], mine["tries"]) == ("delivered", 3)
    assert [each["status"] for each in mine["attempts"]] == [status, status, 200]


@pytest.mark.parametrize("status", [301, 304, 400, 422])
def test_what_is_not_tried_again(served, status):
    served.subscriber.answers["hello"] = lambda _: (status, {}, b"")
    served.post()
    letter = served.subscriber.wait(1, "letters")[0]
    assert letter.attributes()["knativeerrorcode"] == str(status)
    assert len(served.subscriber.of("hello")) == 1


def test_a_body_that_is_no_event_is_a_failure_and_told(served):
    served.subscriber.answers["hello"] = lambda _: (200, {}, b'{"ok": true}')
    served.post()
    served.subscriber.wait(3, "hello")
    letter = served.subscriber.wait(1, "letters")[0]
    assert letter.attributes()["knativeerrorcode"] == "502"
    found = served.explained(key_of(served, served.admin("GET", "/system/events").json()[
        "events"][-1]["key"]))  # fmt: skip
    mine = next(each for each in found["deliveries"] if each["trigger"] == "orders")
    assert (mine["state"], mine["lastStatus"], mine["lastReason"]) == ("dead", 502, NO_EVENT)
    assert mine["answer"] == {"status": 200, "text": '{"ok": true}'}


def test_a_reply_goes_to_all_triggers_of_its_broker(served):
    served.subscriber.answers["hello"] = lambda _: (200, {**REPLY, "x-secret": "s"}, b"done")
    served.post()
    served.wait_for(
        lambda: [each.attributes()["id"] for each in served.subscriber.of("other")],
        lambda ids: sorted(ids) == ["1", "reply"],
    )
    reply = next(
        each for each in served.subscriber.of("other") if each.attributes()["id"] == "reply"
    )
    assert reply.body == b"done"
    assert reply.header("x-secret") is None
    assert "knativebrokerttl" not in reply.attributes()
    first = served.admin("GET", "/system/events/1").json()
    second = served.admin("GET", "/system/events/reply").json()
    assert first["replies"] == [second["key"]]
    assert second["parent"] == first["key"]


def test_a_loop_of_replies_ends(tmp_path):
    yaml = "triggers: {round: {function: hello, delivery: {dead_letter: {function: letters}}}}"
    with served_events(tmp_path, yaml) as on:
        on.subscriber.answers["hello"] = lambda _: (200, REPLY, b"")
        on.post(knativebrokerttl="5")
        letter = on.subscriber.wait(1, "letters")[0]
        assert len(on.subscriber.of("hello")) == 4
        assert letter.attributes()["knativeerrorcode"] == "400"
        assert letter.attributes()["id"] == "reply"


@pytest.mark.parametrize("body", [b"", b"not an event"])
def test_dead_letters_say_why(served, body):
    served.subscriber.answers["hello"] = lambda _: (422, {"content-type": "text/plain"}, body)
    served.post(b"data", {**EVENT, "content-type": "text/plain"}, subject="s")
    letter = served.subscriber.wait(1, "letters")[0]
    found = letter.attributes()
    assert found["knativeerrordest"] == "http://hello.default.svc.cluster.local"
    assert found["knativeerrorcode"] == "422"
    assert found.get("knativeerrordata") == ("bm90IGFuIGV2ZW50" if body else None)
    assert (found["id"], found["subject"], letter.body) == ("1", "s", b"data")
    assert letter.header("prefer") is None


def test_long_error_data_are_cut(served):
    served.subscriber.answers["hello"] = lambda _: (400, {}, b"x" * 100_000)
    served.post()
    letter = served.subscriber.wait(1, "letters")[0]
    assert letter.attributes()["knativeerrordata"] == "eHh4" * 256


def test_a_function_that_is_not_there_is_404_and_tried_again(tmp_path):
    yaml = (
        "triggers: {t: {function: missing, "
        "delivery: {retry: 1, delay: 1ms, dead_letter: {function: letters}}}}"
    )
    with served_events(tmp_path, yaml) as on:
        on.post()
        assert on.subscriber.wait(1, "letters")[0].attributes()["knativeerrorcode"] == "404"
        last = on.admin("GET", "/system/dead-letters").json()["deadLetters"][0]
        assert (last["tries"], last["reason"]) == (2, "the answer is 404")


def test_nobody_there_is_500_in_a_dead_letter_and_tried_again(served):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    served.subscriber.functions.addresses["hello"] = ("127.0.0.1", port)
    served.post()
    letter = served.subscriber.wait(1, "letters")[0].attributes()
    assert letter["knativeerrorcode"] == "500"
    assert base64.b64decode(letter["knativeerrordata"]).startswith(b"dispatch error: ")


def test_a_sink_that_does_not_take_it_is_tried_again_and_keeps_it(served):
    served.subscriber.answers["hello"] = lambda _: (400, {}, b"")
    served.subscriber.answers["letters"] = lambda _: (503, {}, b"")
    served.post()
    served.subscriber.wait(3, "letters")
    dead = served.wait_for(
        lambda: served.admin("GET", "/system/dead-letters").json()["deadLetters"],
        lambda found: len(found) == 2,
    )
    assert {each["trigger"] for each in dead} == {"orders", "dead-letter:orders"}
    assert {each["function"] for each in dead} == {"hello", "letters"}


def test_what_a_sink_says_is_nobodys_business(served):
    served.subscriber.answers["hello"] = lambda _: (400, {}, b"")
    served.subscriber.answers["letters"] = lambda _: (200, REPLY, b"a body")
    served.post()
    served.subscriber.wait(1, "letters")
    found = served.explained(served.admin("GET", "/system/events").json()["events"][0]["key"])
    assert found["deliveries"][0]["state"] == "delivered"
    assert not served.subscriber.of("other") or all(
        each.attributes()["id"] == "1" for each in served.subscriber.of("other")
    )


def test_a_try_has_its_time(tmp_path):
    yaml = (
        "triggers: {t: {function: hello, "
        "delivery: {retry: 0, timeout: 100ms, dead_letter: {function: letters}}}}"
    )
    with served_events(tmp_path, yaml) as on:
        release = threading.Event()
        on.subscriber.answers["hello"] = lambda _: (release.wait(5), (200, {}, b""))[1]
        try:
            on.post()
            assert on.subscriber.wait(1, "letters")[0].attributes()["knativeerrorcode"] == "500"
        finally:
            release.set()


def test_times_between_tries(tmp_path):
    yaml = (
        "triggers: {t: {function: hello, delivery: {retry: 3, backoff: exponential, delay: 50ms}}}"
    )
    with served_events(tmp_path, yaml) as on:
        on.subscriber.answers["hello"] = lambda _: (500, {}, b"")
        on.post()
        at = [each.at for each in on.subscriber.wait(4)]
        gaps = [later - earlier for earlier, later in itertools.pairwise(at)]
        for gap, wait_s in zip(gaps, (0.05, 0.1, 0.2), strict=True):
            assert wait_s - 0.01 < gap < wait_s + 1.0
        assert gaps == sorted(gaps)


def test_a_url_as_dead_letter_sink(tmp_path):
    sink = Subscriber()
    try:
        yaml = (
            "triggers: {t: {function: hello, "
            f"delivery: {{retry: 0, dead_letter: {{url: '{sink.url}/letters'}}}}}}}}"
        )
        with served_events(tmp_path, yaml) as on:
            on.subscriber.answers["hello"] = lambda _: (500, {}, b"")
            on.post(b"x" * 1000)
            letter = sink.wait(1)[0]
            assert (letter.path, len(letter.body)) == ("/letters", 1000)
            assert letter.attributes()["knativeerrorcode"] == "500"
    finally:
        sink.close()


def test_a_url_as_subscriber_may_reply(tmp_path):
    sink = Subscriber()
    try:
        file = tmp_path / "t.yaml"
        file.write_text(
            "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: far}\n"
            f"spec:\n  subscriber: {{uri: '{sink.url}/in?a=b'}}\n"
            "  filters: [{exact: {id: '1'}}]\n"
        )
        sink.answers["127"] = lambda _: (200, REPLY, b"done")
        with served_events(tmp_path, "triggers: {t: {function: hello}}", files=[file]) as on:
            on.post(b"body")
            received = sink.wait(1)[0]
            assert (received.path, received.body) == ("/in?a=b", b"body")
            assert received.header("prefer") == "reply"
            bodies = {each.attributes()["id"]: each.body for each in on.subscriber.wait(2)}
            assert bodies == {"1": b"body", "reply": b"done"}
    finally:
        sink.close()


def test_an_address_that_may_not_be_called_is_not_tried_again(tmp_path):
    yaml = "triggers: {t: {function: hello, delivery: {dead_letter: {url: 'http://127.0.0.1:9'}}}}"
    with served_events(tmp_path, yaml, addresses=External()) as on:
        on.subscriber.answers["hello"] = lambda _: (400, {}, b"")
        on.post()
        dead = on.wait_for(
            lambda: on.admin("GET", "/system/dead-letters").json()["deadLetters"],
            lambda found: len(found) == 2,
        )
        letter = next(each for each in dead if each["trigger"] == "dead-letter:t")
        assert (letter["tries"], letter["status"]) == (1, 0)
        assert letter["function"] == "http://127.0.0.1:9"


def test_one_event_to_a_hundred_triggers(tmp_path):
    yaml = "triggers:\n" + "".join(
        f"  t{n:03}: {{function: hello, path: /t{n}}}\n" for n in range(100)
    )
    with served_events(tmp_path, yaml) as on:
        assert on.post(b"x" * 10_000).status == 202
        received = on.subscriber.wait(100)
        assert {each.path for each in received} == {f"/t{n}" for n in range(100)}
        assert len(received) == 100


def test_a_long_event_and_a_long_reply(served):
    body = bytes(range(256)) * 8192
    answer = body[::-1]
    headers = {**REPLY, "content-type": "application/octet-stream"}
    served.subscriber.answers["hello"] = lambda _: (200, headers, answer)
    served.post(body, {**EVENT, "content-type": "application/octet-stream"})
    assert served.subscriber.wait(1, "hello")[0].body == body
    both = {each.attributes()["id"]: each.body for each in served.subscriber.wait(2, "other")}
    assert both == {"1": body, "reply": answer}
