"""CloudEvent functions as functions_framework's documentation writes them."""

import base64
import json

import pytest

from wherry import CloudEvent
from wherry.loader import load
from wherry.testing import invoke, invoke_event

PAID = CloudEvent(
    type="com.acme.paid",
    source="/till",
    id="7",
    subject="s",
    time="2026-01-02T03:04:05Z",
    data={"amount": 5},
    shop="3",
)


SOURCE = """
    import functions_framework
    from cloudevents.http.event import CloudEvent

    seen = []

    @functions_framework.cloud_event
    def store(cloud_event: CloudEvent) -> None:
        seen.append((type(cloud_event), dict(cloud_event.get_attributes()), cloud_event.data))
        return "what is returned is not looked at"
    """


@pytest.mark.parametrize("structured", [False, True])
def test_the_event_is_the_one_of_version_1(written, structured, seen_by):
    from cloudevents.v1.http import CloudEvent as MappingEvent

    handler = load(written(SOURCE))
    answer = invoke_event(handler, PAID, structured=structured)
    assert (answer.status, answer.text) == (200, "OK")
    ((kind, attributes, data),) = seen_by(handler)
    assert kind is MappingEvent
    assert data == {"amount": 5}
    assert attributes.pop("datacontenttype", "application/json") == "application/json"
    assert attributes == {
        "type": "com.acme.paid",
        "source": "/till",
        "id": "7",
        "subject": "s",
        "time": "2026-01-02T03:04:05Z",
        "specversion": "1.0",
        "shop": "3",
    }


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/json", b'"text"', "text"),
        ("text/plain", b"text", b"text"),
        ("text/plain", b"12", 12),
        ("text/plain", b'{"a": 1}', {"a": 1}),
        ("application/octet-stream", b"\x00\xff", b"\x00\xff"),
        (None, b'{"a": 1}', {"a": 1}),
        (None, b"not json", b"not json"),
        (None, b"", None),
    ],
)
def test_data_is_what_version_1_makes_of_it(written, content_type, body, data, seen_by):
    handler = load(written(SOURCE))
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/", "ce-type": "t"}
    if content_type:
        headers["content-type"] = content_type
    assert invoke(handler, method="POST", headers=headers, body=body).status == 200
    assert seen_by(handler)[0][2] == data

    from wherry.adapters import install

    install()
    from cloudevents.http import from_http

    assert from_http(headers, body).data == data


@pytest.mark.parametrize("value", ["text", "12", ["a"], None, 3.5, True])
def test_data_of_a_structured_event_is_its_json(written, value, seen_by):
    handler = load(written(SOURCE))
    document = {"specversion": "1.0", "id": "1", "source": "/", "type": "t", "data": value}
    answer = invoke(
        handler,
        method="POST",
        headers={"content-type": "application/cloudevents+json"},
        body=json.dumps(document).encode(),
    )
    assert answer.text == "OK"
    assert seen_by(handler)[0][2] == value


def test_data_in_base64_is_bytes_or_the_json_in_them(written, seen_by):
    handler = load(written(SOURCE))
    for raw, expected in ((b"\x00\xff", b"\x00\xff"), (b"[1]", [1])):
        document = {
            "specversion": "1.0",
            "id": "1",
            "source": "/",
            "type": "t",
            "datacontenttype": "application/octet-stream",
            "data_base64": base64.b64encode(raw).decode(),
        }
        invoke(
            handler,
            method="POST",
            headers={"content-type": "application/cloudevents+json"},
            body=json.dumps(document).encode(),
        )
        assert seen_by(handler)[-1][2] == expected


def test_each_event_of_a_batch_is_one_call(written, seen_by):
    from wherry.cloudevents import encode_batch

    handler = load(written(SOURCE))
    headers, body = encode_batch([PAID, CloudEvent(type="other", source="/")])
    fields = {name.decode(): value.decode() for name, value in headers}
    answer = invoke(handler, method="POST", headers=fields, body=body)
    assert (answer.status, answer.text) == (200, "OK")
    assert [attributes["type"] for _, attributes, _ in seen_by(handler)] == [
        "com.acme.paid",
        "other",
    ]


def test_a_bad_request_is_told_what_is_wrong_and_repeats_nothing(written, seen_by):
    handler = load(written(SOURCE))
    headers = {"ce-specversion": "1.0", "ce-id": "1", "authorization": "Bearer secret"}
    answer = invoke(handler, method="POST", headers=headers, body=b"hidden")
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text and "hidden" not in answer.text
    assert invoke(handler).status == 405
    assert seen_by(handler) == []


def test_its_own_error_is_not_the_senders(written):
    file = written(
        """
        import functions_framework

        @functions_framework.cloud_event
        def f(event):
            raise ValueError("of the function")
        """
    )
    with pytest.raises(ValueError, match="of the function"):
        invoke_event(load(file), PAID)


def test_it_loads_no_flask(written, loaded_modules):
    file = written(
        """
        import functions_framework

        @functions_framework.cloud_event
        def f(event): ...
        """
    )
    assert loaded_modules(file).isdisjoint({"flask", "werkzeug", "pydantic", "starlette"})
