"""The names that a mounted certificate is for: of a Secret, or of cert-manager's Certificate.

It verifies nothing; whether a certificate is valid is not its business.
"""

from __future__ import annotations

import base64
import binascii
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from wherry_build.lint.bundle import Bundle, grouped, may_share_namespace
from wherry_build.lint.containers import ProxyContainer
from wherry_build.lint.document import Document
from wherry_build.lint.node import Keys, Node, at, items, text

_GROUP = "cert-manager.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a certificate is for, and where that is written.

    Attributes:
        names: Its DNS names and IP addresses.
        unread: Why they cannot be told; empty when they can.
    """

    document: Document
    keys: Keys
    names: tuple[str, ...] = ()
    unread: str = ""


def certificates(bundle: Bundle, proxy: ProxyContainer, path: str) -> Iterator[Certificate]:
    """What is known of the certificate that a container sees at `path`."""
    mounted = proxy.mount_of(path)
    if mounted is None:
        return
    mount, inner = mounted
    secret_name = text(at(mount.volume, "secret", "secretName"))
    if not secret_name:
        return
    namespace = proxy.document.namespace
    for request in _requests(bundle).get(secret_name, ()):
        if may_share_namespace(request.namespace, namespace):
            yield Certificate(
                document=request, keys=("spec", "dnsNames"), names=tuple(_requested(request))
            )
    secret = bundle.find("Secret", secret_name, namespace=namespace)
    if secret is not None:
        yield from _of_secret(secret, _key(mount.volume, inner))


@functools.lru_cache(maxsize=1)
def _requests(bundle: Bundle) -> dict[str, list[Document]]:
    """The Certificates of cert-manager by the Secret that they are put into."""
    return grouped(
        (text(each.get("spec", "secretName")), each)
        for each in bundle.of_kind("Certificate", _GROUP)
    )


def covers(names: tuple[str, ...], host: str) -> bool:
    """Whether a certificate for `names` is good for `host` (RFC 6125 section 6.4.3)."""
    asked = host.lower().rstrip(".")
    for name in names:
        given = name.lower().rstrip(".")
        parent = asked.partition(".")[2]
        if given == asked or (parent and given == f"*.{parent}"):
            return True
    return False


def _requested(request: Document) -> Iterator[str]:
    for field in ("dnsNames", "ipAddresses"):
        yield from map(text, items(request.get("spec", field)))
    if text(request.get("spec", "commonName")):
        yield text(request.get("spec", "commonName"))


def _key(volume: Node, path: str) -> str:
    """The key of a Secret that a volume shows as the file `path`."""
    for item in items(at(volume, "secret", "items")):
        if at(item, "path") == path:
            return text(at(item, "key"))
    return path


def _of_secret(secret: Document, key: str) -> Iterator[Certificate]:
    encoded, plain = text(secret.get("data", key)), text(secret.get("stringData", key))
    if not encoded and not plain:
        return
    keys: Keys = ("stringData", key) if plain else ("data", key)
    try:
        pem = plain.encode() if plain else base64.b64decode("".join(encoded.split()), validate=True)
    except (ValueError, binascii.Error):
        return
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        return
    try:
        names = tuple(_names(pem))
    except ImportError:
        yield Certificate(
            document=secret, keys=keys, unread="the package cryptography is not installed"
        )
    except ValueError:
        return
    else:
        yield Certificate(document=secret, keys=keys, names=names)


def _names(pem: bytes) -> Iterator[str]:
    from cryptography import x509

    found = x509.load_pem_x509_certificate(pem)
    try:
        named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise ValueError(str(error)) from error
    yield from named.get_values_for_type(x509.DNSName)
    yield from map(str, named.get_values_for_type(x509.IPAddress))
