"""The certificate authority: makes itself, and signs the certificates of services.

ECDSA on P-256 with SHA-256 throughout; extensions as RFC 5280 has them. Keys live in memory here:
no module but `store` knows files, and nothing prints a key.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wherry_build.certs.constraints import limits
from wherry_build.certs.identity import Identity, Network
from wherry_build.errors import CertificateError

LEAF_LIFE = dt.timedelta(days=90)
CA_LIFE = dt.timedelta(days=5 * 365)
"""Many times a leaf's, for every caller must be given the CA anew; an end, for keys get lost."""
CLOCK_SKEW = dt.timedelta(minutes=5)
"""How far behind the clock of a caller may be."""

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)

    def certificate_pem(self) -> bytes:
        """The certificate, as files and Secrets hold it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """The private key in PKCS #8, without a password."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What signs: the issuing pair, and the certificates above it.

    Attributes:
        issuer: Whose key signs.
        above: The certificates above the issuer up to the root; none when it is the root.
    """

    issuer: Pair
    above: tuple[x509.Certificate, ...] = ()

    @property
    def root(self) -> x509.Certificate:
        """What callers trust."""
        return self.above[-1] if self.above else self.issuer.certificate

    @property
    def sent(self) -> tuple[x509.Certificate, ...]:
        """What a server sends after its own certificate: all that is between it and the root."""
        return (self.issuer.certificate, *self.above)[:-1]

    def issue(self, identity: Identity, *, now: dt.datetime) -> Pair:
        """Sign a new key for `identity`, for 90 days or as long as the authority has itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        start = _start(now)
        end = min(start + LEAF_LIFE, *(each.not_valid_after_utc for each in self._chain))
        issuer = self.issuer.certificate
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(identity.service))
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(start, issuer.not_valid_before_utc))
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_alternative_names(identity), critical=False)
            .add_extension(_subject_key(key), critical=False)
            .add_extension(authority_key(issuer), critical=False)
        )
        return Pair(certificate=builder.sign(self.issuer.key, hashes.SHA256()), key=key)

    @property
    def _chain(self) -> tuple[x509.Certificate, ...]:
        return (self.issuer.certificate, *self.above)


def make_authority(*, now: dt.datetime, scopes: Iterable[str | Network] = ()) -> Authority:
    """Make a root that signs leaves only, limited to `scopes` when there are any."""
    key = ec.generate_private_key(ec.SECP256R1())
    # A number in the name: two authorities of one name would be taken for each other.
    name = _name(f"wherry CA {secrets.token_hex(4)}")
    start = _start(now)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(_subject_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
    )
    limited = tuple(scopes)
    if limited:
        builder = builder.add_extension(limits(limited), critical=True)
    return Authority(issuer=Pair(certificate=builder.sign(key, hashes.SHA256()), key=key))


def authority_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """How a certificate names the key that signed it: as the issuer names it itself."""
    try:
        own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        public = issuer.public_key()
        if not isinstance(public, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey)):
            raise CertificateError("the authority's key is neither ECDSA nor RSA") from None
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(public)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _start(now: dt.datetime) -> dt.datetime:
    return now.astimezone(dt.timezone.utc).replace(microsecond=0) - CLOCK_SKEW


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative_names(identity: Identity) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(
        [
            *map(x509.DNSName, identity.dns_names),
            *(x509.IPAddress(ipaddress.ip_address(each)) for each in identity.addresses),
        ]
    )


def _subject_key(key: PrivateKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
