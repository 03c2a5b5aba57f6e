"""The admin routes of events: what they show of events, triggers and dead letters."""

import base64
import re

import pytest
from tests.local.broker.served_events import EVENT, ask, dead_letters, events, served_events

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


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


def test_a_dead_letter_is_forgotten(served):
    served.subscriber.answers["other"] = lambda _: (400, {}, b"no")
    served.post(type="x")
    (letter,) = dead_letters(served, 1)
    path = f"/system/dead-letters/{letter['number']}"
    assert served.admin("DELETE", path).status == 202
    assert served.admin("GET", path).status == 404
    assert served.admin("DELETE", path).status == 404
    assert dead_letters(served, 0) == []
