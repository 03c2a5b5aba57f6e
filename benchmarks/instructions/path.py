"""The path of a request in one thread: bytes, Connection, Engine, handler, bytes; no kernel.

Usage: python -m benchmarks.instructions.path WARM COUNT
Each workload is answered WARM times, then COUNT times between two marks, which callgrind takes as
the borders of what it counts. It knows how Wherry is put together and nothing of counting.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from wherry.access_log import AccessLog
from wherry.config import Config
from wherry.lifecycle import Event, Lifecycle
from wherry.metrics import Ledger
from wherry.serving.connection import Connection
from wherry.serving.driver import Job
from wherry.serving.edge import Edge
from wherry.serving.functions import Functions
from wherry.serving.mounts import load_mounts

_HANDLERS = Path(__file__).with_name("handlers.py")


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """One workload: what is sent, to which handler, and what its answer must hold."""

    name: str
    handler: str
    request: bytes
    expected: bytes


def _request(line: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    fields = {"Host": "127.0.0.1:8080", **headers}
    if body:
        fields["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{line} HTTP/1.1\r\n{head}\r\n".encode() + body


_DATA = b'{"order": "A-1042", "parts": [19, 23], "total": 42}'  # as Python writes it
_ATTRIBUTES = {
    "specversion": "1.0",
    "id": "b5e4ad2e-9d84-4f2c-8f3c-b0e9f1a2c3d4",
    "type": "com.acme.order.placed",
    "source": "https://acme.example/shop",
    "time": "2026-03-01T12:00:00Z",
}
_JSON = {"Content-Type": "application/json"}
_MEMBERS = "".join(f'"{name}": "{value}", ' for name, value in _ATTRIBUTES.items())

WORKLOADS = (
    Exchanged(
        name="http",
        handler="text",
        request=_request("GET /greet?name=wherry", {}),
        expected=b"hello wherry\n",
    ),
    Exchanged(
        name="event-binary",
        handler="echo",
        request=_request(
            "POST /", {f"ce-{name}": value for name, value in _ATTRIBUTES.items()} | _JSON, _DATA
        ),
        expected=_DATA,
    ),
    Exchanged(
        name="event-structured",
        handler="echo",
        request=_request(
            "POST /",
            {"Content-Type": "application/cloudevents+json"},
            b"{" + _MEMBERS.encode() + b'"data": ' + _DATA + b"}",
        ),
        expected=b'"total": 42',
    ),
    Exchanged(
        name="typed",
        handler="typed",
        request=_request("POST /quote", _JSON, b'{"weight_g":1200,"to":"Lima"}'),
        expected=b'{"pence":2400}',
    ),
)


class WrongAnswer(Exception):  # noqa: N818 - what it is, as in the serving benchmark
    """The path does not answer as it should, so that its instructions mean nothing."""


class _Socket:
    """Gives one request at each turn and keeps the last answer."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.has_request = False
        self.answer = b""

    def fileno(self) -> int:
        return -1

    def recv_into(self, buffer: bytearray) -> int:
        if not self.has_request:
            raise BlockingIOError
        self.has_request = False
        buffer[: len(self._request)] = self._request
        return len(self._request)

    def send(self, sent: bytes) -> int:
        self.answer = sent
        return len(sent)


class _Driver:
    """Gathers calls as the leader does; whoever gives the turn runs them in this thread."""

    waiting = 0
    on_loop = False

    def __init__(self) -> None:
        self.jobs: deque[Job] = deque()

    def post(self, what: Callable[..., object], *args: Any) -> None:
        what(*args)

    def submit(self, job: Job) -> None:
        self.jobs.append(job)


class _Poller:
    """Nothing is ever polled."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


def turn(workload: Exchanged, descriptor: int) -> Callable[[], bytes]:
    """A server of `workload` with its defaults; what is returned answers one request.

    `descriptor` takes the access log.
    """
    config = Config(handler=f"{_HANDLERS}:{workload.handler}")
    ledger, lifecycle, driver = Ledger(), Lifecycle(), _Driver()
    lifecycle.on(Event.STARTED)
    functions = Functions(
        load_mounts(config),
        config,
        loop=None,
        lifecycle=lifecycle,
        ledger=ledger,
        access_log=AccessLog(json=True, descriptor=descriptor),
    )
    edge = Edge(cast("Any", driver), cast("Any", _Poller()), functions.limits, functions.service)
    functions.connect(edge)
    sock, shard = _Socket(workload.request), ledger.shard()
    connection = Connection(edge, cast("Any", sock), "127.0.0.1")

    def answer_one() -> bytes:
        sock.has_request = True
        connection.on_readable()
        job = driver.jobs.popleft()
        job.run(shard)
        job.answer(shard)
        return sock.answer

    return answer_one


def mark() -> None:
    """A call that nothing else makes, which callgrind knows by the name of its C function."""
    os.getloadavg()


def run(warm: int, count: int) -> None:
    """Answer every workload `warm` times, then `count` times between two marks.

    Raises:
        WrongAnswer: An answer is not what it should be.
    """
    descriptor = os.open(os.devnull, os.O_WRONLY)
    turns = {each: turn(each, descriptor) for each in WORKLOADS}
    for workload, answer_one in turns.items():
        for _ in range(warm):
            answer_one()
        answer = answer_one()
        if not answer.startswith(b"HTTP/1.1 200 ") or workload.expected not in answer:
            raise WrongAnswer(f"{workload.name}: got {answer[:300]!r}")
    gc.collect()
    gc.freeze()  # as the server does before it listens
    for answer_one in turns.values():
        answer_one()
        gc.collect()  # each begins with the collector's counters at nought
        mark()
        for _ in range(count):
            answer_one()
        mark()
    os.close(descriptor)


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]))
