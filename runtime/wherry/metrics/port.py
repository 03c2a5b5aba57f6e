"""The metrics port: `GET /metrics`, apart from the function's own port.

Nothing is imported and no thread runs until the first scraper connects; then the standard
library's WSGI server answers in a thread of its own, so a scrape is answered whatever handlers do.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from socketserver import BaseServer

    from wherry.context import Identity
    from wherry.metrics.exposition import Colleagues, Reading


class Poller(Protocol):
    """Watches a socket; as much of the server's poller as is needed here."""

    def add(self, what: MetricsPort) -> None:
        """Call `on_readable` when somebody connects."""
        ...

    def remove(self, what: MetricsPort) -> None:
        """Watch it no longer."""
        ...


class MetricsPort:
    """Serves a reading on a listening socket that other workers may share."""

    def __init__(
        self,
        sock: socket.socket,
        reading: Reading,
        identity: Identity,
        functions: Sequence[str] = (),
        colleagues: Colleagues | None = None,
    ) -> None:
        self._sock = sock
        self._functions = functions
        self._colleagues = colleagues
        self._reading = reading
        self._identity = identity
        self._server: BaseServer | None = None
        self._poller: Poller | None = None

    def open(self, poller: Poller) -> None:
        """Wait for the first scraper."""
        self._poller = poller
        self._sock.setblocking(False)
        poller.add(self)

    def fileno(self) -> int:
        """The listening socket's descriptor."""
        return self._sock.fileno()

    def close(self) -> None:
        """Stop answering; after the poller has been closed, where nobody ever connected."""
        if self._server is not None:
            self._server.shutdown()
        self._sock.close()

    def on_readable(self, ended: bool = False) -> None:  # noqa: ARG002 - as the poller calls
        """The first scraper has come."""
        if self._poller is None:
            return
        self._poller.remove(self)
        self._poller = None
        threading.Thread(target=self._serve, name="metrics", daemon=True).start()

    def on_writable(self) -> None:
        """Never for a listener."""

    def _serve(self) -> None:
        from wherry.metrics.exposition import Exposition
        from wherry.metrics.scrape import make_server

        exposition = Exposition(self._reading, self._identity, self._functions, self._colleagues)
        self._server = server = make_server(self._sock, exposition)
        server.serve_forever(poll_interval=0.2)
