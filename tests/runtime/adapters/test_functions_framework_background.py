"""Background functions, `def f(data, context)`."""

import pytest

from wherry import CloudEvent
from wherry.loader import load
from wherry.testing import invoke, invoke_event

SOURCE = """
    from google.cloud.functions.context import Context

    seen = []

    def stored(data, context: Context):
        seen.append((data, context))
    """
CONTEXT = {
    "eventId": "7",
    "timestamp": "2026-01-02T03:04:05Z",
    "eventType": "google.storage.object.finalize",
    "resource": {"name": "projects/_/buckets/b/objects/o", "service": "s", "type": "t"},
}


@pytest.fixture
def handler(written):
    return load(written(SOURCE), name="stored", signature="event")


@pytest.mark.parametrize(
    "body",
    [
        {"context": CONTEXT, "data": {"bucket": "b"}},
        {**CONTEXT, "data": {"bucket": "b"}},
    ],
)
def test_the_context_stands_apart_or_beside_the_data(handler, body, seen_by):
    answer = invoke(handler, method="POST", json=body)
    assert (answer.status, answer.text) == (200, "OK")
    ((data, context),) = seen_by(handler)
    assert data == {"bucket": "b"}
    assert context.event_id == "7"
    assert context.timestamp == "2026-01-02T03:04:05Z"
    assert context.event_type == "google.storage.object.finalize"
    assert context.resource == CONTEXT["resource"]
    assert str(context).startswith("{event_id: 7, timestamp: 2026-01-02T03:04:05Z, event_type")


def test_a_push_of_pubsub_is_one(handler, seen_by):
    body = {
        "subscription": "projects/p/subscriptions/s",
        "message": {
            "data": "aGk=",
            "messageId": "9",
            "publishTime": "2026-01-02T03:04:05Z",
            "attributes": {"a": "b"},
        },
    }
    invoke(handler, method="POST", path="/projects/p/topics/t?token=x", json=body)
    ((data, context),) = seen_by(handler)
    kind = "type.googleapis.com/google.pubsub.v1.PubsubMessage"
    assert data == {"@type": kind, "data": "aGk=", "attributes": {"a": "b"}}
    assert (context.event_id, context.event_type) == ("9", "google.pubsub.topic.publish")
    assert context.resource == {
        "service": "pubsub.googleapis.com",
        "type": kind,
        "name": "projects/p/topics/t",
    }
    del body["message"]["publishTime"]
    invoke(handler, method="POST", json=body)
    assert seen_by(handler)[1][1].timestamp.endswith("Z")
    assert seen_by(handler)[1][1].resource["name"] == ""


@pytest.mark.parametrize(
    ("kind", "source", "subject", "data", "expected"),
    [
        (
            "google.cloud.pubsub.topic.v1.messagePublished",
            "//pubsub.googleapis.com/projects/p/topics/t",
            None,
            {"message": {"data": "aGk=", "messageId": "1", "publishTime": "x"}},
            (
                "google.pubsub.topic.publish",
                {
                    "service": "pubsub.googleapis.com",
                    "name": "projects/p/topics/t",
                    "type": "type.googleapis.com/google.pubsub.v1.PubsubMessage",
                },
                {"data": "aGk="},
            ),
        ),
        (
            "google.cloud.storage.object.v1.finalized",
            "//storage.googleapis.com/projects/_/buckets/b",
            "objects/o",
            {"kind": "storage#object"},
            (
                "google.storage.object.finalize",
                {
                    "service": "storage.googleapis.com",
                    "name": "projects/_/buckets/b/objects/o",
                    "type": "storage#object",
                },
                {"kind": "storage#object"},
            ),
        ),
        (
            "google.firebase.auth.user.v1.created",
            "//firebaseauth.googleapis.com/projects/p",
            "users/u",
            {"uid": "u", "metadata": {"createTime": "x", "other": "y"}},
            (
                "providers/firebase.auth/eventTypes/user.create",
                "projects/p",
                {"uid": "u", "metadata": {"createdAt": "x", "other": "y"}},
            ),
        ),
        (
            "google.firebase.database.ref.v1.written",
            "//firebasedatabase.googleapis.com/projects/_/locations/us/instances/i",
            "refs/r",
            {"delta": 1},
            (
                "providers/google.firebase.database/eventTypes/ref.write",
                "projects/_/instances/i/refs/r",
                {"delta": 1},
            ),
        ),
        (
            "google.cloud.firestore.document.v1.written",
            "//firestore.googleapis.com/projects/p/databases/(default)",
            "documents/d",
            {"value": {}},
            (
                "providers/cloud.firestore/eventTypes/document.write",
                "projects/p/databases/(default)/documents/d",
                {"value": {}},
            ),
        ),
        ("com.acme.paid", "/till", "s", [1], ("com.acme.paid", "/till/s", [1])),
    ],
)
def test_an_event_comes_under_its_legacy_names(
    handler, kind, source, subject, data, expected, seen_by
):
    event = CloudEvent(
        type=kind,
        source=source,
        subject=subject,
        id="7",
        time="2026-01-02T03:04:05Z",
        data=data,
    )
    assert invoke_event(handler, event).text == "OK"
    assert invoke_event(handler, event, structured=True).text == "OK"
    for given, context in seen_by(handler):
        assert (context.event_type, context.resource, given) == expected
        assert (context.event_id, context.timestamp) == ("7", "2026-01-02T03:04:05Z")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"context": 5, "data": 1}', "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"{}", "application/cloudevents+json", 400),
    ],
)
def test_anything_else_is_the_senders_fault(handler, body, content_type, status, seen_by):
    headers = {"content-type": content_type}
    answer = invoke(handler, method="POST", headers=headers, body=body)
    assert answer.status == status
    assert seen_by(handler) == []


def test_a_get_is_a_probe(handler):
    answer = invoke(handler)
    assert (answer.status, answer.body) == (200, b"")
    assert invoke(handler, method="PUT").status == 405


def test_an_async_one_is_awaited(written, seen_by):
    file = written(
        """
        seen = []
        async def f(data, context):
            seen.append(data)
        """
    )
    handler = load(file, signature="event")
    assert invoke(handler, method="POST", json={"eventId": "1", "data": 5}).text == "OK"
    assert invoke(handler, method="POST", body=b"").status == 400
    assert seen_by(handler) == [5]
