"""What a `RecordingRegistry` answers over HTTP; what it has, and is to do wrong, is its own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
_REPOSITORY = r"(?P<repository>[a-z0-9._/-]+)"


def digest_of(content):
    """The digest of bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    query: dict
    headers: dict
    size_bytes: int
    status: list = field(default_factory=list)

    def __str__(self):
        return f"{self.method} {self.path} -> {self.status}"


class RegistryServer(ThreadingHTTPServer):
    """A thread for each connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client that went away is what some tests are about."""


class RegistryHandler(BaseHTTPRequestHandler):
    """One connection; `registry` is whose."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 30
    registry = None

    def setup(self):
        """Begin TLS where it is wanted; who speaks plain HTTP is told so, as Go's servers do."""
        context = self.registry.tls_context
        if context is not None and self.request.recv(1, socket.MSG_PEEK) == b"\x16":
            self.request = context.wrap_socket(self.request, server_side=True)
        self.wants_tls = context is not None and not isinstance(self.request, ssl.SSLSocket)
        super().setup()

    def finish(self):
        """End the connection, TLS of its own included."""
        super().finish()
        if isinstance(self.request, ssl.SSLSocket):
            self.request.close()

    def do(self):
        if self.wants_tls:
            self.drip, self.asked = None, Asked(self.command, self.path, {}, {}, 0)
            self._answer(400, b"Client sent an HTTP request to an HTTPS server.\n")
            return
        address = urlsplit(self.path)
        body = self._body()
        self.asked = Asked(
            self.command,
            address.path,
            dict(parse_qsl(address.query)),
            {name.lower(): value for name, value in self.headers.items()},
            len(body),
        )
        with self.registry.lock:
            self.registry.asked.append(self.asked)
        fault = self.drip = self.registry.fault(self.command, address.path)
        if fault is not None and fault.drops:
            self.close_connection = True
            return
        if fault is not None and fault.pause_s:
            time.sleep(fault.pause_s)
        elif fault is not None and not fault.drip_s and not fault.cut_bytes:
            self._answer(fault.status, fault.body, fault.headers)
            return
        longest = self.registry.longest_body_bytes
        if longest is not None and len(body) > longest:
            self._answer(413, b"<html>too large</html>", {"Content-Type": "text/html"})
        elif address.path == "/token":
            self._token(address.query, body)
        elif self._is_allowed(address.path):
            self._routed(address.path, body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do  # noqa: N815 - http.server asks by name

    def log_message(self, *_):
        """Nothing is printed."""

    def _body(self):
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _answer(self, status, body=b"", headers=None):
        self.asked.status.append(status)
        self.send_response_only(status)
        given = {name.lower() for name in headers or {}}
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "content-length" not in given:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self._written(body)
        self.wfile.flush()

    def _written(self, body):
        fault = self.drip
        if fault is not None and fault.cut_bytes:
            self.wfile.write(body[: fault.cut_bytes])
            self.close_connection = True
        elif fault is not None and fault.drip_s:
            for each in body:
                self.wfile.write(bytes([each]))
                self.wfile.flush()
                time.sleep(fault.drip_s)
        else:
            self.wfile.write(body)

    def _error(self, status, code, message="", headers=None):
        body = json.dumps({"errors": [{"code": code, "message": message or code.lower()}]})
        self._answer(status, body.encode(), {"Content-Type": "application/json", **(headers or {})})

    # Who may.

    def _is_allowed(self, path):
        registry = self.registry
        if not registry.username:
            return True
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        wanted = self._wanted(path)
        if registry.auth == "basic":
            expected = base64.b64encode(f"{registry.username}:{registry.password}".encode())
            if scheme == "Basic" and value.encode() == expected:
                return True
            self._error(401, "UNAUTHORIZED", headers={"WWW-Authenticate": 'Basic realm="test"'})
            return False
        granted = registry.tokens.get(value, ()) if scheme == "Bearer" else ()
        if scheme == "Bearer" and value in registry.tokens and set(wanted) <= set(granted):
            return True
        challenge = f'Bearer realm="{registry.url}/token",service="test"'
        if wanted:
            repository = wanted[0].split(":")[0]
            actions = ",".join(each.split(":")[1] for each in wanted)
            challenge += f',scope="repository:{repository}:{actions}"'
        self._error(401, "UNAUTHORIZED", headers={"WWW-Authenticate": challenge})
        return False

    def _wanted(self, path):
        """Grants of the form `repository:action` that the request needs."""
        found = re.fullmatch(rf"/v2/{_REPOSITORY}/(blobs|manifests|referrers)/.*", path)
        if not found:
            return []
        actions = ["pull"] if self.command in {"GET", "HEAD"} else ["pull", "push"]
        return [f"{found['repository']}:{each}" for each in actions]

    def _token(self, query, body):
        registry = self.registry
        said = parse_qs(query or body.decode())
        user = f"{registry.username}:{registry.password}".encode()
        basic = self.headers.get("Authorization", "") == f"Basic {base64.b64encode(user).decode()}"
        refresh = said.get("refresh_token", [""])[0]
        is_known = basic or (bool(refresh) and refresh == registry.identity_token)
        anonymous = not self.headers.get("Authorization") and not refresh
        if not is_known and not (registry.public and anonymous):
            self._error(401, "UNAUTHORIZED")
            return
        scopes = " ".join(said.get("scope", [])).split()
        granted = [
            f"{scope.split(':')[1]}:{action}"
            for scope in scopes
            for action in scope.split(":")[2].split(",")
            if is_known or action == "pull"
        ]
        token = registry.grant(granted)
        content = json.dumps({"token": token, "access_token": token, "expires_in": 300}).encode()
        self._answer(200, content, {"Content-Type": "application/json"})

    # What is asked.

    def _routed(self, path, body):
        if path == "/v2/":
            self._answer(200, b"{}", {"Docker-Distribution-API-Version": "registry/2.0"})
            return
        found = re.fullmatch(
            rf"/v2/{_REPOSITORY}/(?:(?P<kind>blobs|manifests|referrers)/)(?P<rest>.+)", path
        )
        upload = re.fullmatch(rf"/v2/{_REPOSITORY}/blobs/uploads/(?P<id>.*)", path)
        if upload:
            self._upload(upload["repository"], upload["id"], body)
        elif not found:
            self._error(404, "NAME_UNKNOWN")
        elif found["kind"] == "blobs":
            self._blob(found["repository"], found["rest"])
        elif found["kind"] == "referrers":
            self._referrers(found["repository"], found["rest"])
        elif self.command == "PUT":
            self._put_manifest(found["repository"], found["rest"], body)
        else:
            self._manifest(found["repository"], found["rest"])

    def _blob(self, repository, digest):
        registry = self.registry
        with registry.lock:
            content = registry.blobs.get(digest) if digest in registry.linked[repository] else None
        if content is None:
            self._error(404, "BLOB_UNKNOWN")
        else:
            kind = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
            found = re.fullmatch(r"bytes=([0-9]+)-", self.headers.get("Range", ""))
            if found and registry.has_ranges:
                start, size = int(found[1]), len(content)
                kind["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
                self._answer(206, content[start:], kind)
            else:
                self._answer(200, content, kind)

    def _manifest(self, repository, reference):
        registry = self.registry
        with registry.lock:
            digest = registry.tags[repository].get(reference, reference)
            found = registry.manifests[repository].get(digest)
        if found is None:
            self._error(404, "MANIFEST_UNKNOWN")
        else:
            self._answer(200, found[1], {"Content-Type": found[0], "Docker-Content-Digest": digest})

    def _put_manifest(self, repository, reference, body):
        registry = self.registry
        try:
            document = json.loads(body)
        except ValueError:
            self._error(400, "MANIFEST_INVALID")
            return
        digest = digest_of(body)
        if reference.startswith("sha256:") and reference != digest:
            self._error(400, "DIGEST_INVALID")
        elif lacking := registry.lacking(repository, document):
            self._error(404, "MANIFEST_BLOB_UNKNOWN", lacking[0])
        else:
            tag = "" if reference.startswith("sha256:") else reference
            registry.add_manifest(repository, tag, body, self.headers["Content-Type"])
            headers = {
                "Location": f"/v2/{repository}/manifests/{digest}",
                "Docker-Content-Digest": digest,
            }
            if registry.has_referrers and "subject" in document:
                headers["OCI-Subject"] = document["subject"]["digest"]
            self._answer(201, b"", headers)

    def _referrers(self, repository, subject):
        if not self.registry.has_referrers:
            self._answer(404, b"404 page not found\n", {"Content-Type": "text/plain"})
            return
        found = []
        with self.registry.lock:
            for digest, (media_type, content) in self.registry.manifests[repository].items():
                document = json.loads(content)
                if document.get("subject", {}).get("digest") == subject:
                    entry = {"mediaType": media_type, "digest": digest, "size": len(content)}
                    entry["artifactType"] = (
                        document.get("artifactType") or document["config"]["mediaType"]
                    )
                    found.append({**entry, "annotations": document.get("annotations", {})})
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": found}
        self._answer(200, json.dumps(index).encode(), {"Content-Type": INDEX})

    def _upload(self, repository, name, body):
        registry = self.registry
        query = self.asked.query
        if self.command == "POST":
            mounted = query.get("mount", "")
            with registry.lock:
                is_there = mounted in registry.linked[query.get("from", "")]
            if mounted and registry.mounts and is_there and self._may_pull(query["from"]):
                with registry.lock:
                    registry.linked[repository].add(mounted)
                self._created(repository, mounted)
            else:
                self._accepted(repository, registry.begin_upload())
            return
        if name not in registry.uploads:
            self._error(404, "BLOB_UPLOAD_UNKNOWN")
        elif self.command == "PATCH":
            self._patched(repository, name, body)
        elif self.command == "PUT":
            content = bytes(registry.uploads[name]) + body
            if digest_of(content) != query.get("digest"):
                self._error(400, "DIGEST_INVALID")
                return
            del registry.uploads[name]
            registry.add_blob(repository, content)
            self._created(repository, digest_of(content))
        else:
            self._error(405, "UNSUPPORTED")

    def _patched(self, repository, name, body):
        upload = self.registry.uploads[name]
        said = self.headers.get("Content-Range", "")
        if said and int(said.partition("-")[0]) != len(upload):
            self._error(416, "BLOB_UPLOAD_INVALID")
            return
        upload += body
        self._accepted(repository, name)

    def _may_pull(self, repository):
        if not self.registry.username or self.registry.auth == "basic":
            return True
        token = self.headers.get("Authorization", "").partition(" ")[2]
        return f"{repository}:pull" in self.registry.tokens.get(token, ())

    def _accepted(self, repository, name):
        size = len(self.registry.uploads[name])
        headers = {"Location": f"/v2/{repository}/blobs/uploads/{name}?state=kept"}
        headers |= {"Range": f"0-{max(0, size - 1)}", "Docker-Upload-UUID": name}
        self._answer(202, b"", headers)

    def _created(self, repository, digest):
        headers = {"Location": f"/v2/{repository}/blobs/{digest}", "Docker-Content-Digest": digest}
        self._answer(201, b"", headers)
