"""Certificates of a CA of the test's own, and a proxy that leads every name to this machine."""

import datetime as dt
import ipaddress
import select
import socket
import socketserver
import threading
from contextlib import contextmanager

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def write_certificates(folder, host):
    """Files of a CA's certificate, of one for `host` and this machine, and of its key."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
    authority = _signed(authority_name, authority_name, authority_key, authority_key, is_ca=True)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = _signed(name, authority_name, key, authority_key, host=host)
    files = [folder / each for each in ("ca.pem", "chain.pem", "key.pem")]
    files[0].write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[2].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def _signed(name, issuer, key, signing_key, *, is_ca=False, host=""):
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        # Python 3.13 and later want these of a chain.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()),
            critical=False,
        )
    )
    if is_ca:
        builder = builder.add_extension(_may_sign(), critical=True)
    if host:
        loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        names = x509.SubjectAlternativeName([x509.DNSName(host), loopback])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signing_key, hashes.SHA256())


def _may_sign():
    rights = dict.fromkeys(
        (
            "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
            "key_agreement", "encipher_only", "decipher_only",
        ),
        False,
    )  # fmt: skip
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, **rights)


class _Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode()
        headers = []
        while header := self.rfile.readline().strip():
            headers.append(header.decode())
        self.server.asked.append((line.strip(), headers))
        with socket.create_connection(("127.0.0.1", self.server.leads_to), timeout=30) as other:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            ends = {self.connection: other, other: self.connection}
            while True:
                ready, _, _ = select.select(list(ends), [], [], 30)
                for end in ready:
                    block = end.recv(65536)
                    if not block:
                        return
                    ends[end].sendall(block)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """A client that went away is what some tests are about."""


@contextmanager
def proxy(leads_to):
    """A proxy for TLS whose every way ends at a port of this machine; `url`, and `asked`."""
    with _Server(("127.0.0.1", 0), _Tunnel) as server:
        server.leads_to, server.asked = leads_to, []
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
