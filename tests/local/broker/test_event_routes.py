"""The admin routes of events: what they show, and what they do."""

import base64
import http.client
import json
import re
import threading

import pytest
from tests.local.broker.served_events import ADMIN, EVENT, ask, served_events

YAML = "triggers: {t: {function: hello, filters: [{exact: {type: none}}]}}"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A broker that delivers nothing, for tests that look at answers alone."""
    with served_events(tmp_path_factory.mktemp("quiet"), YAML) as running:
        yield running


def events(served, query=""):
    answer = served.admin("GET", f"/system/events{query}")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def emitted(served, **document):
    answer = served.admin("POST", "/system/events", document)
    assert answer.status == 202, answer.body
    return answer.json()["key"]


def test_an_event_explained(served):
    served.subscriber.answers["other"] = lambda _: (422, {}, b"never")
    served.post(b'{"a": 1}', {**EVENT, "content-type": "application/json"}, type="com.acme.other")
    served.subscriber.wait(1)
    found = served.explained("1")
    assert MOMENT.fullmatch(found["acceptedAt"])
    assert found["key"] == events(served)["events"][0]["key"]
    assert {key: found[key] for key in ("id", "type", "source", "subject", "time", "parent")} == {
        "id": "1", "type": "com.acme.other", "source": "/eu/shop",
        "subject": None, "time": None, "parent": None,
    }  # fmt: skip
    assert (found["namespace"], found["broker"], found["mismatches"]) == ("default", "default", 1)
    assert found["data"] == {"text": '{"a": 1}', "bytes": 8, "truncated": False}
    assert found["attributes"]["datacontenttype"] == "application/json"
    assert ["ce-id", "1"] in found["headers"]
    assert found["triggers"] == [
        {"trigger": "everything", "matched": True, "clause": "", "reason": ""},
        {
            "trigger": "orders",
            "matched": False,
            "clause": "triggers.orders.filters[0].exact.type",
            "reason": "type is 'com.acme.other', expected 'com.acme.order.placed'",
        },
    ]
    (delivery,) = found["deliveries"]
    (attempt,) = delivery.pop("attempts")
    assert MOMENT.fullmatch(attempt.pop("at"))
    assert attempt.pop("ms") >= 0
    assert attempt == {"status": 422, "reason": "the answer is 422"}
    assert delivery.pop("number").isdigit()
    assert delivery == {
        "trigger": "everything", "state": "dead", "tries": 1, "nextAt": None, "lastStatus": 422,
        "lastReason": "the answer is 422", "answer": {"status": 422, "text": "never"},
    }  # fmt: skip
    assert found["replies"] == []


def test_an_event_that_nobody_gets_is_explained_too(tmp_path):
    yaml = "triggers: {t: {function: hello, filters: [{cesql: 'count > 3'}]}}"
    with served_events(tmp_path, yaml) as on:
        assert on.post(count="2").status == 202
        (trigger,) = on.admin("GET", "/system/events/1").json()["triggers"]
        assert trigger["matched"] is False
        assert trigger["clause"] == "triggers.t.filters[0].cesql"
        assert trigger["reason"] == "`count > 3` is false: count is '2'"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", {"text": "", "bytes": 0, "truncated": False}),
        (b"\xff\x00", {"base64": "/wA=", "bytes": 2, "truncated": False}),
        ("é".encode() * 40_000, {"text": "é" * 32_768, "bytes": 80_000, "truncated": True}),
        (b"x" + "é".encode() * 40_000, {"text": "x" + "é" * 32_767, "bytes": 80_001}),
    ],
)
def test_data(served, body, shown):
    served.post(body)
    found = served.admin("GET", "/system/events/1").json()["data"]
    assert shown.items() <= found.items()
    whole = served.admin("GET", "/system/events/1?data=all").json()["data"]
    text = whole["text"].encode() if "text" in whole else base64.b64decode(whole["base64"])
    assert text == body and whole["truncated"] is False


def test_the_list_is_newest_first_and_goes_on(served):
    for number in range(7):
        served.post(id=str(number), type=f"t{number % 2}", source=f"/s/{number}")
    first = events(served, "?limit=3")
    assert [each["id"] for each in first["events"]] == ["6", "5", "4"]
    second = events(served, f"?limit=3&before={first['next']}")
    assert [each["id"] for each in second["events"]] == ["3", "2", "1"]
    last = events(served, f"?limit=3&before={second['next']}")
    assert [each["id"] for each in last["events"]] == ["0"]
    assert last["next"] is None
    assert [each["id"] for each in events(served, "?type=t1")["events"]] == ["5", "3", "1"]
    assert [each["id"] for each in events(served, "?source=/s/2")["events"]] == ["2"]
    assert len(events(served, "?source=/s/*")["events"]) == 7
    assert events(served, "?type=none")["events"] == []


def test_the_list_by_state_and_trigger(served):
    served.subscriber.answers["hello"] = lambda _: (400, {}, b"")
    served.post()
    served.post(id="2", type="x")
    served.subscriber.wait(1, "letters")
    served.explained("2")
    dead = served.wait_for(lambda: events(served, "?state=dead")["events"], lambda found: found)
    assert [each["id"] for each in dead] == ["1"]
    assert {each["id"] for each in events(served, "?trigger=orders")["events"]} == {"1", "2"}
    assert events(served, "?state=dead&trigger=everything")["events"] == []


@pytest.mark.parametrize(
    "query",
    ["?limit=0", "?limit=x", "?limit=501", "?before=-1", "?before=" + "9" * 30, "?state=gone"],
)
def test_what_a_list_cannot_be_asked(quiet, query):
    answer = quiet.admin("GET", f"/system/events{query}")
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/system/events/none"),
        ("POST", "/system/events/none/replay"),
        ("GET", "/system/dead-letters/999"),
        ("POST", "/system/dead-letters/999/replay"),
        ("DELETE", "/system/dead-letters/999"),
    ],
)
def test_what_is_not_there_is_404(quiet, method, path):
    assert quiet.admin(method, path).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/system/events"),
        ("POST", "/system/events"),
        ("GET", "/system/events/1"),
        ("POST", "/system/events/1/replay"),
        ("GET", "/system/triggers"),
        ("GET", "/system/dead-letters"),
        ("GET", "/system/dead-letters/1"),
        ("POST", "/system/dead-letters/1/replay"),
        ("DELETE", "/system/dead-letters/1"),
    ],
)
def test_all_of_it_wants_the_password(quiet, method, path):
    assert ask(quiet.admin_port, method, path).status == 401


def test_of_one_id_the_newest_is_shown(served):
    served.post(subject="old")
    served.post(subject="new")
    assert served.admin("GET", "/system/events/1").json()["subject"] == "new"


def test_triggers(tmp_path):
    yaml = """
