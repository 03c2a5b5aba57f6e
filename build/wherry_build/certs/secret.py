"""The `kubernetes.io/tls` Secret that gateways, ingresses and sidecars read."""

from __future__ import annotations

import base64

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from wherry_build import names
from wherry_build.certs.authority import Authority, Pair
from wherry_build.manifests.document import metadata
from wherry_build.manifests.yaml import dump


def chain_pem(pair: Pair, authority: Authority) -> bytes:
    """What a server presents: its certificate, and those between it and the root."""
    return pair.certificate_pem() + b"".join(map(_pem, authority.sent))


def secret_manifest(
    pair: Pair, authority: Authority, *, name: str, namespace: str, service: str
) -> str:
    """The Secret as YAML; whoever reads it has the private key."""
    return dump(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata(
                names.secret_name(name), namespace=names.namespace(namespace), function=service
            ),
            "type": "kubernetes.io/tls",
            "data": {
                "ca.crt": _encoded(_pem(authority.root)),
                "tls.crt": _encoded(chain_pem(pair, authority)),
                "tls.key": _encoded(pair.key_pem()),
            },
        }
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
