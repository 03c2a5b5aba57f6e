"""A token service for distribution: signed grants to whoever has the password, as docker has it."""

import base64
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER, SERVICE = "wherry-test-issuer", "wherry-test-registry"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        said = parse_qs(urlsplit(self.path).query)
        self.server.asked.append(said)
        pair = base64.b64encode(":".join(self.server.user).encode()).decode()
        if self.headers.get("Authorization") != f"Basic {pair}":
            self._answer(401, {"errors": [{"code": "UNAUTHORIZED"}]})
            return
        grants = []
        for scope in said.get("scope", []):
            kind, name, actions = scope.split(":")
            if name not in self.server.forbidden:
                grants.append({"type": kind, "name": name, "actions": actions.split(",")})
        self._answer(200, {"token": _token(self.server, grants), "expires_in": 300})

    def _answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing is printed."""


@contextmanager
def token_service(chain, key, *, user):
    """A service that signs with a key; `url` is where, `asked` what it was asked, and
    repositories in `forbidden` are in no token."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.asked, server.user, server.forbidden = [], user, set()
    server.key = serialization.load_pem_private_key(key.read_bytes(), None)
    certificate = x509.load_pem_x509_certificate(chain.read_bytes())
    server.der = certificate.public_bytes(serialization.Encoding.DER)
    server.url = f"http://127.0.0.1:{server.server_address[1]}/token"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _token(server, grants):
    now = int(time.time())
    header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(server.der).decode()]}
    claims = {"iss": ISSUER, "sub": server.user[0], "aud": SERVICE, "access": grants}
    claims |= {"exp": now + 300, "nbf": now - 60, "iat": now, "jti": str(time.time_ns())}
    signed = ".".join(_base64(json.dumps(each).encode()) for each in (header, claims))
    r, s = decode_dss_signature(server.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _base64(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
