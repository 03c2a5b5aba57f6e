"""Servers that get everything wrong, each in one way."""

import socket
import threading

import pytest


class Wrong:
    """A server that answers whatever arrives with `answer(bytes, count)`; None closes."""

    def __init__(self, answer):
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._count = 0
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                while data := connection.recv(1 << 22):
                    self._count += 1
                    answer = self._answer(data, self._count)
                    if answer is None:
                        return
                    connection.sendall(answer)
                    if b"connection: close" in answer:
                        return
            except OSError:
                return

    def close(self):
        # Closing alone does not wake a thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@pytest.fixture(scope="module")
def wrong():
    """Start a server of one's own: `wrong(lambda data, count: b"...")`."""
    servers = []

    def wrong(answer):
        servers.append(Wrong(answer))
        return servers[-1].port

    yield wrong
    for server in servers:
        server.close()


def response(status=200, body=b"ok", *lines):
    head = [b"HTTP/1.1 %d X" % status, b"content-length: %d" % len(body), *lines, b"", body]
    return b"\r\n".join([*head[:-1], body])
