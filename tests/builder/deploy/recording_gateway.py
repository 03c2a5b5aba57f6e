"""OpenFaaS's gateway as far as deploying needs it: it keeps functions and what it was asked."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class RecordingGateway(ThreadingHTTPServer):
    """Answers as the provider of Kubernetes does: it leaves out zeros, and some things for good.

    `asked` has (method, path, headers, body) of each request. `refusals` has the answers to give
    in place of the real one, each once. `available` is how many instances each asking finds.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.asked = []
        self.functions = {}
        self.refusals = []
        self.available = []
        self.authorization = None

    def bodies(self):
        """What was put or posted and taken, by name of the function."""
        return {name: function for (_, name), function in self.functions.items()}


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answered(self._get)

    def do_PUT(self):
        self._answered(self._put)

    def do_POST(self):
        self._answered(self._post)

    def _answered(self, answer):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        if self.server.refusals:
            status, content = self.server.refusals.pop(0)
        elif self.server.authorization not in (None, self.headers.get("Authorization")):
            status, content = 401, b"invalid credentials"
        else:
            status, content = answer(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _put(self, body):
        if (body["namespace"], body["service"]) not in self.server.functions:
            return 404, b""
        return self._post(body)

    def _post(self, body):
        self.server.functions[body["namespace"], body["service"]] = body
        return 202, b""

    def _get(self, _):
        asked = urlsplit(self.path)
        name = asked.path.rpartition("/")[2]
        (namespace,) = parse_qs(asked.query)["namespace"]
        body = self.server.functions.get((namespace, name))
        if body is None:
            return 404, b""
        available = self.server.available.pop(0) if self.server.available else 1
        told = {
            "name": name,
            "namespace": namespace,
            "image": body["image"],
            "secrets": body["secrets"],
            "labels": {**body["labels"], "faas_function": name, "uid": "7"},
            "annotations": {**body["annotations"], "prometheus.io.scrape": "false"},
            "requests": {"memory": "0", "cpu": "0", **body["requests"]},
            "limits": body["limits"],
            "replicas": 0 if available is None else 1,
            "availableReplicas": available or 0,
            "createdAt": "2026-11-23T09:00:00Z",
        }
        return 200, json.dumps({key: value for key, value in told.items() if value}).encode()


@contextmanager
def recording_gateway():
    """A gateway on a free port of loopback, until the end of the block."""
    with RecordingGateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
