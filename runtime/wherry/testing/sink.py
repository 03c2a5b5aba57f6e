"""A sink on a free port of this machine, for functions that run behind the real server.

It keeps what it gets and answers as it is told. This module must not know handlers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast, final

from wherry.cloudevents import CloudEvent
from wherry.testing.delivery import ACCEPTED, Delivery

_POLL_S = 0.01
_BACKLOG = 128


@final
class Sink:
    """A real sink, for `K_SINK`: `with Sink() as sink: running(folder, K_SINK=sink.url)`.

    A request that is no valid event is answered with 400, whatever `statuses` say.

    Attributes:
        url: Where it listens, `http://127.0.0.1:PORT/`.
        deliveries: Every request it got, in their order.
        statuses: What it answers next, one for each request, and then 202; may be changed.
        delay_s: Seconds that it waits before each answer; may be changed.
        encoding: How attributes stand in the headers it reads, `strict` or `knative`.
    """

    def __init__(
        self, *, statuses: Iterable[int] = (), delay_s: float = 0.0, encoding: str = "strict"
    ) -> None:
        self.statuses = list(statuses)
        self.delay_s = delay_s
        self.encoding = encoding
        self.deliveries: list[Delivery] = []
        self._arrived = threading.Condition()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,))
        self._thread.start()

    @property
    def events(self) -> list[CloudEvent]:
        """The events that it accepted, in their order."""
        return [event for each in self.deliveries if each.is_accepted for event in each.events]

    def wait(self, count: int = 1, *, timeout_s: float = 10.0) -> list[CloudEvent]:
        """Wait until it has accepted `count` events, and give all that it has accepted.

        Raises:
            AssertionError: They did not come in time; the message says what did.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.events) >= count, timeout_s):
                raise AssertionError(
                    f"expected {count} events within {timeout_s:g} s, got {self._told()}"
                )
            return self.events

    def clear(self) -> None:
        """Forget what it got, and answer with 202 at once from now on."""
        with self._arrived:
            self.deliveries.clear()
            self.statuses.clear()
            self.delay_s = 0.0

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, headers: list[tuple[str, str]], body: bytes, path: str) -> Delivery:
        """Keep one request, and decide its answer."""
        with self._arrived:
            status = self.statuses.pop(0) if self.statuses else ACCEPTED
            delivery = Delivery.of(headers, body, status=status, path=path, encoding=self.encoding)
            self.deliveries.append(delivery)
            self._arrived.notify_all()
            delay_s = self.delay_s
        time.sleep(delay_s)
        return delivery

    def _told(self) -> str:
        told = [
            f"{each.status} {each.fault or ', '.join(event.type for event in each.events)}"
            for each in self.deliveries
        ]
        return "; ".join(told) or "nothing"

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = _BACKLOG

    def __init__(self, sink: Sink) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.sink = sink

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a caller that hangs up is its own affair."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Read a delivery, and answer it."""
        body = self._body()
        sink = cast("_Server", self.server).sink
        delivery = sink.take(list(self.headers.items()), body, self.path)
        self.send_response(delivery.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return body

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Nothing: the sink keeps what it got."""
