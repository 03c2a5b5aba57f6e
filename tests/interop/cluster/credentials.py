"""Certificates of a cluster of one afternoon, and the kubeconfig that holds them.

Knows no server. The client is of `system:masters`, the one group that an API server allows to do
everything without asking another server.
"""

import datetime as dt
import ipaddress
import json
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONTEXT = "wherry-test"
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The files of an authority and of what it signed."""

    authority: Path
    server_certificate: Path
    server_key: Path
    client_certificate: Path
    client_key: Path


def write_credentials(folder: Path) -> Credentials:
    """Make an authority, a server's certificate for loopback and an administrator's."""
    key = ec.generate_private_key(ec.SECP256R1())
    root = _certificate("wherry-test-ca", key, issuer=None)
    written = {"authority": _write(folder / "ca.crt", root)}
    for name, organization, usage in (
        ("server", "wherry-test", SERVER),
        ("client", "system:masters", CLIENT),
    ):
        own_key = ec.generate_private_key(ec.SECP256R1())
        signed = _certificate(
            f"wherry-test-{name}",
            own_key,
            issuer=(root, key),
            organization=organization,
            usage=usage,
        )
        written[f"{name}_certificate"] = _write(folder / f"{name}.crt", signed)
        written[f"{name}_key"] = folder / f"{name}.key"
        written[f"{name}_key"].write_bytes(
            own_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return Credentials(**written)


def write_kubeconfig(file: Path, port: int, credentials: Credentials) -> Path:
    """A kubeconfig of the server on `port`; JSON is YAML."""
    user = {
        "client-certificate": str(credentials.client_certificate),
        "client-key": str(credentials.client_key),
    }
    cluster = {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority": str(credentials.authority),
    }
    file.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": CONTEXT, "cluster": cluster}],
                "users": [{"name": CONTEXT, "user": user}],
                "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
                "current-context": CONTEXT,
            },
            indent=2,
        )
    )
    return file


def client_context(credentials: Credentials) -> ssl.SSLContext:
    """TLS as the administrator."""
    context = ssl.create_default_context(cafile=str(credentials.authority))
    context.load_cert_chain(credentials.client_certificate, credentials.client_key)
    return context


def _certificate(name, key, *, issuer, organization="wherry-test", usage=None):
    now = dt.datetime.now(dt.timezone.utc)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    signer, signing_key = issuer or (None, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if usage is SERVER:
        loopback = x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))
        names = x509.SubjectAlternativeName([loopback, x509.DNSName("localhost")])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signing_key, hashes.SHA256())


def _write(file: Path, certificate) -> Path:
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return file
