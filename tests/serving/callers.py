"""Callers who keep a server busy, and count what became of their calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .conftest import Wire, eventually, get

ASKED_S = 30.0


class Callers:
    """So many clients, each with a call after another; half of them keep their connections.

    They honour what they are told: who reads `Connection: close` opens another one.

    Attributes:
        answered: How many calls were answered 200.
        failures: What became of the others.
    """

    def __init__(self, port: int, count: int, request: bytes) -> None:
        self.answered = 0
        self.failures: list[str] = []
        self._port = port
        self._request = request
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._call, args=(index % 2 == 0,)) for index in range(count)
        ]
        self._counting = threading.Lock()

    def start(self) -> None:
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        self._over.set()
        for each in self._threads:
            each.join(ASKED_S)
            assert not each.is_alive(), "a call was never answered"

    def more(self, count: int, timeout_s: float = 60.0) -> None:
        """Wait for so many more answers."""
        wanted = self.answered + count
        eventually(lambda: self.answered >= wanted, timeout_s=timeout_s)

    def _call(self, keep: bool) -> None:
        connection: Wire | None = None
        while not self._over.is_set():
            try:
                connection = connection or Wire(self._port, ASKED_S)
                status, headers, _ = connection.send(self._request).answer()
            except (OSError, EOFError) as error:
                self._note(repr(error))
                if connection is not None:
                    connection.close()
                connection = None
                continue
            self._note("" if status == 200 else str(status))
            if not keep or headers.get(b"connection") == b"close":
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _note(self, failure: str) -> None:
        with self._counting:
            if failure:
                self.failures.append(failure)
            else:
                self.answered += 1


@contextmanager
def callers(port: int, count: int = 8, path: str = "/load") -> Iterator[Callers]:
    """Keep a server busy until the block ends."""
    made = Callers(port, count, get(path))
    made.start()
    try:
        yield made
    finally:
        made.stop()
