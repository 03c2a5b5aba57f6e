"""A registry in memory, after the OCI Distribution Specification 1.1, that keeps what it was asked.

    with RecordingRegistry() as registry:
        push(f"{registry.host}/acme/hello:1")
        assert registry.count("PUT", "/manifests/") == 1

It listens on 127.0.0.1 at a free port, checks every digest, refuses a manifest whose blobs its
repository does not have, mounts blobs between repositories, wants a token or a password where it
is told to, and fails where a test asks for it (`fail`).
"""

from __future__ import annotations

import itertools
import json
import re
import ssl
import threading
from collections import defaultdict
from dataclasses import dataclass, field

from tests.builder.image.registry_answers import (
    INDEX,
    MANIFEST,
    RegistryHandler,
    RegistryServer,
    digest_of,
)

__all__ = ["INDEX", "MANIFEST", "Fault", "RecordingRegistry", "digest_of"]


@dataclass
class Fault:
    """What is answered instead, so often."""

    method: str
    pattern: str
    status: int = 500
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    times: int = 1
    drops: bool = False  # the connection ends without an answer
    pause_s: float = 0  # before the answer, which is then the ordinary one
    drip_s: float = 0  # between single bytes of the body
    cut_bytes: int = 0  # the body ends after so many


class RecordingRegistry:
    """One registry; `with` starts and ends it.

    Args:
        username: Who may come; empty is anybody.
        password: With which password.
        auth: `basic` or `bearer`, where there is a user name.
        public: Whether anybody may pull, where there is a user name.
        has_referrers: Whether there is a referrers API, which distribution 2.8 has not.
        mounts: Whether it mounts blobs between repositories, or answers 202 to that.
        longest_body_bytes: What is longer is answered with 413.
        tls: Certificate chain and key, two files; None is plain HTTP.
        identity_token: A refresh token that is as good as the password.
    """

    def __init__(
        self,
        *,
        username="",
        password="",
        auth="bearer",
        public=False,
        has_referrers=True,
        mounts=True,
        longest_body_bytes=None,
        tls=None,
        identity_token="",
    ):
        self.username, self.password, self.auth = username, password, auth
        self.identity_token = identity_token
        self.public, self.has_referrers, self.mounts = public, has_referrers, mounts
        self.longest_body_bytes = longest_body_bytes
        self.blobs = {}  # digest -> content
        self.linked = defaultdict(set)  # repository -> digests of blobs
        self.manifests = defaultdict(dict)  # repository -> digest -> (media type, content)
        self.tags = defaultdict(dict)  # repository -> tag -> digest
        self.uploads = {}  # id -> what came
        self.tokens = {}  # token -> scopes that it grants
        self.has_ranges = True
        self.asked = []
        self.faults = []
        self.lock = threading.RLock()
        self._ids = itertools.count(1)
        self._tls = tls
        self.tls_context = None

    def __enter__(self):
        handler = type("Handler", (RegistryHandler,), {"registry": self})
        self._server = RegistryServer(("127.0.0.1", 0), handler)
        self.scheme = "http"
        if self._tls:
            self.scheme = "https"
            self.tls_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls_context.load_cert_chain(*self._tls)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self):
        return self._server.server_address[1]

    @property
    def host(self):
        """What an image's name begins with."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"{self.scheme}://{self.host}"

    # What there is.

    def add_blob(self, repository, content):
        """Put a blob there; its digest."""
        digest = digest_of(content)
        with self.lock:
            self.blobs[digest] = content
            self.linked[repository].add(digest)
        return digest

    def add_manifest(self, repository, tag, document, media_type=MANIFEST):
        """Put a manifest or index there, bytes or what becomes JSON; its digest."""
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        digest = digest_of(content)
        with self.lock:
            self.manifests[repository][digest] = (media_type, content)
            if tag:
                self.tags[repository][tag] = digest
        return digest

    def add_image(self, repository, tag, *, layers=(b"layer",), config=None, **platform):
        """Put an image of one platform there; the digest of its manifest."""
        platform = {"os": "linux", "architecture": "amd64", **platform}
        configuration = json.dumps({**platform, "rootfs": {"type": "layers", "diff_ids": []}}
                                   if config is None else config).encode()  # fmt: skip
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": self.add_blob(repository, configuration),
                "size": len(configuration),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                    "digest": self.add_blob(repository, layer),
                    "size": len(layer),
                }
                for layer in layers
            ],
        }
        return self.add_manifest(repository, tag, document)

    def manifest(self, repository, reference):
        """A manifest or index, read; by its tag or digest."""
        digest = self.tags[repository].get(reference, reference)
        return json.loads(self.manifests[repository][digest][1])

    # What it was asked.

    def requests(self, method="", pattern=""):
        """The requests of a method (any, when empty) whose path has the pattern in it."""
        with self.lock:
            return [
                each
                for each in self.asked
                if each.method == (method or each.method) and re.search(pattern, each.path)
            ]

    def count(self, method="", pattern=""):
        """How many those are."""
        return len(self.requests(method, pattern))

    def forget_requests(self):
        """Begin counting anew."""
        with self.lock:
            self.asked.clear()

    def fail(self, method, pattern, **fault):
        """Answer the next request of `method` and `pattern` with a fault; see `Fault`."""
        with self.lock:
            self.faults.append(Fault(method, pattern, **fault))

    # What a request changes.

    def fault(self, method, path):
        with self.lock:
            for each in self.faults:
                if each.times and each.method == method and re.search(each.pattern, path):
                    each.times -= 1
                    return each
        return None

    def grant(self, scopes):
        """A new token for the scopes."""
        with self.lock:
            token = f"token-{next(self._ids)}"
            self.tokens[token] = scopes
        return token

    def begin_upload(self):
        with self.lock:
            name = f"upload-{next(self._ids)}"
            self.uploads[name] = bytearray()
        return name

    def lacking(self, repository, document):
        """The digests that a manifest names and its repository does not have."""
        named = [each["digest"] for each in document.get("layers", [])]
        if "config" in document:
            named.append(document["config"]["digest"])
        manifests = [each["digest"] for each in document.get("manifests", [])]
        with self.lock:
            blobs = [each for each in named if each not in self.linked[repository]]
            return blobs + [each for each in manifests if each not in self.manifests[repository]]
