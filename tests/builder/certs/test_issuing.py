"""Folders of certificates: what is made, kept, renewed and refused, and who may read it."""

import base64
import datetime as dt
import os
import re
import stat
import subprocess

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from wherry_build.certs import document, issue, text
from wherry_build.certs import store as files
from wherry_build.certs.authority import make_authority
from wherry_build.certs.order import Action
from wherry_build.errors import CertificateError, InvalidName


def contents(folder):
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*.*")}


def mode(file):
    return stat.S_IMODE(file.stat().st_mode)


@pytest.fixture
def certs(tmp_path):
    return tmp_path / "certs"


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_what_is_made_and_who_may_read_it(issued, certs, umask):
    before = os.umask(umask)
    try:
        report = issued("hello", "orders")
    finally:
        os.umask(before)
    found = {
        str(each.relative_to(certs)): mode(each) for each in certs.rglob("*") if each.is_file()
    }
    assert found == {
        "ca/.gitignore": 0o644,
        "ca/ca.crt": 0o644,
        "ca/ca.key": 0o600,
        **{
            f"fns/{name}/{file}": allowed
            for name in ("hello", "orders")
            for file, allowed in {
                ".gitignore": 0o644,
                "tls.crt": 0o644,
                "tls.key": 0o600,
                f"{name}-tls.yaml": 0o600,
            }.items()
        },
    }
    assert [each.action for each in report.issued] == [Action.MADE, Action.MADE]
    assert report.action is Action.MADE


def test_a_key_is_never_readable_for_others_while_it_is_written(issued, monkeypatch):
    """Every file that is opened for a key is its owner's from its first moment."""
    seen = []
    real = os.fdopen

    def watched(descriptor, *words, **options):
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return real(descriptor, *words, **options)

    monkeypatch.setattr(files.os, "fdopen", watched)
    issued("hello")
    assert len(seen) > 5
    assert set(seen) == {0o600}


def test_a_write_that_fails_leaves_nothing(issued, certs, monkeypatch):
    issued("hello")
    before = contents(certs)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        issued("hello", is_forced=True)
    assert contents(certs) == before


def test_the_secret(issued, certs):
    issued("hello", secret="edge")
    text = (certs / "fns/hello/edge.yaml").read_text()
    found = yaml.safe_load(text)
    assert found["type"] == "kubernetes.io/tls"
    assert (found["apiVersion"], found["kind"]) == ("v1", "Secret")
    assert (found["metadata"]["name"], found["metadata"]["namespace"]) == ("edge", "fns")
    data = {name: base64.b64decode(value, validate=True) for name, value in found["data"].items()}
    assert data == {
        "ca.crt": (certs / "ca/ca.crt").read_bytes(),
        "tls.crt": (certs / "fns/hello/tls.crt").read_bytes(),
        "tls.key": (certs / "fns/hello/tls.key").read_bytes(),
    }


