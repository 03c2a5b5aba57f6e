"""The requests of well-behaved clients, each with the answer that is right: values, no I/O.

Wrong input of an honest kind is among them (an unknown path, an event of another type, JSON that is
none): it has an exact answer, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks.soak.functions import CHUNK, CHUNKS

EVENT_TYPE = "com.example.soak"
PROBES = ("/_/health", "/_/ready", "/health/liveness", "/health/readiness", "/livez", "/readyz")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_KIB = 1024
_STRUCTURED = "application/cloudevents+json"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request and its answer.

    Attributes:
        kind: Name of its kind, in the counts.
        data: The bytes to send.
        status: The status that is right.
        holds: What the body of the answer must hold.
        is_head: Whether the answer has no body whatever it says.
        is_quick: Whether its time is one that tells of the server rather than of the function.
    """

    kind: str
    data: bytes
    status: int = 200
    holds: bytes = b""
    is_head: bool = False
    is_quick: bool = True


def message(method: str, target: str, body: bytes = b"", **fields: str) -> bytes:
    """A request as bytes; `_` in the name of a field stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    if body or method not in {"GET", "HEAD"}:
        named["content-length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", "host: soak.example"]
    lines += [f"{name}: {value}" for name, value in named.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _text(chance: Random) -> Request:
    name = f"n{chance.randrange(10**6)}"
    data = message("GET", f"/text?name={name}")
    return Request(kind="text", data=data, holds=f"hello {name}".encode())


def _method(chance: Random) -> Request:
    method = chance.choice(METHODS)
    data = message(method, f"/text/{chance.randrange(10**6):x}")
    is_head = method == "HEAD"
    return Request(
        kind="method", data=data, holds=b"" if is_head else b"hello world", is_head=is_head
    )


def _path(chance: Random) -> Request:
    data = message("GET", f"/nowhere/{chance.randrange(10**9):x}")
    return Request(kind="unknown path", data=data, status=404, holds=b'"status":404')


def _typed(chance: Random) -> Request:
    number = chance.randrange(10**6)
    items = ["oar"] * chance.randrange(1, 9)
    wanted = {"id": number, "count": len(items)}
    return Request(
        kind="typed",
        data=_json("/typed", json.dumps({"id": number, "items": items})),
        holds=json.dumps(wanted, separators=(",", ":")).encode(),
    )


def _json(target: str, body: str) -> bytes:
    return message("POST", target, body.encode(), content_type="application/json")


def _wrong_json(chance: Random) -> Request:
    body, status = chance.choice([("{", 400), ('{"id":"x","items":[]}', 422), ("[1]", 422)])
    return Request(kind="wrong JSON", data=_json("/typed", body), status=status)


def _event(chance: Random) -> Request:
    body = json.dumps({"n": chance.randrange(10**9)})
    data = message(
        "POST", "/", body.encode(), **_attributes(chance), content_type="application/json"
    )
    return Request(kind="event, binary", data=data, holds=body.encode())


def _attributes(chance: Random, kind: str = EVENT_TYPE) -> dict[str, str]:
    return {
        "ce_specversion": "1.0",
        "ce_id": f"{chance.randrange(10**12):x}",
        "ce_source": "/soak",
        "ce_type": kind,
    }


def _structured(chance: Random) -> Request:
    attributes = {name[3:]: value for name, value in _attributes(chance).items()}
    body = json.dumps({**attributes, "data": {"n": chance.randrange(10**9)}})
    data = message("POST", "/echo", body.encode(), content_type=_STRUCTURED)
    return Request(kind="event, structured", data=data, holds=attributes["id"].encode())


def _other_type(chance: Random) -> Request:
    attributes = _attributes(chance, f"com.example.t{chance.randrange(10**6)}")
    data = message("POST", "/", b"{}", **attributes, content_type="application/json")
    return Request(kind="event of no type", data=data, status=422)


def _wrong_event(chance: Random) -> Request:
    wrong = chance.choice([{"ce_specversion": "9"}, {"ce_id": ""}, {"ce_source": "a%0d%0ab"}])
    data = message("POST", "/", b"x", **{**_attributes(chance), **wrong})
    return Request(kind="wrong event", data=data, status=400)


def _async(chance: Random) -> Request:
    data = message("GET", f"/async?n={chance.randrange(10**6)}")
    return Request(kind="async", data=data, holds=b"later", is_quick=False)


def _fails(chance: Random) -> Request:
    data = message("GET", f"/fails?id={chance.randrange(10**6)}")
    return Request(kind="raises", data=data, status=500, holds=b'"status":500')


def _blocking(chance: Random) -> Request:
    data = message("GET", f"/blocking?ms={chance.randrange(20, 51)}")
    return Request(kind="blocking", data=data, holds=b"waited", is_quick=False)


def _stream(chance: Random) -> Request:
    data = message("GET", f"/stream?n={chance.randrange(10**6)}")
    return Request(kind="stream", data=data, holds=CHUNK * CHUNKS, is_quick=False)


def _body(kind: str, size_bytes: int) -> Callable[[Random], Request]:
    def made(chance: Random) -> Request:
        body = chance.randbytes(64) * (size_bytes // 64)
        data = message("POST", "/body", body, content_type="application/octet-stream")
        return Request(kind=kind, data=data, holds=body, is_quick=False)

    return made


MIX: dict[Callable[[Random], Request], float] = {
    _text: 30,
    _method: 6,
    _path: 4,
    _typed: 12,
    _wrong_json: 3,
    _event: 12,
    _structured: 10,
    _other_type: 3,
    _wrong_event: 3,
    _async: 8,
    _fails: 2,
    _blocking: 4,
    _stream: 4,
    _body("1 KiB", _KIB): 8,
    _body("1 MiB", _KIB * _KIB): 0.5,
}
"""Makers of requests, and how often each is asked for."""


def drawn(chance: Random) -> Request:
    """One of the mix."""
    return chance.choices(list(MIX), weights=list(MIX.values()))[0](chance)


def every(chance: Random) -> list[Request]:
    """One of each kind, and of each method: whatever is made at first use is made by these."""
    methods = [
        Request(kind="method", data=message(each, "/text"), is_head=each == "HEAD")
        for each in METHODS
    ]
    return [*(make(chance) for make in MIX), *methods]


def probe(chance: Random) -> Request:
    """What a platform asks."""
    return Request(kind="probe", data=message("GET", chance.choice(PROBES)))
