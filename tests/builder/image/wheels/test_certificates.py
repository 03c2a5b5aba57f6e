"""An index of a company: its own authority, told by the variables that pip and uv know."""

import datetime as dt
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.builder.image.wheels.package_index import package_index
from tests.builder.image.wheels.wheel_making import AMD64, locked, wheel, wheel_name

from wherry_build.certs import Order, identity, issue
from wherry_build.errors import IndexUnavailable
from wherry_build.image.engine import WheelSources
from wherry_build.image.wheels import tool
from wherry_build.image.wheels.download import fetch
from wherry_build.image.wheels.index_settings import IndexSettings, read_index_settings
from wherry_build.image.wheels.resolution import resolve


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """The file of an authority, and the folder of a certificate of it for this address."""
    folder = tmp_path_factory.mktemp("certs")
    served = identity("index", namespace="fns", hosts=["127.0.0.1"])
    order = Order(identities=(served,), output=folder, authority=folder / "ca")
    (issued,) = issue(order, now=dt.datetime.now(dt.timezone.utc)).issued
    return folder / "ca/ca.crt", issued.folder


def _client_pem():
    """A key, and a certificate of it that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "builder")])
    now = dt.datetime.now(dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def index(certificates, environment):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = certificates[1]
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    with package_index(context) as served:
        environment.setenv("PIP_INDEX_URL", served.url)
        yield served


@pytest.fixture
def item(index):
    content = wheel("web")
    return locked(content, name="web", url=index.put(wheel_name("web"), content))


@pytest.mark.parametrize("name", ["PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_its_authority_is_named_as_for_pip(item, certificates, cache, progress, environment, name):
    environment.setenv(name, str(certificates[0]))
    assert fetch([item], cache, progress, settings=read_index_settings(WheelSources()))


def test_a_trusted_host_needs_none(item, cache, progress, environment):
    environment.setenv("PIP_TRUSTED_HOST", "127.0.0.1")
    assert fetch([item], cache, progress, settings=read_index_settings(WheelSources()))


def test_without_it_nothing_is_taken_and_the_variable_is_named(
    item, index, cache, progress, environment
):
    environment.setattr("wherry_build.image.wheels.connection._RETRIES", 0)
    with pytest.raises(IndexUnavailable, match=f"{index.origin}: TLS failed") as caught:
        fetch([item], cache, progress, settings=read_index_settings(WheelSources()))
    assert "SSL_CERT_FILE" in caught.value.hint
    assert index.downloads() == []


def test_a_certificate_of_our_own_is_shown(certificates, cache, progress, environment, tmp_path):
    authority, folder = certificates
    own = tmp_path / "own.pem"
    own.write_bytes(_client_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    context.load_verify_locations(own)
    context.verify_mode = ssl.CERT_REQUIRED
    environment.setenv("PIP_CERT", str(authority))
    environment.setattr("wherry_build.image.wheels.connection._RETRIES", 0)
    with package_index(context) as served:
        content = wheel("web")
        item = locked(content, name="web", url=served.put(wheel_name("web"), content))
        with pytest.raises(IndexUnavailable):
            fetch([item], cache, progress, settings=read_index_settings(WheelSources()))
        environment.setenv("PIP_CLIENT_CERT", str(own))
        assert fetch([item], cache, progress, settings=read_index_settings(WheelSources()))


def test_a_file_that_is_none_is_told(item, cache, progress, environment, tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    environment.setenv("PIP_CERT", str(tmp_path / "ca.pem"))
    with pytest.raises(IndexUnavailable, match="certificates cannot be read"):
        fetch([item], cache, progress, settings=read_index_settings(WheelSources()))


@pytest.mark.parametrize("other", ["found_pip", "found_uv"])
def test_both_tools_trust_it_by_pips_variable(
    item, certificates, progress, environment, tmp_path, other
):
    kept = {"found_pip": "found_uv", "found_uv": "found_pip"}[other]
    if getattr(tool, kept)(IndexSettings()) is None:
        pytest.skip(f"{kept.removeprefix('found_')} is not installed")
    environment.setattr(tool, other, lambda _settings: None)
    for module in ("resolution", "locking", "runtime_stub"):
        environment.setattr(
            f"wherry_build.image.wheels.{module}.runtime_requirements", lambda: ("web",)
        )
    environment.setenv("PIP_CERT", str(certificates[0]))
    found = resolve(tmp_path, WheelSources(), AMD64, progress)
    assert [item.pin for item in found] == ["web==1.0"]