def test_git_does_not_see_what_is_private(issued, tmp_path):
    issued("hello")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "certs/fns/hello/.tls.key.abc").write_text("left by a crash")
    command = ["git", "ls-files", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == [
        "certs/ca/.gitignore",
        "certs/ca/ca.crt",
        "certs/fns/hello/.gitignore",
        "certs/fns/hello/tls.crt",
    ]


def test_a_gitignore_that_is_there_is_added_to_once(issued, certs):
    folder = certs / "fns/hello"
    folder.mkdir(parents=True)
    (folder / ".gitignore").write_text("*.log")
    issued("hello")
    issued("hello", is_forced=True)
    expected = "*.log\n/tls.key\n/.tls.key.*\n/hello-tls.yaml\n/.hello-tls.yaml.*\n"
    assert (folder / ".gitignore").read_text() == expected


@pytest.mark.parametrize("after_days", [0, 59])
def test_what_is_good_is_kept(issued, certs, after_days):
    issued("hello")
    before = contents(certs)
    report = issued("hello", after_days=after_days)
    assert (report.action, report.issued[0].action) == (Action.KEPT, Action.KEPT)
    assert contents(certs) == before


@pytest.mark.parametrize("after_days", [60, 89, 100])
def test_what_ends_soon_is_renewed_and_nothing_else(issued, certs, after_days):
    issued("hello")
    issued("late", after_days=59)
    before = contents(certs)
    report = issued("hello", "late", after_days=after_days)
    renewed = {"fns/hello/tls.crt", "fns/hello/tls.key", "fns/hello/hello-tls.yaml"}
    assert [each.action for each in report.issued] == [Action.RENEWED, Action.KEPT]
    after = contents(certs)
    assert {name for name in after if after[name] != before.get(name)} == renewed


def test_how_soon_is_said(issued):
    issued("hello")
    kept = issued("hello", after_days=80, renew_within=dt.timedelta(days=9))
    assert kept.issued[0].action is Action.KEPT
    renewed = issued("hello", after_days=80, renew_within=dt.timedelta(days=10))
    assert renewed.issued[0].action is Action.RENEWED


def test_a_renewed_certificate_is_of_the_same_authority_with_another_key(issued, certs):
    first = issued("hello").issued[0].certificate
    report = issued("hello", after_days=70)
    second = report.issued[0].certificate
    second.verify_directly_issued_by(report.root)
    assert second.public_key() != first.public_key()
    assert second.serial_number != first.serial_number
    assert files.read_pair(certs / "fns/hello").certificate == second


def test_a_secret_that_is_missing_is_written_from_what_is_there(issued, certs):
    issued("hello")
    before = contents(certs)
    (certs / "fns/hello/hello-tls.yaml").unlink()
    assert issued("hello").issued[0].action is Action.KEPT
    assert contents(certs) == before


def test_force_makes_the_leaf_anew_and_never_the_authority(issued, certs):
    issued("hello")
    before = contents(certs)
    report = issued("hello", is_forced=True)
    assert (report.action, report.issued[0].action) == (Action.KEPT, Action.REPLACED)
    after = contents(certs)
    assert after["ca/ca.key"] == before["ca/ca.key"]
    assert after["fns/hello/tls.key"] != before["fns/hello/tls.key"]
    assert issued("hello").issued[0].action is Action.KEPT


def test_force_goes_over_a_half(issued, certs):
    issued("hello")
    (certs / "fns/hello/tls.crt").unlink()
    assert issued("hello", is_forced=True).issued[0].action is Action.REPLACED


def test_force_goes_over_a_lonely_secret(issued, certs):
    issued("hello")
    for name in ("tls.crt", "tls.key"):
        (certs / "fns/hello" / name).unlink()
    assert issued("hello", is_forced=True).issued[0].action is Action.MADE


def test_an_authority_elsewhere_is_used_again(issued, tmp_path):
    shared = tmp_path / "shared-ca"
    first = issued("hello", authority=shared)
    second = issued("orders", authority=shared, output=tmp_path / "other")
    assert (first.action, second.action) == (Action.MADE, Action.KEPT)
    assert first.root == second.root
    assert not (tmp_path / "certs/ca").exists()


def pem_of(*certificates):
    return b"".join(each.public_bytes(files.serialization.Encoding.PEM) for each in certificates)


def test_a_chain_is_sent_without_its_root(issued, certs, now):
    """The authority may be an intermediate one: callers trust the root, servers send the rest."""
    root = make_authority(now=now).issuer
    folder = certs / "ca"
    key = files.ec.generate_private_key(files.ec.SECP256R1())
    middle = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "middle")]))
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root.key, hashes.SHA256())
    )
    pair = files.Pair(certificate=middle, key=key)
    files.write_private(folder / "ca.key", pair.key_pem())
    files.write_public(folder / "ca.crt", pem_of(middle, root.certificate))
    report = issued("hello")
    assert report.root == root.certificate
    sent = x509.load_pem_x509_certificates((certs / "fns/hello/tls.crt").read_bytes())
    assert sent == [report.issued[0].certificate, middle]
    found = yaml.safe_load((certs / "fns/hello/hello-tls.yaml").read_text())
    assert base64.b64decode(found["data"]["ca.crt"]) == pem_of(root.certificate)

    (folder / "ca.crt").write_bytes(pem_of(middle))
    with pytest.raises(CertificateError, match="which another signed"):
        issued("orders")


