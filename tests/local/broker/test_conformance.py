"""What Knative's own conformance tests ask of a broker, asked of this one.

Each is a feature of `test/rekt/features/broker` in words of ours; what is asked of the door is in
`test_ingress`.
"""

import base64
import itertools

import pytest
from tests.local.broker.served_events import EVENT, served_events

FIBONACCI = {1, 2, 3, 5, 8, 13}


@pytest.mark.parametrize(
    "content_type",
    ["application/vnd.apache.thrift.binary", "application/xml", "application/json", "text/plain"],
)
@pytest.mark.parametrize("version", ["1.0", "0.3"])
def test_data_of_any_type_travel_as_they_are(served, content_type, version):
    body = b"\x82!\x01\x00 \xff <a/> {"
    answer = served.post(body, {**EVENT, "content-type": content_type}, specversion=version)
    assert answer.status == 202
    received = served.subscriber.wait(1, "hello")[0]
    assert (received.body, received.header("content-type")) == (body, content_type)
    assert received.attributes()["specversion"] == version


@pytest.mark.parametrize("drops", [FIBONACCI, {1, 2, 3, 4}, {1}])
def test_redelivery(tmp_path, drops):
    """Events are delivered that a subscriber drops at first, by any pattern."""
    yaml = "triggers: {t: {function: hello, delivery: {retry: 15, delay: 1ms, backoff: linear}}}"
    with served_events(tmp_path, yaml) as on:
        counts = itertools.count(1)
        on.subscriber.answers["hello"] = lambda _: (500 if next(counts) in drops else 202, {}, b"")
        for number in range(4):
            on.post(id=str(number))
        taken = [number for number in range(1, 20) if number not in drops]
        on.subscriber.wait(taken[3])
        states = on.wait_for(
            lambda: [
                delivery["state"]
                for event in on.admin("GET", "/system/events").json()["events"]
                for delivery in event["deliveries"]
            ],
            lambda found: set(found) == {"delivered"},
        )
        assert len(states) == 4


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((400, {}, b""), {"knativeerrorcode": "400", "knativeerrordata": None}),
        (
            (422, {}, b"destination: no data"),
            {
                "knativeerrorcode": "422",
                "knativeerrordata": base64.b64encode(b"destination: no data").decode(),
            },
        ),
    ],
)
def test_dead_letters_have_the_extensions(served, answer, expected):
    served.subscriber.answers["hello"] = lambda _: answer
    served.post()
    found = served.subscriber.wait(1, "letters")[0].attributes()
    assert {name: found.get(name) for name in expected} == expected
    assert found["knativeerrordest"].startswith("http://hello.")


def test_metadata_are_propagated(served):
    """Extensions of an event, and the headers beside it that are handed on, reach subscribers."""
    headers = {
        **EVENT, "ce-custom": "one", "x-request-id": "r", "knative-foo": "k", "other": "dropped",
    }  # fmt: skip
    reply = {
        "ce-specversion": "1.0", "ce-id": "2", "ce-type": "reply", "ce-source": "/r",
        "ce-custom": "two", "x-request-id": "r2", "knative-foo": "k2", "other": "dropped",
    }  # fmt: skip
    served.subscriber.answers["hello"] = lambda _: (200, reply, b"")
    served.post(headers=headers)
    found = {each.attributes()["id"]: each for each in served.subscriber.wait(2, "other")}
    for id_, custom, request, knative in (("1", "one", "r", "k"), ("2", "two", "r2", "k2")):
        assert found[id_].attributes()["custom"] == custom
        assert found[id_].header("x-request-id") == request
        assert found[id_].header("knative-foo") == knative
        assert found[id_].header("other") is None


def test_a_reply_is_preferred(served):
    served.post()
    assert {each.header("prefer") for each in served.subscriber.wait(2)} == {"reply"}


def test_many_triggers_each_with_its_own_filter(tmp_path):
    types, sources, extensions = ("t1", "t2"), ("/s1", "/s2"), (None, "e1")
    wanted = {
        f"w-{t or 'any'}-{(s or '/any')[1:]}-{e or 'any'}": {
            name: value
            for name, value in (("type", t), ("source", s), ("ext", e))
            if value is not None
        }
        for t, s, e in itertools.product((None, *types), (None, *sources), (None, "e1", "e2"))
    }
    yaml = "triggers:\n" + "".join(
        f"  {name}: {{function: hello, path: /{name}"
        + (f", filters: [{{exact: {exact}}}]" if exact else "")
        + "}\n"
        for name, exact in wanted.items()
    )
    expected = []
    with served_events(tmp_path, yaml) as on:
        for number, (t, s, e) in enumerate(itertools.product(types, sources, extensions)):
            attributes = {"id": str(number), "type": t, "source": s, **({"ext": e} if e else {})}
            on.post(**attributes)
            expected += [
                (f"/{name}", str(number))
                for name, exact in wanted.items()
                if exact.items() <= attributes.items()
            ]
        on.subscriber.wait(len(expected))
        for event in on.admin("GET", "/system/events").json()["events"]:
            on.explained(event["key"])
        found = [(each.path, each.attributes()["id"]) for each in on.subscriber.received]
        assert sorted(found) == sorted(expected)


TOPOLOGY = """
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {{name: default}}
spec: {broker}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {{name: t}}
spec:
  subscriber: {{ref: {{kind: Service, name: hello}}}}
{trigger}
"""
TO_LETTERS = "deadLetterSink: {ref: {kind: Service, name: letters}}"
TO_OTHER = "deadLetterSink: {ref: {kind: Service, name: other}}"


@pytest.mark.parametrize(
    ("broker", "trigger", "tries", "letters", "other"),
    [
        (f"{{delivery: {{retry: 2, {TO_LETTERS}}}}}", "", 3, 1, 0),
        (f"{{delivery: {{{TO_LETTERS}}}}}", "", 1, 1, 0),
        (f"{{delivery: {{retry: 2, {TO_LETTERS}}}}}", f"  delivery: {{{TO_OTHER}}}", 1, 0, 1),
        (f"{{delivery: {{retry: 2, {TO_LETTERS}}}}}", "  delivery: {retry: 1}", 2, 0, 0),
        ("{}", f"  delivery: {{retry: 3, {TO_OTHER}}}", 4, 0, 1),
    ],
)
def test_whose_delivery_counts(tmp_path, broker, trigger, tries, letters, other):
    file = tmp_path / "objects.yaml"
    file.write_text(TOPOLOGY.format(broker=broker, trigger=trigger))
    with served_events(tmp_path, "version: 1", files=[file]) as on:
        on.subscriber.answers["hello"] = lambda _: (500, {}, b"")
        on.post()
        on.subscriber.wait(tries + letters + other)
        on.wait_for(lambda: on.admin("GET", "/system/events?state=dead").json()["events"], len)
        for event in on.admin("GET", "/system/events").json()["events"]:
            on.explained(event["key"])
        counts = [len(on.subscriber.of(name)) for name in ("hello", "letters", "other")]
        assert counts == [tries, letters, other]
