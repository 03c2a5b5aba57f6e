"""The part of an aggregator that kubectl cannot do without: the lists of the whole API.

The API server of custom resources leaves to whoever stands in front of it the list of all groups,
and whether fields are validated there (kubectl reads that from how a Namespace is patched, for
kinds that it finds no description of). These are answered here, the first from the server's own
discovery; everything else is passed on, streams included.
"""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .credentials import Credentials, client_context

_NAMESPACE = {
    "x-kubernetes-group-version-kind": {"group": "", "version": "v1", "kind": "Namespace"},
    "parameters": [{"name": "fieldValidation", "in": "query"}, {"name": "dryRun", "in": "query"}],
    "responses": {},
}
LISTS = {
    "/api": {"kind": "APIVersions", "versions": []},
    "/openapi/v3": {"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"}}},
    "/openapi/v3/api/v1": {
        "openapi": "3.0.0",
        "info": {"title": "Namespaces", "version": "v1"},
        "paths": {"/api/v1/namespaces/{name}": {"patch": _NAMESPACE}},
    },
}
PASSED_BACK = ("Content-Type", "Warning", "Audit-Id")


@contextmanager
def aggregator(backend: int, credentials: Credentials, groups: list[dict]) -> Iterator[int]:
    """Stand in front of the API server on port `backend`; the port to ask is what comes.

    `groups` are the server's groups, each an `APIGroup`.
    """
    upstream = client_context(credentials)
    passing: set[socket.socket] = set()
    lists = LISTS | {"/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if (path := self.path.partition("?")[0]) in lists:
                self._list(lists[path])
            else:
                self._pass_on(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def _list(self, answered: dict):
            content = json.dumps(answered).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _pass_on(self, body: bytes):
            asking = http.client.HTTPSConnection("127.0.0.1", backend, context=upstream)
            asking.connect()
            passing.add(connected := asking.sock)
            try:
                headers = {n: v for n, v in self.headers.items() if n.lower() != "accept-encoding"}
                asking.request(self.command, self.path, body or None, headers)
                answer = asking.getresponse()
                self.send_response(answer.status)
                for name in PASSED_BACK:
                    for value in answer.headers.get_all(name, ()):
                        self.send_header(name, value)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                while part := answer.read1(65536):
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                self.wfile.write(b"0\r\n\r\n")
            except (OSError, http.client.HTTPException):
                # Either side went away, as both do at the end of a test.
                self.close_connection = True
            finally:
                asking.close()
                passing.discard(connected)

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request, client_address):
            # Here and not at the accept: a client that is slow to shake hands holds up no other.
            try:
                request.settimeout(30)
                wrapped = downstream.wrap_socket(request, server_side=True)
            except OSError:
                return
            with wrapped:
                super().finish_request(wrapped, client_address)

    downstream = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cafile=str(credentials.authority)
    )
    downstream.verify_mode = ssl.CERT_REQUIRED
    downstream.load_cert_chain(credentials.server_certificate, credentials.server_key)
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(10)
            # A watch whose client went away: the server would wait for its end.
            for each in list(passing):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
