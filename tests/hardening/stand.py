"""The server without a network: its own edge, parser and engine over sockets made of lists.

Tens of thousands of connections a second instead of hundreds, so that a million hostile inputs can
be tried. Turns are given by hand, in one thread. What a caller would see is `Seen.statuses`; what
must never happen is a `Finding`.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from wherry.config import Config
from wherry.handler import of
from wherry.lifecycle import Event, Lifecycle
from wherry.metrics import Ledger
from wherry.serving.connection import Connection
from wherry.serving.driver import Job
from wherry.serving.edge import Edge
from wherry.serving.engine import Engine
from wherry.serving.limits import Limits

ALLOWED_5XX = frozenset({501, 505})
_STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [ -~]*\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: ([0-9]+)\r\n")
_FOREVER = float("inf")


class Finding(AssertionError):  # noqa: N818 - what a fuzzer finds is called so
    """Something that must never happen, whatever the bytes."""


class Seen(NamedTuple):
    """What one connection led to.

    Attributes:
        statuses: Statuses of the answers, in order.
        calls: What the handler was called with.
    """

    statuses: list[int]
    calls: list[Any]


class ListSocket:
    """A socket whose incoming bytes are a list and whose outgoing ones are joined."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.incoming: deque[bytes] = deque()
        self.ended = False
        self.sent = bytearray()
        self.closed = False

    def fileno(self) -> int:
        return self._descriptor

    def recv_into(self, buffer: bytearray) -> int:
        if self.incoming:
            data = self.incoming.popleft()
            if len(data) > len(buffer):
                self.incoming.appendleft(data[len(buffer) :])
                data = data[: len(buffer)]
            buffer[: len(data)] = data
            return len(data)
        if self.ended:
            return 0
        raise BlockingIOError

    def send(self, data: bytes) -> int:
        self.sent += data
        return len(data)

    def shutdown(self, how: int) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class NoPoller:
    """Nothing to watch: whoever gives bytes also gives the turn."""

    def add(self, what: object) -> None:
        pass

    def remove(self, what: object) -> None:
        pass

    def pause(self, what: object) -> None:
        pass

    def resume(self, what: object) -> None:
        pass

    def want_write(self, what: object) -> None:
        pass


class ByHand:
    """A driver that does what was posted or submitted when it is told to."""

    on_loop = False
    waiting = 0

    def __init__(self, ledger: Ledger) -> None:
        self._shard = ledger.shard()
        self._due: deque[Callable[[], object]] = deque()

    def post(self, what: Callable[..., object], *args: Any) -> None:
        self._due.append(lambda: what(*args))

    def submit(self, job: Job) -> None:
        self._due += (lambda: job.run(self._shard), lambda: job.answer(self._shard))

    def settle(self) -> None:
        while self._due:
            self._due.popleft()()


class Records(logging.Handler):
    """What the server complained of; a traceback in its log is a finding."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class Stand:
    """A server for one sync handler; made by `stand`, on a running event loop."""

    def __init__(self, handler: Callable[..., Any], calls: list[Any], log: Records) -> None:
        config = Config(limit_body_bytes=20_000)
        limits = Limits.of(config, is_async=False)
        lifecycle = Lifecycle()
        lifecycle.on(Event.STARTED)
        self.ledger = Ledger()
        self.calls = calls
        self.log = log
        self.driver = ByHand(self.ledger)
        self.engine = Engine(
            of(handler), config, limits, lifecycle=lifecycle, ledger=self.ledger, access_log=None
        )
        self.edge = Edge(self.driver, NoPoller(), limits, self.engine)
        self.engine.connect(self.edge)
        self._descriptor = 1000

    def feed(self, pieces: list[bytes]) -> Seen:
        """One connection from its first byte to its end; Finding where something went wrong."""
        self._descriptor += 1
        sock = ListSocket(self._descriptor)
        connection = Connection(self.edge, sock, "192.0.2.1")
        self.edge.connections.add(connection)
        self.calls.clear()
        for piece in pieces:
            sock.incoming.append(piece)
            connection.on_readable()
            self.driver.settle()
        sock.ended = True
        connection.on_readable(True)
        self.driver.settle()
        self._check_end(connection, sock)
        return Seen(self._check_answers(bytes(sock.sent)), list(self.calls))

    def _check_end(self, connection: Connection, sock: ListSocket) -> None:
        if not sock.closed:
            raise Finding("the connection is still open after its other end has gone")
        if self.edge.connections or self.engine.admitted or self.engine.unanswered:
            raise Finding("something of the connection was left behind")
        if self.log.records:
            record = self.log.records.pop()
            raise Finding(f"logged: {record.getMessage()}") from (record.exc_info or (0, None))[1]

    @staticmethod
    def _check_answers(data: bytes) -> list[int]:
        """The statuses of well-formed answers, one after the other with nothing between."""
        found, at = [], 0
        while at < len(data):
            line = _STATUS.match(data, at)
            end = data.find(b"\r\n\r\n", at)
            if line is None or end < 0:
                raise Finding(f"not an answer: {data[at : at + 80]!r}")
            status = int(line[1])
            found.append(status)
            length = _LENGTH.search(data, at, end + 2)
            at = end + 4
            if status >= 500 and status not in ALLOWED_5XX:
                raise Finding(f"answered {status}")
            is_head = data[at : at + 9] == b"HTTP/1.1 " or at == len(data)
            if length is not None and not is_head:
                at += int(length[1])
        return found


@contextmanager
def stand(handler: Callable[..., Any], calls: list[Any]) -> Iterator[Stand]:
    """A stand for `handler`, which notes in `calls` what it is called with."""
    log = Records()
    logger = logging.getLogger("wherry")
    logger.addHandler(log)
    loop = asyncio.new_event_loop()

    async def made() -> Stand:
        return Stand(handler, calls, log)

    try:
        yield loop.run_until_complete(made())
    finally:
        loop.close()
        logger.removeHandler(log)
