"""The first bytes of a connection: HTTP/1.1, or HTTP/2 by prior knowledge (RFC 9113 section 3.3).

A caller that begins with the connection preface is handed over to a `Http2Session`; every other is
read as if nothing had been looked at. There is no change of protocol later: `Upgrade: h2c` is
obsolete, and is answered in HTTP/1.1.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from wherry.serving.connection import Connection
from wherry.serving.http2_session import Http2Session

if TYPE_CHECKING:
    from wherry.serving.edge import Edge

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class PrefaceConnection(Connection):
    """A connection that may turn out to speak HTTP/2."""

    __slots__ = ("_early",)

    def __init__(self, edge: Edge, sock: socket.socket, peer: str) -> None:
        super().__init__(edge, sock, peer)
        self._early: bytes | None = b""

    def _take(self, data: memoryview) -> None:
        if self._early is None:
            super()._take(data)
            return
        self._early += data
        if self._early.startswith(PREFACE):
            self._hand_over(self._early)
        elif not PREFACE.startswith(self._early):
            early, self._early = self._early, None
            super()._take(memoryview(early))

    def _hand_over(self, early: bytes) -> None:
        """Let a session have the socket; this object is done."""
        self._paused = self._deaf = self._closed = True
        self._edge.forget(self)
        self._reading.close()
        Http2Session(self._edge, self._sock, self.peer).start(early)
