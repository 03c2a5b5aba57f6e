"""Many messages that may or may not be CloudEvents, against the codec.

    python -m tests.hardening.event_inputs --count 500000
    python -m tests.hardening.event_inputs --seed 1 --only 4711

For each input: events or a refusal with a 4xx of plain text, nothing else; and an event that was
taken is written and read again as the same event, in every mode that can carry it.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import time
from collections import Counter
from random import Random
from typing import Any, NamedTuple

from wherry import events
from wherry.cloudevents import (
    CloudEvent,
    InvalidEvent,
    decode,
    encode_batch,
    encode_binary,
    encode_structured,
)
from wherry.cloudevents.headers import HeaderEncoding
from wherry.context import Context, Identity
from wherry.deadline import Deadline
from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry.request import Request

from .stand import Finding

_NAMES = ["id", "source", "type", "specversion", "subject", "time", "dataschema", "myext", "x1"]
_ODD_NAMES = ["", "Data", "data", "my-ext", "my_ext", "datacontenttype", "é", "a" * 300, "ID", "0"]
_VALUES: list[Any] = [
    "1", "/s", "com.acme.t", "a b", "1.0", "0.3", "2.0", "", " ", "ä", "\U0001f600", "%41", "%",
    "%zz", "a%0d%0ab", "%ff", '"q"', '"q', "\\", "x" * 70_000, "2024-02-30T00:00:00Z", "\u2028",
    "2024-02-29T23:59:60Z",
    "2024-01-01T00:00:00.123456789+01:00", "0000-01-01T00:00:00Z", "\ufffe", "\ud800", "\0", "\x7f",
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59",
]  # fmt: skip
_TYPED_VALUES: list[Any] = [*_VALUES, None, True, 1, -1, 2**31, 1.5, [], {}, {"a": 1}, 10**30]
_DATA: list[Any] = [
    "text", "", 0, -0.0, 1e308, None, True, [], {}, {"a": [1, {"b": None}]}, "é\u2028", 2**63,
    2**64, 10**400, [[]], "\ud800", {"": ""}, {"a": 1, "b": [1.0, 1e5]},
]  # fmt: skip
_TYPES = [
    "application/json", "text/plain", "application/octet-stream", "application/json; charset=utf-8",
    "text/xml; charset=iso-8859-1", "application/x+json", None, "application/cloudevents+json",
    "application/cloudevents+json; charset=UTF-8", "application/cloudevents-batch+json",
    "APPLICATION/CLOUDEVENTS+JSON", "application/cloudevents+xml", "application/cloudevents",
    "text/plain; charset=utf-16", "application/json; charset=latin1", "", ";", "a\xff", "text/",
    "application/cloudevents+json; charset=utf-16", 'text/plain;charset="windows-1252"', "json",
]  # fmt: skip
_TOKENS = [
    b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\\u0000", b"\\ud800", b"NaN", b"Infinity",
    b"-", b"1e999", b"9" * 5_000, b"\xff", b"\xc3", b"\0", b"null", b"true", b'"data":',
    b"\xef\xbb\xbf", b'"id":"2",', b"[" * 70, b'{"a":' * 70, b"\n", b"\t", b"1" * 20,
    b'"data_base64":"AA==",',
]  # fmt: skip
_ENCODINGS = tuple(each.value for each in HeaderEncoding)
_CONTEXT = Context(call_id="f", deadline=Deadline(float("inf")), identity=Identity(function="f"))


class Message(NamedTuple):
    """One HTTP message, as the server hands it to the codec."""

    headers: list[tuple[bytes, bytes]]
    body: bytes
    encoding: str


class Report(NamedTuple):
    """What a run came to."""

    inputs: int
    seconds: float
    outcomes: Counter[str]


def event_input(seed: int, number: int) -> Message:
    """The same message for the same numbers."""
    chance = Random(f"{seed}:{number}")
    how = chance.random()
    headers: list[tuple[bytes, bytes]] = []
    if how < 0.45:
        content_type = chance.choice(_TYPES[:7] if chance.random() < 0.9 else _TYPES)
        headers = _ce_headers(chance)
        body = chance.choice([b"", b"{}", b'{"a":1}', b"text", b"\xff\xfe", b"[1,2]", b"NaN"])
    else:
        batch = how > 0.8
        usual = f"application/cloudevents{'-batch' if batch else ''}+json"
        content_type = usual if chance.random() < 0.95 else chance.choice(_TYPES)
        documents = [_document(chance) for _ in range(chance.choice([0, 1, 2, 3]) if batch else 1)]
        body = _written(documents if batch else documents[0], chance)
        if chance.random() < 0.05:
            headers = _ce_headers(chance)
    if content_type is not None:
        headers.append((b"Content-Type", content_type.encode("latin-1")))
    for _ in range(chance.choice([0, 0, 0, 0, 0, 1, 2, 4])):
        body = _mutated(chance, body)
    return Message(headers, body, chance.choice(_ENCODINGS))


def _attributes(chance: Random, values: list[Any]) -> dict[str, Any]:
    found = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
    if chance.random() < 0.1:
        found["specversion"] = "0.3"
    for _ in range(chance.choice([0, 1, 1, 2, 3])):
        name = chance.choice(_ODD_NAMES if chance.random() < 0.15 else _NAMES)
        found[name] = chance.choice(values)
    if chance.random() < 0.05:
        found.pop(chance.choice(list(found)))
    return found


def _ce_headers(chance: Random) -> list[tuple[bytes, bytes]]:
    found = []
    for name, value in _attributes(chance, _VALUES).items():
        encoded = value.encode("utf-8", "surrogatepass")
        if chance.random() < 0.1:
            encoded = b"".join(b"%%%02x" % byte for byte in encoded[:200])
        # The server has refused what no header can hold, and cut blanks off.
        encoded = bytes(byte for byte in encoded if byte >= 32 or byte == 9).strip(b" \t")
        prefix = chance.choice([b"ce-", b"ce-", b"ce-", b"Ce-", b"CE-"])
        found.append((prefix + name.encode("utf-8"), encoded))
    if chance.random() < 0.03:
        found.append(found[0])
    return found


def _document(chance: Random) -> dict[str, Any]:
    document = _attributes(chance, _TYPED_VALUES)
    if chance.random() < 0.6:
        document["data"] = chance.choice(_DATA)
    if chance.random() < 0.15:
        raw = base64.b64encode(bytes(range(chance.randrange(40)))).decode()
        document["data_base64"] = raw if chance.random() < 0.7 else chance.choice(["!", 1, raw[1:]])
    if chance.random() < 0.4:
        document["datacontenttype"] = chance.choice(_TYPES)
    return document


def _written(value: Any, chance: Random) -> bytes:
    text = json.dumps(value, ensure_ascii=chance.random() < 0.7)
    return text.encode("utf-8", "surrogatepass")


def _mutated(chance: Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    kind = chance.randrange(4)
    if kind == 0:
        return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + chance.choice(_TOKENS) + data[at:]
    if kind == 2:
        return data[:at] + data[at + chance.choice([1, 3, 10]) :]
    return data[:at] + data[max(0, at - 9) :]


def check(message: Message) -> str:
    """What became of the message; Finding where it is neither events nor a refusal."""
    request = _request(message)
    try:
        arrival, found = events.read(request, frozenset(), message.encoding)
    except RequestRefused as refusal:
        _check_refusal(refusal.problem)
        return str(refusal.problem.status)
    for event in found:
        _check_echo(event, request, arrival)
        _check_other_modes(event)
    if found:
        again = decode(*encode_batch(found))
        if again != found:
            raise Finding(f"{found} came back from a batch as {again}")
    return f"{len(found)} events"


def _check_refusal(problem: Problem) -> None:
    if not 400 <= problem.status < 500:
        raise Finding(f"refused with {problem.status}")
    if not problem.detail.isascii() or not problem.detail.isprintable():
        raise Finding(f"a refusal that is not plain text: {problem.detail!r}")
    if len(problem.detail) > 500:
        raise Finding(f"a refusal of {len(problem.detail)} characters")


def _request(message: Message) -> Request:
    """As the server makes it of the header fields."""
    attributes: dict[str, str] = {}
    repeated = content_type = None
    for name, value in message.headers:
        lower = name.lower()
        if lower.startswith(b"ce-"):
            attribute = lower[3:].decode("latin-1")
            repeated = attribute if attribute in attributes else repeated
            attributes[attribute] = value.decode("latin-1")
        else:
            content_type = value.decode("latin-1")
    return Request(
        method="POST",
        path="/",
        query="",
        headers=message.headers,
        body=message.body,
        context=_CONTEXT,
        content_type=content_type,
        event_attributes=attributes or None,
        repeated_attribute=repeated,
    )


def _check_echo(event: CloudEvent, request: Request, arrival: events.Arrival) -> None:
    """What came can be sent back as it came, and is the same event then."""
    reply = events.of_event(event, request, arrival)
    assert isinstance(reply.body, bytes)
    again = decode(reply.headers, reply.body, encoding=arrival.encoding)
    if again not in (event, [event]):
        raise Finding(f"{event} {event.data!r} came back as {again}")


def _check_other_modes(event: CloudEvent) -> None:
    """In the other modes, where they can carry it: the same attributes, the same bytes of data."""
    again = decode(*encode_structured(event))
    if not isinstance(again, CloudEvent) or again.get_attributes() != event.get_attributes():
        raise Finding(f"{event} came back from structured mode as {again}")
    try:
        headers, body = encode_binary(event)
    except InvalidEvent:
        return
    again = decode(headers, body)
    if not isinstance(again, CloudEvent) or (again.data_bytes or b"") != (event.data_bytes or b""):
        raise Finding(f"{event} {event.data_bytes!r} came back from binary mode as {again}")
    sent = {name: _text(value) for name, value in event.wire_attributes().items()}
    got = dict(again.wire_attributes())
    if "datacontenttype" not in sent:  # JSON is declared where nothing was
        got.pop("datacontenttype", None)
    if sent != got:
        raise Finding(f"{event} came back from binary mode as {again}")


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def run(seed: int, count: int) -> Report:
    """Try the first `count` inputs of a seed.

    Raises:
        Finding: Names the input by its seed and number.
    """
    began = time.monotonic()
    outcomes: Counter[str] = Counter()
    number = 0
    try:
        for number in range(count):
            outcomes[check(event_input(seed, number))] += 1
    except Exception as error:
        raise Finding(f"seed {seed} input {number}: {error!r}") from error
    return Report(count, time.monotonic() - began, outcomes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="show and try this input alone")
    options = parser.parse_args()
    if options.only is not None:
        print(event_input(options.seed, options.only))
        print(check(event_input(options.seed, options.only)))
        return 0
    report = run(options.seed, options.count)
    outcomes = dict(sorted(report.outcomes.items()))
    print(f"{report.inputs} inputs in {report.seconds:.1f} s: {outcomes}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
