"""The brokers' door: which requests are events, and what is answered."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.local.broker.served_events import EVENT, ask, served_events

from wherry_local.queue.bounds import Bounds

FRAMING = {"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade"}
YAML = "triggers: {orders: {function: hello}, everything: {function: other}}"
STRUCTURED = {"content-type": "application/cloudevents+json"}
DOCUMENT = {"specversion": "1.0", "id": "1", "type": "com.acme.order.placed", "source": "/eu/shop"}


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """A broker that many tests ask, who look at its answers alone."""
    with served_events(tmp_path_factory.mktemp("door"), YAML) as running:
        yield running


def without(name, **instead):
    headers = {key: value for key, value in EVENT.items() if key != f"ce-{name}"}
    return {**headers, **{f"ce-{key}": value for key, value in instead.items()}}


def structured(door, document, path="/default/default", **headers):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return door.post(body, {**STRUCTURED, **headers}, path=path)


def test_an_event_is_accepted(served):
    answer = served.post(b"{}")
    assert (answer.status, answer.body) == (202, b"")
    assert served.subscriber.wait(2)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE"])
@pytest.mark.parametrize("path", ["/default/default", "/", "/a/b/c", "/nobody/has"])
def test_another_method_is_405(door, method, path):
    answer = door.ask(method, path, headers=EVENT)
    assert answer.status == 405
    assert {word.strip() for word in answer.headers["Allow"].split(",")} == {"POST", "OPTIONS"}


@pytest.mark.parametrize("path", ["/default/default", "/", "/a/b/c"])
def test_every_sender_may_deliver_who_asks(door, path):
    answer = door.ask("OPTIONS", path, headers={"WebHook-Request-Origin": "example.com"})
    assert answer.status == 200
    assert answer.headers["Allow"] == "POST, OPTIONS"
    assert answer.headers["WebHook-Allowed-Origin"] == "*"
    assert answer.headers["WebHook-Allowed-Rate"] == "*"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/default", 400),
        ("/default/", 400),
        ("/default/default/more", 400),
        ("/default/default/", 202),
        ("/default/default?a=b", 202),
        ("/default/unknown", 404),
        ("/other/default", 404),
    ],
)
def test_a_path_names_a_broker(door, path, status):
    assert door.post(path=path).status == status


def test_an_event_is_looked_at_before_its_broker(door):
    assert door.post(headers=without("id"), path="/default/unknown").status == 400


@pytest.mark.parametrize("name", ["id", "type", "source", "specversion"])
@pytest.mark.parametrize("value", [None, ""])
def test_what_every_event_has_must_be_there(door, name, value):
    headers = without(name) if value is None else without(name, **{name: value})
    answer = door.post(headers=headers)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    document = {**DOCUMENT, name: value}
    assert structured(door, document).status == 400


@pytest.mark.parametrize("version", ["19.0", "2.0", "0.1", "1"])
def test_an_unknown_version_is_400(door, version):
    assert door.post(specversion=version).status == 400


def test_version_0_3_is_accepted_and_stays_one(served):
    assert served.post(b"{}", specversion="0.3").status == 202
    assert served.subscriber.wait(2)[0].attributes()["specversion"] == "0.3"


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "Application/CloudEvents+JSON; charset=utf-8"}, DOCUMENT, 202),
        ({**STRUCTURED, **EVENT, "ce-id": "2"}, DOCUMENT, 202),
        ({"content-type": "application/cloudevents+avro"}, b"x", 400),
        ({"content-type": "application/cloudevents-batch+json"}, [DOCUMENT], 400),
        ({"content-type": "application/cloudevents-batch+json"}, [], 400),
        ({"content-type": "application/json"}, DOCUMENT, 400),
        ({}, b"", 400),
        (STRUCTURED, b"{", 400),
        (STRUCTURED, [DOCUMENT], 400),
        (STRUCTURED, {**DOCUMENT, "specversion": 1.0}, 400),
        (STRUCTURED, {**DOCUMENT, "subject": None}, 202),
        (STRUCTURED, {**DOCUMENT, "count": 5, "urgent": True}, 202),
        (STRUCTURED, {**DOCUMENT, "more": {"a": 1}}, 400),
        (STRUCTURED, {**DOCUMENT, "more": [1]}, 400),
        (STRUCTURED, {**DOCUMENT, "count": 2**31}, 400),
        (STRUCTURED, {**DOCUMENT, "data": 1, "data_base64": "AA=="}, 400),
        (STRUCTURED, {**DOCUMENT, "time": "yesterday"}, 400),
        ({**EVENT, "ce-datacontenttype": "text/plain"}, b"x", 400),
        ({**EVENT, "ce-FooBar": "1"}, b"", 202),
        ({**EVENT, "ce-foo_bar": "1"}, b"", 400),
        ({**EVENT, "ce-foo-bar": "1"}, b"", 400),
        ({**EVENT, "ce-time": "2026-01-01T00:00:00Z"}, b"", 202),
        ({**EVENT, "ce-time": "2026-01-01t00:00:00.123456+01:00"}, b"", 202),
        ({**EVENT, "ce-time": "2026-01-01"}, b"", 400),
        ({**EVENT, "ce-subject": "a%20b"}, b"", 202),
        ({**EVENT, "ce-subject": '"a b"'}, b"", 202),
        ({**EVENT, "ce-subject": "%C0%A0"}, b"", 400),
        ({**EVENT, "ce-subject": "a%0d%0ab"}, b"", 400),
    ],
)
def test_what_is_an_event(door, headers, body, status):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = door.post(content, headers)
    assert answer.status == status
    if status == 400:
        assert answer.json()["title"] == "Invalid CloudEvent" or "batch" in answer.json()["detail"]


def test_a_header_twice_is_400(door):
    headers = [*EVENT.items(), ("ce-id", "2")]
    assert ask(door.port, "POST", "/default/default", b"", headers).status == 400


def test_of_two_modes_the_content_type_says_which(served):
    structured(served, {**DOCUMENT, "id": "in the body"}, **{"ce-id": "in a header"})
    assert served.subscriber.wait(2)[0].attributes()["id"] == "in%20the%20body"


def test_a_batch_is_taken_where_that_is_said(tmp_path):
    with served_events(tmp_path, "triggers: {t: {function: hello}}", accepts_batches=True) as on:
        content = json.dumps([{**DOCUMENT, "id": str(n)} for n in range(3)]).encode()
        headers = {"content-type": "application/cloudevents-batch+json"}
        assert on.post(content, headers).status == 202
        assert {each.attributes()["id"] for each in on.subscriber.wait(3)} == {"0", "1", "2"}
        assert on.post(b"[]", headers).status == 202


@pytest.mark.parametrize(
    ("said", "status"),
    [("255", 202), ("2", 202), ("1", 400), ("0", 400), ("-5", 400), ("many", 202)],
)
def test_an_event_that_may_pass_no_more_brokers_is_400(door, said, status):
    assert door.post(knativebrokerttl=said).status == status
    assert structured(door, {**DOCUMENT, "knativebrokerttl": said}).status == status


def test_a_long_event_is_taken_and_a_longer_one_refused(served):
    body = bytes(range(256)) * 8192
    assert served.post(body, {**EVENT, "content-type": "application/thrift"}).status == 202
    assert served.subscriber.wait(2)[0].body == body
    assert served.post(b"x" * (10 * 1024 * 1024)).status == 202
    assert served.post(b"x" * (10 * 1024 * 1024 + 1)).status == 413


def test_one_who_is_full_says_so(tmp_path):
    yaml = "triggers: {t: {function: missing, delivery: {retry: 1000, delay: 1h}}}"
    with served_events(tmp_path, yaml, bounds=Bounds(pending_messages=2)) as on:
        statuses = [on.post().status for _ in range(5)]
        assert statuses[:2] == [202, 202]
        assert statuses[-1] == 429


tokens = st.text("!#$%&'*+-.^_`|~abcXYZ019", min_size=1, max_size=12)
values = st.binary(max_size=30).map(
    lambda raw: bytes(b for b in raw if b == 9 or (b >= 32 and b != 127)).strip()
)


@settings(deadline=None)
@given(
    st.sampled_from(["POST", "POST", "OPTIONS", "GET", "PURGE"]),
    st.one_of(
        st.just("/default/default"),
        st.text("abc/%20.~?=&;", max_size=20).map(lambda text: "/" + text),
    ),
    st.lists(
        st.tuples(
            st.one_of(tokens, tokens.map(lambda name: f"ce-{name}"), st.sampled_from([*EVENT])),
            values,
        ),
        max_size=8,
    ),
    st.one_of(st.binary(max_size=60), st.just(json.dumps(DOCUMENT).encode())),
    st.sampled_from([None, "application/cloudevents+json", "application/cloudevents-batch+json"]),
)
def test_whatever_is_sent_is_the_callers_fault(door, method, path, headers, body, content_type):
    given = [(name, value) for name, value in headers if name.lower() not in FRAMING]
    given += [("content-type", content_type)] if content_type else []
    answer = ask(door.port, method, path, body, given)
    assert answer.status < 500 or answer.status == 501, answer.body
    assert b"Traceback" not in answer.body