FAULTS = {
    "no certificate": (lambda folder: (folder / "tls.crt").unlink(), "tls.crt is not"),
    "no key": (lambda folder: (folder / "tls.key").unlink(), "tls.key is not"),
    "garbage": (lambda folder: (folder / "tls.crt").write_text("x"), "no certificate in PEM"),
    "garbage for a key": (lambda folder: (folder / "tls.key").write_text("x"), "no private key"),
    "too much": (lambda folder: (folder / "tls.key").write_bytes(b"x" * 2**21), "bytes"),
    "another Secret": (
        lambda folder: (folder / "hello-tls.yaml").write_text("kind: Secret\n"),
        "holds something else",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_ours_is_never_written_over(issued, certs, fault):
    """One refusal, and no file is touched: not those of the service beside it either."""
    change, said = FAULTS[fault]
    issued("hello")
    change(certs / "fns/hello")
    before = contents(certs)
    with pytest.raises(CertificateError, match=said) as raised:
        issued("fresh", "hello")
    assert "--force" in raised.value.hint
    assert contents(certs) == before


def test_a_key_of_another_certificate_is_noticed(issued, certs):
    issued("hello", "orders")
    (certs / "fns/orders/tls.key").replace(certs / "fns/hello/tls.key")
    with pytest.raises(CertificateError, match=r"is not the certificate of tls\.key"):
        issued("hello")


def test_other_names_want_force(issued):
    issued("hello")
    with pytest.raises(CertificateError, match=r"expected .*a\.example\.com") as raised:
        issued("hello", hosts=["a.example.com"])
    assert "--force" in raised.value.hint
    assert issued("hello", hosts=["a.example.com"], is_forced=True)


def test_another_authority_wants_force(issued, tmp_path):
    issued("hello")
    with pytest.raises(CertificateError, match="signed by another CA"):
        issued("hello", authority=tmp_path / "other")
    assert not (tmp_path / "other").exists()


AUTHORITIES = {
    "no key": (lambda folder: (folder / "ca.key").unlink(), r"ca\.key is not"),
    "no certificate": (lambda folder: (folder / "ca.crt").unlink(), r"ca\.crt is not"),
    "garbage": (lambda folder: (folder / "ca.crt").write_text("x"), "no certificate in PEM"),
    "a link to nowhere": (
        lambda folder: ((folder / "ca.key").unlink(), (folder / "ca.key").symlink_to("none")),
        "is no file",
    ),
}


@pytest.mark.parametrize("fault", AUTHORITIES)
@pytest.mark.parametrize("is_forced", [False, True])
def test_an_authority_is_never_written_over(issued, certs, fault, is_forced):
    change, said = AUTHORITIES[fault]
    issued("hello")
    change(certs / "ca")
    with pytest.raises(CertificateError, match=said):
        issued("hello", is_forced=is_forced)


def test_a_leaf_is_no_authority(issued, certs):
    issued("hello")
    for kind in ("crt", "key"):
        (certs / f"fns/hello/tls.{kind}").replace(certs / f"ca/ca.{kind}")
    with pytest.raises(CertificateError, match="which another signed"):
        issued("orders")


def test_a_key_with_a_password_is_not_guessed(issued, certs):
    issued("hello")
    pair = files.read_authority(certs / "ca").issuer
    locked = pair.key.private_bytes(
        files.serialization.Encoding.PEM,
        files.serialization.PrivateFormat.PKCS8,
        files.serialization.BestAvailableEncryption(b"secret"),
    )
    (certs / "ca/ca.key").write_bytes(locked)
    with pytest.raises(CertificateError, match="has a password"):
        issued("hello")


@pytest.mark.parametrize(("after_days", "said"), [(5 * 365, "ended on"), (-2, "begins on")])
def test_an_authority_signs_in_its_time_only(issued, after_days, said):
    issued("hello")
    with pytest.raises(CertificateError, match=said):
        issued("orders", after_days=after_days)


def test_an_authority_that_ends_soon_is_told_of(issued):
    issued("hello")
    report = issued("orders", after_days=5 * 365 - 20)
    assert any("CA" in each and "make another" in each for each in report.warnings)
    assert report.issued[0].certificate.not_valid_after_utc == report.root.not_valid_after_utc
    again = issued("orders", after_days=5 * 365 - 19)
    assert again.issued[0].action is Action.KEPT, "renewing it would not make it last longer"


def test_a_limited_authority_signs_what_it_may(issued):
    limited = {"scopes": ("example.com",)}
    issued("hello", hosts=["a.example.com"], **limited)
    issued("hello", hosts=["a.example.com"], **limited)
    with pytest.raises(CertificateError, match=r"may not sign b\.example\.org"):
        issued("hello", hosts=["b.example.org"])
    with pytest.raises(CertificateError, match="limited to others"):
        issued("hello", scopes=("example.org",))


def test_limits_come_too_late_for_an_authority_without(issued):
    issued("hello")
    with pytest.raises(CertificateError, match="limited to no names"):
        issued("hello", scopes=("example.com",))


def test_renewal_within_the_whole_life_is_refused(issued, certs):
    with pytest.raises(CertificateError, match="less than 90"):
        issued("hello", renew_within=dt.timedelta(days=90))
    assert not certs.exists()


@pytest.mark.parametrize("secret", ["A", "../x", "a.b/c", "a" * 64, "a\n"])
def test_no_secret_of_another_name(issued, certs, secret):
    with pytest.raises(InvalidName):
        issued("hello", secret=secret)
    assert not certs.exists()


def test_an_open_key_is_told_of(issued, certs):
    issued("hello")
    (certs / "ca/ca.key").chmod(0o644)
    assert any("chmod 600" in each for each in issued("hello").warnings)


def test_the_report_tells_everything_but_keys(order, now, certs):
    report = issue(order("hello", "orders"), now=now)
    shown = text(report) + document(report) + " ".join(report.warnings) + repr(report)
    for file in certs.rglob("*.key"):
        assert all(line not in shown for line in file.read_text().splitlines()[1:-1])
    assert re.search(r"never commit it", shown)


def test_two_at_a_time_never_write_over_each_other(order, now, certs, monkeypatch):
    """Whoever comes second finds the first one's files, and touches none."""
    import wherry_build.certs.issuing as issuing

    def late(folder):
        found = files.read_authority(folder)
        if found is None:
            monkeypatch.setattr(issuing, "read_authority", files.read_authority)
            issue(order("hello"), now=now)
        return found

    monkeypatch.setattr(issuing, "read_authority", late)
    with pytest.raises(CertificateError, match=r"signed by another CA|exists"):
        issue(order("hello"), now=now)
    monkeypatch.undo()
    assert issue(order("hello"), now=now).issued[0].action is Action.KEPT
