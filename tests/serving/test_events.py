"""Events on the wire: the three modes, and a thousand hostile ones."""

from __future__ import annotations

import json
import random

import pytest

from wherry.testing import Running, running

from .conftest import FUNCTIONS, eventually, post

EVENT = {"specversion": "1.0", "id": "1", "type": "t", "source": "/s", "data": {"n": 1}}


@pytest.fixture(scope="module")
def function():
    with running(FUNCTIONS / "events.py") as served:
        yield served


def binary(**attributes: str) -> list[str]:
    given = {"Id": "1", "Specversion": "1.0", "Type": "t", "Source": "/s", **attributes}
    return [f"Ce-{name}: {value}" for name, value in given.items() if value is not None]


def test_binary_is_answered_in_binary(function: Running, wire):
    request = post("/", b'{"n":1}', *binary(), "Content-Type: application/json")
    status, headers, body = wire(function.port).send(request).answer()
    assert (status, body) == (200, b'{"n":1}')
    assert headers[b"ce-type"] == b"com.acme.order.accepted"
    assert headers[b"ce-id"] == b"r-1"


def test_structured_is_answered_structured(function: Running, wire):
    body = json.dumps(EVENT).encode()
    request = post("/", body, "Content-Type: application/cloudevents+json")
    status, headers, body = wire(function.port).send(request).answer()
    assert status == 200
    assert headers[b"content-type"].startswith(b"application/cloudevents+json")
    assert json.loads(body)["id"] == "r-1"


def test_batch_is_answered_as_a_batch(function: Running, wire):
    body = json.dumps([EVENT, {**EVENT, "id": "2"}]).encode()
    request = post("/", body, "Content-Type: application/cloudevents-batch+json")
    status, headers, body = wire(function.port).send(request).answer()
    assert status == 200
    assert headers[b"content-type"].startswith(b"application/cloudevents-batch+json")
    assert [event["id"] for event in json.loads(body)] == ["r-1", "r-2"]


@pytest.mark.parametrize("missing", ["Id", "Type", "Source", "Specversion"])
def test_a_fault_names_the_attribute(function: Running, wire, missing: str):
    request = post("/", b"", *binary(**{missing: None}))
    status, headers, body = wire(function.port).send(request).answer()
    assert (status, headers[b"content-type"]) == (400, b"application/problem+json")
    assert json.loads(body)["attribute"] == missing.lower()


def test_knatives_manner_leaves_percent_signs_alone(wire):
    with running(FUNCTIONS / "events.py", WHERRY_CE_HEADERS="knative") as function:
        request = post("/", b"", *binary(Id="a%20b"))
        assert wire(function.port).send(request).answer()[1][b"ce-id"] == b"r-a%20b"


def test_a_thousand_hostile_inputs_are_all_the_callers_fault(function: Running, wire):
    chance = random.Random(14)
    seen = set()
    for _ in range(1000):
        connection = wire(function.port)
        status = connection.send(hostile(chance)).answer()[0]
        seen.add(status)
        connection.close()
        assert status == 200 or 400 <= status < 500, status
    assert 400 in seen
    eventually(lambda: "POST" in function.log)
    assert "Traceback" not in function.log


def hostile(chance: random.Random) -> bytes:
    """A request that is valid HTTP and, nearly always, no valid event."""
    ways = [mangled_json, deep, wrong_types, mangled_headers, noise]
    return chance.choice(ways)(chance)


def mangled_json(chance: random.Random) -> bytes:
    text = bytearray(json.dumps(EVENT).encode())
    for _ in range(chance.randint(1, 6)):
        text[chance.randrange(len(text))] = chance.randrange(256)
    return post("/", bytes(text), "Content-Type: application/cloudevents+json")


def deep(chance: random.Random) -> bytes:
    mark = chance.choice([b"[", b'{"a":'])
    body = b'{"specversion":"1.0","id":"1","type":"t","source":"s","data":' + mark * 50_000
    kind = chance.choice(["cloudevents+json", "cloudevents-batch+json", "json"])
    return post("/", body, f"Content-Type: application/{kind}", *binary()[: chance.randint(0, 4)])


def wrong_types(chance: random.Random) -> bytes:
    odd = [None, 1.0, 10**400, [], {}, "", "\ud800", True, "a\r\nb", float("nan"), "x" * 70_000]
    event = dict(EVENT)
    for name in chance.sample([*EVENT, "time", "ext", "data_base64"], 3):
        event[name] = chance.choice(odd)
    body = json.dumps(event).encode()
    if chance.random() < 0.3:
        body = body.decode().encode(chance.choice(["utf-16", "utf-8-sig", "latin-1"]))
    return post("/", body, "Content-Type: application/cloudevents+json")


def mangled_headers(chance: random.Random) -> bytes:
    odd = ["", "%", "%c0%a0", "%0d%0aX: y", '"', '"a\\', "é", "a" * 5000, "19.0", "%ED%A0%80"]
    lines = binary(**{chance.choice(["Id", "Type", "Source", "Time"]): chance.choice(odd)})
    lines += chance.choice([[], ["ce-id: 2"], ["ce-a_b: 1"], ["ce-datacontenttype: a/b"]])
    return post("/", b"{", *lines, "Content-Type: application/json")


def noise(chance: random.Random) -> bytes:
    kinds = ["cloudevents+json", "cloudevents+avro", "cloudevents-batch+json", "octet-stream"]
    body = chance.randbytes(chance.randint(0, 300))
    return post("/", body, f"Content-Type: application/{chance.choice(kinds)}")
