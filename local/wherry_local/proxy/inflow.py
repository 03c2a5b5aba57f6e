"""A request's body on its way through: from the caller's connection to the replica's.

Little of it is held: while the replica takes nothing the caller is not read. The time for a body
is that between two pieces, since it may be of any length.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from wherry.serving.body import BodyInterrupted, BodyStream

if TYPE_CHECKING:
    from wherry.serving.exchange import Exchange
    from wherry_local.front.reactor import Reactor

_FOREVER = float("inf")


class Inflow(BodyStream):
    """The pieces that no replica has taken yet.

    Attributes:
        pump: Is told that there is something to take; None before anybody takes.
    """

    def __init__(
        self,
        resume: Callable[[], None],
        exchange: Exchange,
        reactor: Reactor,
        piece_s: float,
    ) -> None:
        super().__init__(self._go_on)
        self._read_on = resume
        self._exchange = exchange
        self._reactor = reactor
        self._piece_s = piece_s
        self._pieces: deque[bytes | BodyInterrupted] = deque()
        self.pump: Callable[[], object] | None = None

    def feed(self, chunk: bytes) -> bool:
        """Add a piece; returns whether the caller must be slowed down."""
        held = super().feed(chunk)
        connection = self._exchange.connection
        connection.expires = _FOREVER if held else self._reactor.now + self._piece_s
        return held

    def take(self) -> bytes | BodyInterrupted | None:
        """The next piece, empty at the end; None while there is none."""
        if not self._pieces:
            return None
        item = self._pieces.popleft()
        if isinstance(item, bytes):
            self._taken(item)
        return item

    def _put(self, item: bytes | BodyInterrupted) -> None:
        self._pieces.append(item)
        if self.pump is not None:
            self.pump()

    def _go_on(self) -> None:
        self._exchange.connection.expires = self._reactor.now + self._piece_s
        self._read_on()
