"""The sending half of a connection to a replica: it connects, and sends what it is given.

What comes back is `wherry_local.proxy.upstream`. Everything happens on the loop's thread.
"""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherry_local.fleet.replica import Address
    from wherry_local.front.reactor import Reactor

_AGAIN_S = 0.005


class Link(ABC):
    """A socket to one address.

    Attributes:
        address: Whose.
        sent: Whether a byte of the request may have been taken.
        closed: Whether it was let go of.
    """

    __slots__ = (
        *("_connecting", "_descriptor", "_reactor", "_sock", "_unsent"),
        *("address", "closed", "sent"),
    )

    def __init__(self, reactor: Reactor, address: Address) -> None:
        self._reactor = reactor
        self.address = address
        self._unsent = b""
        self._connecting = True
        self.sent = self.closed = False
        family = socket.AF_UNIX if isinstance(address, str) else _family(address[0])
        self._sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._sock.setblocking(False)
        self._descriptor = self._sock.fileno()
        if family != socket.AF_UNIX:
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._descriptor

    @abstractmethod
    def on_readable(self, ended: bool = False) -> None:
        """There are bytes; `ended` when it is known that there will be no more."""

    @abstractmethod
    def _on_room(self) -> None:
        """All that was to be sent has been taken."""

    @abstractmethod
    def _break(self) -> None:
        """It is of no use any more."""

    def _connect(self) -> None:
        if self.closed:
            return
        loop, poller = self._reactor.loop, self._reactor.poller
        try:
            self._sock.connect(self.address)
        except BlockingIOError:
            if isinstance(self.address, str):  # its backlog is full
                loop.call_later(_AGAIN_S, self._connect)
                return
            poller.add(self)
            poller.want_write(self)
        except OSError:
            loop.call_soon(self._break)
        else:
            self._connecting = False
            poller.add(self)
            if self._unsent:
                self._flush()

    def send(self, data: bytes) -> bool:
        """Send; False where not all was taken, and `on_room` will tell."""
        if self._unsent or self._connecting:
            self._unsent += data
            return False
        try:
            sent = self._sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            # An answer may have come before the other end closed: what can be read tells.
            self._reactor.loop.call_soon(self.on_readable, True)
            return True
        self.sent = True
        if sent == len(data):
            return True
        self._unsent = data[sent:]
        self._reactor.poller.want_write(self)
        return False

    @property
    def has_room(self) -> bool:
        """Whether all that was sent has been taken."""
        return not (self._unsent or self._connecting)

    def end_sending(self) -> None:
        """No more bytes go there; after another protocol."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def on_writable(self) -> None:
        """It is connected, or may take more."""
        if self._connecting:
            if self.closed:
                return
            if self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._break()
                return
            self._connecting = False
        elif not self._unsent:
            return
        self._flush()

    def _flush(self) -> None:
        data, self._unsent = self._unsent, b""
        if not data or self.send(data):
            self._on_room()

    @property
    def is_alive(self) -> bool:
        """Whether nothing has come that nobody asked for, such as an end."""
        if self.closed:
            return False
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
