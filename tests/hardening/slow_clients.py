"""Clients that hold a connection and hardly use it; a process of its own, one selector for all.

    python slow_clients.py PORT HEADERS BODIES READERS SECONDS

Each kind is kept at its number for SECONDS: whoever is closed by the server comes back. Then, and
as soon as the first of each kind is connected, a line of JSON goes to standard output: at the end
how long the server bore each of them, and with which status it closed.
"""

from __future__ import annotations

import heapq
import json
import selectors
import socket
import sys
from collections import Counter
from time import monotonic, sleep
from typing import NamedTuple

PACE_S = 0.4
ESTABLISHED = 1  # as Linux numbers the states of a connection
SPREAD_S = 0.002  # between one that comes and the next
LEFT_S = 30.0  # to be closed after the last has come


class Kind(NamedTuple):
    """What a kind of slow client sends first, what it goes on to send, and whether it reads."""

    first: bytes
    drip: bytes
    reads: bool


KINDS = {
    "headers": Kind(b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n", True),
    "bodies": Kind(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n", b"x", True),
    "readers": Kind(b"GET /stream?n=40000 HTTP/1.1\r\nHost: x\r\n\r\n", b"", False),
}


class Client:
    """One slow client, from its connection to its end."""

    def __init__(self, port: int, name: str) -> None:
        self.name = name
        self.kind = KINDS[name]
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.began = monotonic()
        self.answer = b""
        self.sock.send(self.kind.first)

    def drip(self) -> bool:
        """Send a little more; False when the server has gone."""
        try:
            if self.kind.drip:
                self.sock.send(self.kind.drip)
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True

    def is_over(self) -> bool:
        """Whether the server has closed, read as far as it takes to know."""
        try:
            chunk = self.sock.recv(4096)
        except BlockingIOError:
            return False
        except OSError:
            return True
        self.answer = self.answer or chunk[:20]
        return not chunk

    @property
    def status(self) -> str:
        parts = self.answer.split()
        return parts[1].decode() if len(parts) > 1 else "reset"


class Crowd:
    """All slow clients of one run."""

    def __init__(self, port: int, wanted: dict[str, int], seconds: float) -> None:
        self.port = port
        self.until = monotonic() + seconds
        self.selector = selectors.DefaultSelector()
        self.due: list[tuple[float, int, Client]] = []
        self.alive: set[Client] = set()
        self.borne: dict[str, list[float]] = {name: [] for name in wanted}
        self.statuses: Counter[str] = Counter()
        for name, number in wanted.items():
            for _ in range(number):
                self.come(name)
                sleep(SPREAD_S)

    def come(self, name: str) -> None:
        client = Client(self.port, name)
        self.alive.add(client)
        if client.kind.reads:
            self.selector.register(client.sock, selectors.EVENT_READ, client)
        heapq.heappush(self.due, (monotonic() + PACE_S, id(client), client))

    def go(self, client: Client) -> None:
        self.alive.discard(client)
        if client.kind.reads:
            self.selector.unregister(client.sock)
        client.sock.close()
        self.borne[client.name].append(monotonic() - client.began)
        self.statuses[f"{client.name} {client.status}"] += 1
        if monotonic() < self.until:
            self.come(client.name)

    def run(self) -> None:
        end = self.until + LEFT_S
        while self.alive and monotonic() < end:
            for key, _ in self.selector.select(0.02):
                if key.data.is_over():
                    self.go(key.data)
            while self.due and self.due[0][0] < monotonic():
                _, _, client = heapq.heappop(self.due)
                if client not in self.alive:
                    continue
                if not client.drip() or (not client.kind.reads and self._was_cut_off(client)):
                    self.go(client)
                else:
                    heapq.heappush(self.due, (monotonic() + PACE_S, id(client), client))

    @staticmethod
    def _was_cut_off(client: Client) -> bool:
        """Whether the server has gone; a client that does not read hears it of the system alone."""
        error = client.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        state = client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return error != 0 or state != ESTABLISHED


def main() -> int:
    port, headers, bodies, readers = map(int, sys.argv[1:5])
    wanted = {"headers": headers, "bodies": bodies, "readers": readers}
    crowd = Crowd(port, wanted, float(sys.argv[5]))
    print(json.dumps({"connected": len(crowd.alive)}), flush=True)
    crowd.run()
    print(
        json.dumps(
            {"left": len(crowd.alive), "borne": crowd.borne, "statuses": dict(crowd.statuses)}
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