triggers:
  all: {function: hello, path: /in, filters: [{all: [{prefix: {type: a}}, {not: {cesql: "TRUE"}}]}],
        delivery: {retry: 1, delay: 1500ms, timeout: 2s, backoff: linear,
                   dead_letter: {function: letters}}}
"""
    file = tmp_path / "t.yaml"
    file.write_text(
        "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: far}\n"
        "spec:\n  broker: b\n  subscriber: {uri: 'http://127.0.0.1:1/x'}\n"
        "  delivery: {deadLetterSink: {uri: 'http://127.0.0.1:1/y'}}\n"
    )
    with served_events(tmp_path, yaml, files=[file]) as on:
        assert on.admin("GET", "/system/triggers").json() == [
            {
                "name": "far", "namespace": "default", "broker": "b", "function": None,
                "path": None, "uri": "http://127.0.0.1:1/x", "filters": [], "source": "file",
                "delivery": {
                    "retry": 0, "backoff": "exponential", "delay": "0s",
                    "dead_letter": {"url": "http://127.0.0.1:1/y"},
                },
            },
            {
                "name": "all", "namespace": "default", "broker": "default", "function": "hello",
                "path": "/in", "uri": None, "source": "project",
                "filters": [{"all": [{"prefix": {"type": "a"}}, {"not": {"cesql": "TRUE"}}]}],
                "delivery": {
                    "retry": 1, "backoff": "linear", "delay": "1500ms", "timeout": "2s",
                    "dead_letter": {"function": "letters"},
                },
            },
        ]  # fmt: skip


def test_an_event_is_emitted(served):
    key = emitted(served, attributes={"type": "com.acme.order.placed", "n": 5}, data={"a": 1})
    received = served.subscriber.wait(1, "hello")[0]
    attributes = received.attributes()
    assert (attributes["source"], attributes["specversion"]) == ("/wherry/emit", "1.0")
    assert (attributes["n"], received.body) == ("5", b'{"a":1}')
    assert attributes["id"] == served.admin("GET", f"/system/events/{key}").json()["id"]
    assert "time" not in attributes


@pytest.mark.parametrize(
    ("document", "content_type", "body"),
    [
        ({}, None, b""),
        ({"data": "text"}, "application/json", b'"text"'),
        ({"dataBase64": base64.b64encode(b"\x00\xff").decode()}, None, b"\x00\xff"),
    ],
)
def test_what_is_emitted(served, document, content_type, body):
    emitted(served, attributes={"type": "t"}, **document)
    received = served.subscriber.wait(1)[0]
    assert (received.header("content-type"), received.body) == (content_type, body)


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({}, 400),
        ({"attributes": []}, 400),
        ({"attributes": {}}, 400),
        ({"attributes": {"type": ""}}, 400),
        ({"attributes": {"type": "t", "Bad": "x"}}, 400),
        ({"attributes": {"type": "t", "more": {}}}, 400),
        ({"attributes": {"type": "t"}, "dataBase64": "?"}, 400),
        ({"attributes": {"type": "t"}, "dataBase64": "AA==", "data": 1}, 400),
        ({"attributes": {"type": "t", "time": "now"}}, 400),
        ({"attributes": {"type": "t", "knativebrokerttl": "1"}}, 400),
        ({"attributes": {"type": "t"}, "broker": "none"}, 404),
        ({"attributes": {"type": "t"}, "broker": "other/default"}, 404),
        ({"attributes": {"type": "t"}, "broker": "default/default"}, 202),
        ([], 400),
        ("text", 400),
    ],
)
def test_what_cannot_be_emitted(quiet, document, status):
    assert quiet.admin("POST", "/system/events", document).status == status


def test_an_event_again_to_all_triggers_as_they_are_now(served):
    served.post(b"body", subject="a%20b")
    served.subscriber.wait(2)
    first = served.explained("1")
    answer = served.admin("POST", f"/system/events/{first['key']}/replay")
    assert answer.status == 202
    served.subscriber.wait(4)
    second = served.explained(answer.json()["key"])
    assert (second["parent"], second["id"]) == (first["key"], "1")
    assert second["headers"] == first["headers"]
    assert len(second["deliveries"]) == 2
    assert [each.body for each in served.subscriber.of("hello")] == [b"body"] * 2


def test_an_event_again_to_one_trigger_whatever_it_filters(served):
    served.post(type="com.acme.other")
    served.subscriber.wait(1)
    answer = served.admin("POST", "/system/events/1/replay", {"trigger": "orders"})
    assert answer.status == 202
    served.subscriber.wait(1, "hello")
    assert len(served.explained(answer.json()["key"])["deliveries"]) == 1
    answer = served.admin("POST", "/system/events/1/replay", {"trigger": "none"})
    assert answer.status == 404


def dead_letters(served, count, query=""):
    return served.wait_for(
        lambda: served.admin("GET", f"/system/dead-letters{query}").json()["deadLetters"],
        lambda found: len(found) == count,
    )


def test_dead_letters(served):
    served.subscriber.answers["other"] = lambda _: (400, {}, b"no")
    for number in range(3):
        served.post(id=str(number), type="x")
    found = dead_letters(served, 3)
    assert [each["id"] for each in found] == ["2", "1", "0"]
    first = found[0]
    assert served.admin("GET", f"/system/dead-letters/{first['number']}").json() == first
    assert MOMENT.fullmatch(first.pop("diedAt"))
    assert first.pop("number").isdigit()
    assert served.admin("GET", f"/system/events/{first.pop('event')}").status == 200
    assert first == {
        "id": "2", "type": "x", "source": "/eu/shop", "trigger": "everything",
        "function": "other", "reason": "the answer is 400", "status": 400, "tries": 1,
    }  # fmt: skip
    assert dead_letters(served, 0, "?trigger=orders") == []
    page = served.admin("GET", "/system/dead-letters?limit=2").json()
    assert [each["id"] for each in page["deadLetters"]] == ["2", "1"]
    rest = served.admin("GET", f"/system/dead-letters?before={page['next']}").json()
    assert [each["id"] for each in rest["deadLetters"]] == ["0"]


def test_a_dead_letter_again(served):
    served.subscriber.answers["other"] = lambda _: (400, {}, b"no")
    served.post(b"body", type="x")
    (letter,) = dead_letters(served, 1)
    served.subscriber.answers["other"] = lambda _: (200, {}, b"")
    answer = served.admin("POST", f"/system/dead-letters/{letter['number']}/replay")
    assert answer.status == 202
    second = served.explained(answer.json()["key"])
    assert second["deliveries"][0]["state"] == "delivered"
    assert second["parent"] == letter["event"]
    assert [each.body for each in served.subscriber.of("other")] == [b"body"] * 2
    assert dead_letters(served, 0) == []


@pytest.mark.parametrize(
    ("change", "subject", "content_type", "body"),
    [
        ({"data": {"a": 2}}, "s", "application/json", b'{"a":2}'),
        ({"dataBase64": "AP8="}, "s", "application/json", b"\x00\xff"),
        ({"attributes": {"id": "1", "type": "x", "source": "/n"}}, None, None, b'{"a":  1}'),
        (
            {
                "attributes": {
                    "id": "1", "type": "x", "source": "/n", "subject": "ü",
                    "datacontenttype": "text/plain",
                },
                "data": "text",
            },
            "%C3%BC",
            "text/plain",
            b"text",
        ),
    ],
)  # fmt: skip
def test_a_dead_letter_edited(served, change, subject, content_type, body):
    served.subscriber.answers["other"] = lambda _: (400, {}, b"no")
    headers = {**EVENT, "content-type": "application/json", "x-request-id": "r"}
    served.post(b'{"a":  1}', headers, type="x", subject="s")
    (letter,) = dead_letters(served, 1)
    served.subscriber.answers["other"] = lambda _: (200, {}, b"")
    path = f"/system/dead-letters/{letter['number']}/replay"
    answer = served.admin("POST", path, change)
    if change == {"dataBase64": "AP8="}:
        assert answer.status == 400  # bytes that are no JSON, and say that they are
        return
    assert answer.status == 202
    second = served.subscriber.wait(2, "other")[1]
    assert second.attributes().get("subject") == subject
    assert (second.header("content-type"), second.body) == (content_type, body)
    assert second.header("x-request-id") == "r"


def test_an_event_of_a_sink_again(served):
    """What only brokers tell each other does not come to a trigger."""
    served.subscriber.answers["hello"] = lambda _: (400, {}, b"")
    served.post()
    letter = served.subscriber.wait(1, "letters")[0]
    assert letter.attributes()["knativebrokerttl"] == "255"
    newest = events(served)["events"][0]
    assert newest["deliveries"][0]["trigger"] == "dead-letter:orders"
    answer = served.admin("POST", f"/system/events/{newest['key']}/replay")
    assert answer.status == 202
    again = served.subscriber.wait(2, "other")[1].attributes()
    assert again["knativeerrorcode"] == "400"
    assert "knativebrokerttl" not in again


def test_a_dead_letter_is_forgotten(served):
    served.subscriber.answers["other"] = lambda _: (400, {}, b"no")
    served.post(type="x")
    (letter,) = dead_letters(served, 1)
    path = f"/system/dead-letters/{letter['number']}"
    assert served.admin("DELETE", path).status == 202
    assert served.admin("GET", path).status == 404
    assert served.admin("DELETE", path).status == 404
    assert dead_letters(served, 0) == []


class Follower:
    """Reads a stream of lines in a thread."""

    def __init__(self, served, query=""):
        self.lines = []
        self.changed = threading.Condition()
        self.connection = http.client.HTTPConnection("127.0.0.1", served.admin_port, timeout=10)
        self.connection.request("GET", f"/system/events?follow=1{query}", headers=ADMIN)
        self.response = self.connection.getresponse()
        assert self.response.status == 200
        assert self.response.headers["content-type"] == "application/x-ndjson"
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        while line := self.response.readline():
            with self.changed:
                self.lines.append(json.loads(line))
                self.changed.notify_all()

    def wait(self, fits):
        with self.changed:
            assert self.changed.wait_for(lambda: any(map(fits, self.lines)), 10), self.lines

    def close(self):
        self.thread.join()
        self.connection.close()


def delivered(line):
    return line["deliveries"] and all(e["state"] == "delivered" for e in line["deliveries"])


def test_what_happens_is_followed_until_the_end(tmp_path):
    yaml = "triggers: {t: {function: hello}}"
    with served_events(tmp_path, yaml) as on:
        follower = Follower(on)
        on.post(b"x")
        follower.wait(delivered)
        assert {line["id"] for line in follower.lines} == {"1"}
        on.run(on.events.close())
        follower.close()


def test_only_what_is_asked_for_is_followed(served):
    follower = Follower(served, "&type=com.acme.order.*")
    served.post(type="x", id="2")
    served.post()
    follower.wait(lambda line: line["id"] == "1")
    assert {line["id"] for line in follower.lines} == {"1"}
    served.run(served.events.close())
    follower.close()


def test_a_follower_that_goes_is_forgotten(served):
    connection = http.client.HTTPConnection("127.0.0.1", served.admin_port, timeout=10)
    connection.request("GET", "/system/events?follow=1", headers=ADMIN)
    response = connection.getresponse()
    watchers = served.events._flow._watchers
    assert len(watchers) == 1
    response.close()
    connection.close()
    served.post()
    served.wait_for(lambda: len(watchers), lambda count: count == 0)
