"""A package index on loopback: the simple API in JSON and in HTML, files, and what was asked."""

import base64
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

_JSON = "application/vnd.pypi.simple.v1+json"


class PackageIndex(ThreadingHTTPServer):
    """Serves `files` (name -> bytes) below /simple/ and /files/.

    `asked` has (path, headers) of each request. `user` is who is let in, (name, password). Each of
    `refusals` is the status that one request for a file gets. `is_html` turns the JSON off;
    `cut` is how many answers to requests for a file break off in the middle.
    """

    daemon_threads = True

    def __init__(self, tls=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if tls is None else "https"
        self.origin = f"{scheme}://127.0.0.1:{self.server_address[1]}"
        self.url = f"{self.origin}/simple"
        self.files = {}
        self.asked = []
        self.user = None
        self.refusals = []
        self.is_html = False
        self.cut = 0

    def put(self, name, content):
        """Serve `content` as the file `name`; its URL."""
        self.files[name] = content
        return f"{self.origin}/files/{name}"

    def url_of(self, user, password):
        """The index's URL, with credentials."""
        return self.url.replace("//", f"//{user}:{password}@")

    def handle_error(self, request, client_address):
        """A client that does not trust us hangs up."""

    def downloads(self):
        """The files that were asked for."""
        return [path.rpartition("/")[2] for path, _ in self.asked if path.startswith("/files/")]


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        server = self.server
        path = unquote(urlsplit(self.path).path)
        server.asked.append((path, dict(self.headers)))
        if server.user is not None:
            expected = "Basic " + base64.b64encode(":".join(server.user).encode()).decode()
            if self.headers.get("Authorization") != expected:
                self._answer(401, b"who are you", **{"WWW-Authenticate": "Basic realm=index"})
                return
        _, top, name, *_ = [*path.split("/"), "", ""]
        if top == "files" and name in server.files:
            self._file(server.files[name])
        elif top == "simple" and (found := self._of_project(name)):
            self._project(name, found)
        else:
            self._answer(404, b"no such page")

    def _file(self, content):
        if self.server.refusals:
            self._answer(self.server.refusals.pop(0), b"")
        elif self.server.cut:
            self.server.cut -= 1
            self._answer(200, content[: len(content) // 2], length=len(content))
            self.close_connection = True
        else:
            self._answer(200, content)

    def _of_project(self, project):
        return {
            name: content
            for name, content in self.server.files.items()
            if re.sub(r"[-_.]+", "-", name.partition("-")[0]).lower() == project
        }

    def _project(self, project, found):
        urls = {name: f"../../files/{name}" for name in found}
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}
        if _JSON in self.headers.get("Accept", "") and not self.server.is_html:
            files = [
                {
                    "filename": name,
                    "url": url,
                    "hashes": {"sha256": hashes[name]},
                    "size": len(found[name]),
                }
                for name, url in urls.items()
            ]
            document = {"meta": {"api-version": "1.0"}, "name": project, "files": files}
            self._answer(200, json.dumps(document).encode(), **{"Content-Type": _JSON})
            return
        links = "".join(
            f'<a href="{url}#sha256={hashes[name]}">{name}</a>' for name, url in urls.items()
        )
        page = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
        self._answer(200, page, **{"Content-Type": "text/html"})

    def _answer(self, status, content, *, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@contextmanager
def package_index(tls=None):
    """An index that serves while the block runs, by TLS with the context `tls`."""
    with PackageIndex(tls) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
