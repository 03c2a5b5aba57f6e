"""The bell by which a polling thread is woken: a pair of sockets, one of them in its poller."""

from __future__ import annotations

import socket

from wherry.serving.ending import give_up


class Bell:
    """Watched by a poller, rung from any thread; what it is rung for stands elsewhere."""

    def __init__(self) -> None:
        self._waker, self._wakee = socket.socketpair()
        self._waker.setblocking(False)
        self._wakee.setblocking(False)
        self._closed = False

    def ring(self) -> None:
        """Wake the poller's thread; ends the process when the function has closed the bell."""
        try:
            self._waker.send(b"\0")
        except BlockingIOError:
            return  # it has been rung often enough
        except OSError:
            if not self._closed:
                give_up("a descriptor of the server was closed by the function")

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._wakee.fileno()

    def on_readable(self, ended: bool = False) -> None:  # noqa: ARG002 - as the poller calls
        """Somebody rang; what for is in the queues."""
        try:
            while self._wakee.recv(4096):
                continue
        except BlockingIOError:
            return

    def on_writable(self) -> None:
        """Never waited for."""

    def close(self) -> None:
        """It is not rung any more."""
        self._closed = True
        self._waker.close()
        self._wakee.close()
