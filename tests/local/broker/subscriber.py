"""A real HTTP server in place of every function: it answers as it is told, and keeps what came."""

import threading
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

from wherry_local.deployment import FunctionKey


@dataclass
class Received:
    function: str
    method: str
    path: str
    headers: list
    body: bytes
    at: float

    def header(self, name):
        found = [value for key, value in self.headers if key.lower() == name]
        assert len(found) < 2, f"{name} came {len(found)} times"
        return found[0] if found else None

    def attributes(self):
        return {
            name.lower()[3:]: value
            for name, value in self.headers
            if name.lower().startswith("ce-")
        }


def taken(_received):
    return 200, {}, b""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class Subscriber:
    """Every function of a project; `functions` is what the platform knows them by."""

    def __init__(self):
        self.received = []
        self.answers = defaultdict(lambda: taken)
        self.changed = threading.Condition()
        self._server = Server(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self.functions = Functions(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def of(self, function):
        return [each for each in self.received if each.function == function]

    def wait(self, count, function=None, timeout_s=10.0):
        """Wait until so many requests have come; all of them."""

        def enough():
            return len(self.of(function) if function else self.received) >= count

        with self.changed:
            assert self.changed.wait_for(enough, timeout_s), (
                f"{len(self.received)} requests came, {count} expected"
            )
        return self.of(function) if function else list(self.received)

    def _handler(self):
        subscriber = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                received = Received(
                    function=self.headers["host"].partition(".")[0],
                    method=self.command,
                    path=self.path,
                    headers=list(self.headers.items()),
                    body=body,
                    at=monotonic(),
                )
                with subscriber.changed:
                    subscriber.received.append(received)
                    subscriber.changed.notify_all()
                status, headers, answer = subscriber.answers[received.function](received)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):
                pass

        return Handler


class Replica:
    name = "only"
    in_flight = 0
    pid = None

    def __init__(self, address):
        self.address = address


class Replicas:
    """One replica that always has room."""

    deployment = None

    def __init__(self, address):
        self._replica = Replica(address)

    def claim_now(self):
        return self._replica

    async def claim(self):
        return self._replica

    def release(self, replica):
        pass


class Functions:
    """Every function but `missing`, all in one place."""

    def __init__(self, address):
        self._address = address
        self.addresses = {}

    def find(self, key):
        if key.name == "missing":
            return None
        return Replicas(self.addresses.get(key.name, self._address))

    def keys(self):
        return [FunctionKey("hello")]
