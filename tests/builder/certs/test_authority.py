"""What is signed, field by field; and what others who verify say of it."""

import datetime as dt
import ipaddress
import re
import shutil
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from wherry_build.certs import identity, scope
from wherry_build.certs.authority import Authority, Pair, make_authority
from wherry_build.certs.constraints import allows, refused
from wherry_build.certs.identity import scopes_of

HOSTS = ["fns.example.com", "127.0.0.1", "::1"]
HELLO = identity("hello", namespace="fns", hosts=HOSTS)
DAY = dt.timedelta(days=1)


def pem(certificate):
    return certificate.public_bytes(Encoding.PEM)


def extension(certificate, kind):
    found = certificate.extensions.get_extension_for_class(kind)
    return found.value, found.critical


@pytest.fixture
def leaf(authority, now):
    return authority.issue(HELLO, now=now).certificate


def verified(leaf, root, name, at):
    """Let another implementation of RFC 5280 verify `leaf` for `name`, at a time."""
    subject = x509.DNSName(name) if isinstance(name, str) else x509.IPAddress(name)
    policy = PolicyBuilder().store(Store([root])).time(at)
    return policy.build_server_verifier(subject).verify(leaf, [])


def test_the_authority(authority, now):
    root = authority.root
    assert root.subject == root.issuer
    assert re.fullmatch(r"CN=wherry CA [0-9a-f]{8}", root.subject.rfc4514_string())
    assert isinstance(root.public_key().curve, ec.SECP256R1)
    assert isinstance(root.signature_hash_algorithm, hashes.SHA256)
    assert root.not_valid_before_utc == now - dt.timedelta(minutes=5)
    assert root.not_valid_after_utc - root.not_valid_before_utc == 5 * 365 * DAY
    basic, is_critical = extension(root, x509.BasicConstraints)
    assert (basic.ca, basic.path_length, is_critical) == (True, 0, True)
    usage, is_critical = extension(root, x509.KeyUsage)
    assert is_critical
    assert usage.key_cert_sign
    assert usage.crl_sign
    assert not usage.digital_signature
    assert {each.value.__class__ for each in root.extensions} == {
        x509.BasicConstraints,
        x509.KeyUsage,
        x509.SubjectKeyIdentifier,
        x509.AuthorityKeyIdentifier,
    }


def test_the_leaf(leaf, authority, now):
    root = authority.root
    assert leaf.issuer == root.subject
    assert isinstance(leaf.public_key().curve, ec.SECP256R1)
    assert isinstance(leaf.signature_hash_algorithm, hashes.SHA256)
    assert leaf.not_valid_before_utc == now - dt.timedelta(minutes=5)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == 90 * DAY
    names, _ = extension(leaf, x509.SubjectAlternativeName)
    assert names.get_values_for_type(x509.DNSName) == list(HELLO.dns_names)
    assert names.get_values_for_type(x509.IPAddress) == list(HELLO.addresses)
    basic, is_critical = extension(leaf, x509.BasicConstraints)
    assert (basic.ca, is_critical) == (False, True)
    usage, is_critical = extension(leaf, x509.KeyUsage)
    assert is_critical
    assert usage.digital_signature
    assert not (usage.key_encipherment or usage.key_cert_sign or usage.key_agreement)
    extended, _ = extension(leaf, x509.ExtendedKeyUsage)
    assert list(extended) == [ExtendedKeyUsageOID.SERVER_AUTH]
    subject_key, _ = extension(leaf, x509.SubjectKeyIdentifier)
    assert subject_key == x509.SubjectKeyIdentifier.from_public_key(leaf.public_key())
    authority_key, _ = extension(leaf, x509.AuthorityKeyIdentifier)
    assert authority_key.key_identifier == extension(root, x509.SubjectKeyIdentifier)[0].digest


def test_serials_and_keys_are_never_used_twice(authority, now):
    leaves = [authority.issue(HELLO, now=now).certificate for _ in range(20)]
    serials = {each.serial_number for each in leaves}
    keys = {x509.SubjectKeyIdentifier.from_public_key(each.public_key()) for each in leaves}
    assert len(serials) == len(keys) == 20
    assert max(serials).bit_length() > 128
    assert all(each > 0 and each.bit_length() < 160 for each in serials)


def test_no_key_is_shown(authority):
    assert "PRIVATE" not in repr(authority) + str(authority.issuer)
    assert "key" not in repr(authority.issuer)


@pytest.mark.parametrize("name", [*HELLO.dns_names, *HELLO.addresses])
def test_it_is_verified_for_each_of_its_names(leaf, authority, now, name):
    assert len(verified(leaf, authority.root, name, now)) == 2


@pytest.mark.parametrize(
    "name", ["other", "hello.other", "a.hello", "example.com", ipaddress.ip_address("127.0.0.2")]
)
def test_and_for_no_other(leaf, authority, now, name):
    with pytest.raises(VerificationError):
        verified(leaf, authority.root, name, now)


@pytest.mark.parametrize("after", [-1 * DAY, -6 * dt.timedelta(minutes=1), 90 * DAY])
def test_it_is_not_verified_before_it_begins_nor_after_it_ends(leaf, authority, now, after):
    with pytest.raises(VerificationError):
        verified(leaf, authority.root, "hello", now + after)


@pytest.mark.parametrize("after", [-4 * dt.timedelta(minutes=1), 89 * DAY])
def test_it_is_verified_as_long_as_it_is_good(leaf, authority, now, after):
    assert verified(leaf, authority.root, "hello", now + after)


