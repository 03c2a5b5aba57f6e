"""A platform that only answers what it was told to, and keeps what it was asked."""

import contextlib
import fcntl
import http.server
import json
import os
import threading
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from wherry import __version__
from wherry_local.platform.endpoint import Endpoint
from wherry_local.state import StateFolder

PASSWORD = "a password of tests"
AUTHORIZATION = "Basic YWRtaW46YSBwYXNzd29yZCBvZiB0ZXN0cw=="


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    query: dict
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Answer(NamedTuple):
    """What is answered: a status, headers and a body; a list of bytes is sent in chunks."""

    status: int = 200
    body: object = b""
    headers: tuple = ()


def told(value, status=200):
    """An answer of JSON."""
    return Answer(status, json.dumps(value).encode(), (("Content-Type", "application/json"),))


def problem(status, detail):
    """An answer of RFC 9457."""
    return Answer(
        status,
        json.dumps({"status": status, "detail": detail}).encode(),
        (("Content-Type", "application/problem+json"),),
    )


class AdminRecorder:
    """The recorder: `answers["GET /system/overview"] = told({...})`; several are given in turn."""

    def __init__(self):
        recorder = self
        self.answers, self.asked = {}, []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
                recorder.asked.append(asked)
                answer = recorder.answer(asked)
                is_chunked = isinstance(answer.body, list)
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                if is_chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                else:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                for chunk in answer.body if is_chunked else ():
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n" if is_chunked else answer.body)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - what http.server calls

            def log_message(self, *_):
                """Nothing on the standard error."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def answer(self, asked):
        found = self.answers.get(f"{asked.method} {asked.path}", Answer(404, b"no such route"))
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found

    @property
    def last(self):
        return self.asked[-1]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextlib.contextmanager
def running_platform(project, *, pid=None):
    """A recorder that is the platform of the folder `project`, as the state folder says."""
    recorder = AdminRecorder()
    state = StateFolder.of(project)
    state.make()
    state.write(state.password, PASSWORD.encode() + b"\n")
    endpoint = Endpoint(
        pid=pid if pid is not None else os.getpid(),
        gateway=recorder.url,
        broker=recorder.url,
        startedAt=1.0,
        version=__version__,
        project=str(project),
    )
    endpoint.keep(state)
    with state.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield recorder
        finally:
            recorder.close()
