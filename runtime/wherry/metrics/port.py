"""The metrics port: `GET /metrics`, apart from the function's own port.

Nothing is imported and no thread runs until the first scraper connects; then the standard
library's WSGI server answers in a thread of its own, so a scrape is answered whatever handlers do.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socketserver import BaseServer

    from wherry.context import Identity
    from wherry.metrics.exposition import Reading


class MetricsPort:
    """Serves a reading on a listening socket that other workers may share."""

    def __init__(
        self,
        sock: socket.socket,
        reading: Reading,
        identity: Identity,
        functions: Sequence[str] = (),
    ) -> None:
        self._sock = sock
        self._functions = functions
        self._reading = reading
        self._identity = identity
        self._server: BaseServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for the first scraper."""
        self._loop = loop
        self._sock.setblocking(False)
        loop.add_reader(self._sock.fileno(), self._first)

    def close(self) -> None:
        """Stop answering."""
        if self._server is not None:
            self._server.shutdown()
        elif self._loop is not None:
            self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    def _first(self) -> None:
        assert self._loop is not None  # noqa: S101 - `open` came first
        self._loop.remove_reader(self._sock.fileno())
        threading.Thread(target=self._serve, name="metrics", daemon=True).start()

    def _serve(self) -> None:
        from wherry.metrics.exposition import Exposition
        from wherry.metrics.scrape import make_server

        exposition = Exposition(self._reading, self._identity, self._functions)
        self._server = server = make_server(self._sock, exposition)
        server.serve_forever(poll_interval=0.2)
