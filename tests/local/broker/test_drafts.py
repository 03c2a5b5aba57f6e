"""Events that an administrator writes: emitted, sent again, edited before another try."""

import base64

import pytest
from tests.local.broker.served_events import EVENT, dead_letters, events


def emitted(served, **document):
    answer = served.admin("POST", "/system/events", document)
    assert answer.status == 202, answer.body
    return answer.json()["key"]


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


def edited(served, change):
    served.subscriber.answers["other"] = lambda _: (400, {}, b"no")
    headers = {**EVENT, "content-type": "application/json", "x-request-id": "r"}
    served.post(b'{"a":  1}', headers, type="x", subject="s")
    (letter,) = dead_letters(served, 1)
    served.subscriber.answers["other"] = lambda _: (200, {}, b"")
    return served.admin("POST", f"/system/dead-letters/{letter['number']}/replay", change)


@pytest.mark.parametrize(
    ("change", "subject", "content_type", "body"),
    [
        ({"data": {"a": 2}}, "s", "application/json", b'{"a":2}'),
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
    assert edited(served, change).status == 202
    second = served.subscriber.wait(2, "other")[1]
    assert second.attributes().get("subject") == subject
    assert (second.header("content-type"), second.body) == (content_type, body)
    assert second.header("x-request-id") == "r"


def test_an_edit_that_makes_no_event_of_it_leaves_it_dead(served):
    answer = edited(served, {"dataBase64": "AP8="})
    assert answer.status == 400  # bytes that are no JSON, and say that they are
    assert len(dead_letters(served, 1)) == 1


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
