"""Keys and certificates in files: read with care, written whole or not at all.

A private file is never readable for others, not for a moment, and is named in a `.gitignore` beside
it. Knows PEM and folders; what is to be signed or kept is decided elsewhere.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from wherry_build.certs.authority import Authority, Pair, PrivateKey
from wherry_build.errors import CertificateError

CA_CERTIFICATE, CA_KEY = "ca.crt", "ca.key"
CERTIFICATE, KEY = "tls.crt", "tls.key"
_LIMIT_BYTES = 1 << 20
_OTHERS = 0o077


def read_authority(folder: Path) -> Authority | None:
    """The authority in `folder`; none when there is nothing of it.

    `ca.crt` may hold a chain: the certificate that signs first, the root last.

    Raises:
        CertificateError: Half of it is missing, or it cannot sign.
    """
    pair = _read(folder, CA_CERTIFICATE, CA_KEY)
    if pair is None:
        return None
    (certificate, *above), key = pair
    authority = Authority(issuer=Pair(certificate=certificate, key=key), above=tuple(above))
    file = folder / CA_CERTIFICATE
    for lower, upper in zip((certificate, *above), above, strict=False):
        if not is_issued_by(lower, upper):
            raise CertificateError(f"{file}: a certificate is not signed by the one after it")
    if not is_issued_by(authority.root, authority.root):
        raise CertificateError(
            f"{file}: ends with {authority.root.subject.rfc4514_string()!r}, which another signed",
            hint="append the certificates up to the root, which callers trust",
        )
    for each in (certificate, *above):
        if not _may_sign(each):
            raise CertificateError(f"{file}: holds a certificate that is no authority's")
    return authority


def read_pair(folder: Path) -> Pair | None:
    """The certificate of a service with its key in `folder`; none when there is neither.

    Raises:
        CertificateError: Half of it is missing, it cannot be read, or the two do not belong
            together.
    """
    found = _read(folder, CERTIFICATE, KEY)
    return None if found is None else Pair(certificate=found[0][0], key=found[1])


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the key of `issuer` signed `certificate`."""
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def is_open(file: Path) -> bool:
    """Whether others than the owner may read, write or run `file`."""
    return bool(file.stat().st_mode & _OTHERS)


def write_public(file: Path, content: bytes, *, replace: bool = False) -> None:
    """Write a file that everyone may read."""
    _write(file, content, mode=0o644, replace=replace)


def write_private(file: Path, content: bytes, *, replace: bool = False) -> None:
    """Write a file that only its owner may read, and keep it out of version control."""
    file.parent.mkdir(parents=True, exist_ok=True)
    _ignore(file)
    _write(file, content, mode=0o600, replace=replace)


def _read(
    folder: Path, certificate: str, key: str
) -> tuple[list[x509.Certificate], PrivateKey] | None:
    files = folder / certificate, folder / key
    present = [os.path.lexists(file) for file in files]
    if not any(present):
        return None
    if not all(present):
        there, missing = files if present[0] else reversed(files)
        raise CertificateError(f"{there} is there, {missing.name} is not")
    chain, private = _certificates(files[0]), _private_key(files[1])
    if chain[0].public_key() != private.public_key():
        raise CertificateError(f"{files[0]} is not the certificate of {files[1].name}")
    return chain, private


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_content(file))
    except ValueError:
        raise CertificateError(f"{file}: got no certificate in PEM") from None


def _private_key(file: Path) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(_content(file), password=None)
    except TypeError:
        raise CertificateError(f"{file}: has a password, expected a key without one") from None
    except ValueError:
        raise CertificateError(f"{file}: got no private key in PEM") from None
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise CertificateError(f"{file}: expected a key for ECDSA or RSA")
    return key


def _content(file: Path) -> bytes:
    if not file.is_file():
        raise CertificateError(f"{file} is no file")
    with file.open("rb") as stream:
        content = stream.read(_LIMIT_BYTES + 1)
    if len(content) > _LIMIT_BYTES:
        raise CertificateError(f"{file}: over {_LIMIT_BYTES} bytes")
    return content


def _may_sign(certificate: x509.Certificate) -> bool:
    extensions = certificate.extensions
    try:
        if not extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        return False
    try:
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True


def _write(file: Path, content: bytes, *, mode: int, replace: bool) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp's file is its owner's alone, whatever the umask is.
    descriptor, made = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        if replace:
            Path(made).replace(file)
            return
        try:
            os.link(made, file)  # unlike a rename, it never takes the place of another file
        except FileExistsError:
            raise CertificateError(
                f"{file} exists", hint="keep it elsewhere, or write over it with --force"
            ) from None
    finally:
        Path(made).unlink(missing_ok=True)


def _ignore(file: Path) -> None:
    """Name `file`, and what it is written by way of, in the `.gitignore` of its folder."""
    ignored = file.parent / ".gitignore"
    text = ignored.read_text(encoding="utf-8") if ignored.exists() else ""
    wanted = (f"/{file.name}", f"/.{file.name}.*")
    lines = [line for line in wanted if line not in text.splitlines()]
    if lines:
        head = text if not text or text.endswith("\n") else f"{text}\n"
        _write(ignored, (head + "\n".join(lines) + "\n").encode(), mode=0o644, replace=True)
