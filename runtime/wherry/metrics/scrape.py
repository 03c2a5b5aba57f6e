"""The WSGI side of the metrics port, imported at the first scrape."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

if TYPE_CHECKING:
    from wherry.metrics.exposition import Exposition

_SLOW_S = 5


class _Quiet(WSGIRequestHandler):
    """No line for each scrape, and no patience with a slow one."""

    timeout = _SLOW_S

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
        """Scrapes are not logged."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scraper that goes away is no news."""


def make_server(sock: socket.socket, exposition: Exposition) -> WSGIServer:
    """A server on a socket that is already listening."""
    server = _Server(("127.0.0.1", 0), _Quiet, bind_and_activate=False)
    server.socket.close()
    server.socket = sock
    server.server_name, server.server_port = "metrics", 0
    server.setup_environ()

    def application(
        environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"metrics are at /metrics\n"]
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            start_response("405 Method Not Allowed", [("Allow", "GET, HEAD")])
            return [b""]
        content_type, text = exposition.render(environ.get("HTTP_ACCEPT", ""))
        start_response("200 OK", [("Content-Type", content_type)])
        return [text]

    server.set_app(application)
    return server