def test_it_ends_no_later_than_what_signs_it(authority, now):
    leaf = authority.issue(HELLO, now=now + 5 * 365 * DAY - 10 * DAY).certificate
    assert leaf.not_valid_after_utc == authority.root.not_valid_after_utc


def test_another_authority_is_not_believed(leaf, now):
    with pytest.raises(VerificationError):
        verified(leaf, make_authority(now=now).root, "hello", now)


def test_an_authority_with_an_rsa_key_signs_too(now):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "theirs")])
    root = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + 30 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    leaf = Authority(issuer=Pair(certificate=root, key=key)).issue(HELLO, now=now).certificate
    leaf.verify_directly_issued_by(root)
    authority_key, _ = extension(leaf, x509.AuthorityKeyIdentifier)
    expected = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    assert authority_key.key_identifier == expected.digest


def limited(now, *scopes):
    given = [*scopes_of([HELLO]), *map(scope, scopes)]
    return make_authority(now=now, scopes=given)


@pytest.mark.parametrize(
    ("hosts", "wrong"),
    [
        (HOSTS, ()),
        (["a.example.com", "b.a.example.com", "10.1.2.3"], ()),
        (["example.org"], ("example.org",)),
        (["badexample.com"], ("badexample.com",)),
        (["11.0.0.1"], ("11.0.0.1",)),
        (["2001:db8::1"], ("2001:db8::1",)),
    ],
)
def test_a_limited_authority_is_believed_within_its_limits(now, hosts, wrong):
    """Ours says beforehand what whoever verifies says afterwards."""
    ca = limited(now, "example.com", "10.0.0.0/8")
    who = identity("hello", namespace="fns", hosts=hosts)
    assert refused(who, ca.root) == wrong
    leaf = ca.issue(who, now=now).certificate
    if wrong:
        with pytest.raises(VerificationError, match=r"(?i)permitted|excluded|constraint"):
            verified(leaf, ca.root, "hello", now)
    else:
        assert verified(leaf, ca.root, "hello", now)


def test_without_a_network_no_address_is_within_the_limits(now):
    ca = make_authority(now=now, scopes=["example.com"])
    who = identity("hello", namespace="fns", hosts=["10.0.0.1", "::1"])
    assert refused(who, ca.root) == (*who.dns_names, "10.0.0.1", "::1")


@pytest.mark.parametrize(
    ("scopes", "is_enough"),
    [
        (["example.com"], True),
        (["a.example.com", "10.1.0.0/16"], True),
        (["com"], False),
        (["0.0.0.0/0"], False),
        (["::/0"], False),
    ],
)
def test_what_an_authority_is_limited_to(now, scopes, is_enough):
    ca = limited(now, "example.com", "10.0.0.0/8")
    assert allows(ca.root, map(scope, scopes)) is is_enough
    assert not allows(make_authority(now=now).root, map(scope, scopes))


@pytest.fixture
def openssl(tmp_path, leaf, authority):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    (tmp_path / "tls.crt").write_bytes(pem(leaf))
    (tmp_path / "ca.crt").write_bytes(pem(authority.root))

    def openssl(*words):
        return subprocess.run(
            ["openssl", *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return openssl


VERIFY = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.crt"]


@pytest.mark.interop
@pytest.mark.parametrize("name", HELLO.dns_names)
def test_openssl_verifies_it(openssl, name):
    done = openssl(*VERIFY, "-verify_hostname", name, "tls.crt")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "tls.crt: OK\n"


@pytest.mark.interop
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-verify_hostname", "other"], "hostname mismatch"),
        (["-verify_ip", "127.0.0.2"], "IP address mismatch"),
        (["-purpose", "sslclient"], "unsuitable certificate purpose"),
    ],
)
def test_openssl_refuses_it_for_what_it_is_not(openssl, words, said):
    done = openssl(*VERIFY, *words, "tls.crt")
    assert done.returncode != 0
    assert said in (done.stdout + done.stderr)


@pytest.mark.interop
@pytest.mark.parametrize(
    ("after", "said"),
    [(-1 * DAY, "not yet valid"), (91 * DAY, "has expired"), (89 * DAY, "OK")],
)
def test_openssl_moves_the_clock(openssl, now, after, said):
    at = int((now + after).timestamp())
    done = openssl(*VERIFY, "-attime", str(at), "tls.crt")
    assert said in done.stdout + done.stderr
    assert (done.returncode == 0) is (said == "OK")


@pytest.mark.interop
def test_openssl_reads_every_field(openssl):
    text = openssl("x509", "-text", "-noout", "-in", "tls.crt").stdout
    expected = (
        r".*Version: 3 .*Signature Algorithm: ecdsa-with-SHA256.*Subject: CN ?= ?hello\n"
        r".*NIST CURVE: P-256\n.*Basic Constraints: critical\n +CA:FALSE\n"
        r".*Key Usage: critical\n +Digital Signature\n.*Extended Key Usage: \n +TLS Web Server "
        r"Authentication\n.*Alternative Name: \n +DNS:hello, DNS:hello.fns, DNS:hello.fns.svc, "
        r"DNS:hello.fns.svc.cluster.local, DNS:fns.example.com, IP Address:127.0.0.1, "
        r"IP Address:0:0:0:0:0:0:0:1\n.*Subject Key Identifier.*Authority Key Identifier.*"
    )
    assert re.fullmatch(expected, text, re.DOTALL), text
