"""A function that stands already, and a receiver of callbacks: they answer as they are told."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue


@dataclass
class Asked:
    method: str
    path: str
    headers: object
    body: bytes


class Server(ThreadingHTTPServer):
    """`asked` gives each request as it comes; `answers` are (status, headers, body), the last for
    good."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = Queue()
        self.answers = [(200, {}, b"")]
        self.lock = threading.Lock()

    @property
    def url(self):
        return "http://{}:{}".format(*self.server_address)

    def next(self):
        return self.asked.get(timeout=10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_):
        pass

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.lock:
            answers = self.server.answers
            status, headers, content = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()
        self.server.asked.put(Asked(self.command, self.path, self.headers, body))

    def __getattr__(self, name):
        """It answers every method."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)


@contextmanager
def server():
    """A server on a free port of loopback, until the end of the block."""
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()
