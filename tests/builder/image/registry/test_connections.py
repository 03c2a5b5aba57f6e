import base64

import pytest
from tests.builder.image.recording_registry import RecordingRegistry
from tests.builder.image.registry.conftest import IMPATIENT
from tests.builder.image.registry.tls import proxy, write_certificates

from wherry_build.errors import RegistryUnavailable
from wherry_build.image.registry.registries import Registries

HOST = "registry.example.com"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return write_certificates(tmp_path_factory.mktemp("certificates"), HOST)


@pytest.fixture
def far(certificates, monkeypatch):
    """A registry of another name, behind a proxy; `tunnel.asked` is what that was asked."""
    with RecordingRegistry(tls=certificates[1:]) as registry, proxy(registry.port) as tunnel:
        registry.tunnel = tunnel
        monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
        registry.add_image("acme/hello", "1")
        yield registry


@pytest.fixture
def ask():
    """Ask a registry for a manifest."""
    made = []

    def ask(host=HOST, **options):
        made.append(Registries(patience=IMPATIENT, **options))
        return made[-1].repository(host, "acme/hello").manifest("1")

    yield ask
    for each in made:
        each.close()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_certificate_authority_of_ones_own_is_trusted(
    variable, far, ask, certificates, monkeypatch
):
    monkeypatch.setenv(variable, str(certificates[0]))
    assert ask() is not None
    assert far.tunnel.asked[0][0].startswith(f"CONNECT {HOST}:443 HTTP/1.")


def test_the_certificates_that_docker_has_for_a_registry_are_trusted_for_it_alone(
    far, registries, certificates, home
):
    folder = home / ".docker" / "certs.d" / HOST
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_bytes(certificates[0].read_bytes())
    assert registries.repository(HOST, "acme/hello").manifest("1") is not None
    with pytest.raises(RegistryUnavailable, match="local issuer"):
        registries.repository("other.example.com", "acme/hello").manifest("1")


def test_a_certificate_of_nobody_is_told_with_the_way_out(far, ask):
    with pytest.raises(RegistryUnavailable) as caught:
        ask()
    assert f"{HOST}: its certificate is not trusted" in caught.value.message
    assert "SSL_CERT_FILE=FILE" in caught.value.hint
    assert "--insecure" in caught.value.hint
    assert far.count() == 0
    assert len(far.tunnel.asked) == 1  # a certificate gets no better by asking again


def test_a_certificate_for_another_name_is_refused(far, ask, certificates, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates[0]))
    with pytest.raises(RegistryUnavailable, match="not trusted"):
        ask("other.example.com")


def test_who_does_not_care_gets_on(far, ask):
    assert ask(is_insecure=True) is not None


def test_plain_http_is_spoken_only_by_those_who_do_not_care(registry, ask, monkeypatch):
    registry.add_image("acme/hello", "1")
    with proxy(registry.port) as tunnel:
        monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
        monkeypatch.setenv("HTTP_PROXY", registry.url)
        with pytest.raises(RegistryUnavailable) as caught:
            ask()
        assert "does not speak TLS" in caught.value.message
        assert "--insecure" in caught.value.hint
        assert registry.count("GET", "/manifests/") == 0


def test_a_registry_here_may_speak_tls_to_those_who_do_not_care(certificates, ask):
    with RecordingRegistry(tls=certificates[1:]) as registry:
        registry.add_image("acme/hello", "1")
        assert ask(registry.host, is_insecure=True) is not None


@pytest.mark.parametrize("ask_for", ["manifest", "digest"])
def test_a_registry_here_that_wants_tls_gets_it(ask_for, certificates, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates[0]))
    with RecordingRegistry(tls=certificates[1:]) as registry:
        registry.add_image("acme/hello", "1")
        registries = Registries(patience=IMPATIENT)
        assert getattr(registries.repository(registry.host, "acme/hello"), ask_for)("1")
        registries.close()


def test_a_registry_here_is_asked_in_plain_http(registry, ask):
    registry.add_image("acme/hello", "1")
    assert ask(registry.host) is not None
    assert ask(registry.host, is_insecure=True) is not None


def test_this_machine_is_behind_no_proxy(registry, ask, monkeypatch):
    registry.add_image("acme/hello", "1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert ask(registry.host) is not None


def test_some_are_behind_no_proxy(far, ask, monkeypatch):
    monkeypatch.setenv("NO_PROXY", ".example.com,10.0.0.0/8")
    with pytest.raises(RegistryUnavailable):
        ask()
    assert far.tunnel.asked == []


def test_a_proxy_is_shown_its_own_password(far, ask, certificates, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates[0]))
    monkeypatch.setenv("https_proxy", far.tunnel.url.replace("://", "://ann:s%40cret@"))
    monkeypatch.delenv("HTTPS_PROXY")
    assert ask() is not None
    shown = base64.b64encode(b"ann:s@cret").decode()
    assert f"proxy-authorization: Basic {shown}" in far.tunnel.asked[0][1]
    assert "proxy-authorization" not in far.asked[0].headers


@pytest.mark.parametrize("given", ["socks5://127.0.0.1:1", "http://"])
def test_a_proxy_that_is_none_is_told(given, ask, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", given)
    with pytest.raises(RegistryUnavailable) as caught:
        ask()
    assert "HTTPS_PROXY" in caught.value.hint


def test_certificates_that_cannot_be_read_are_told(far, ask, tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "absent.pem"))
    with pytest.raises(RegistryUnavailable, match=r"absent\.pem cannot be read"):
        ask()
    (tmp_path / "empty.pem").write_text("no certificate")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "empty.pem"))
    with pytest.raises(RegistryUnavailable, match=r"empty\.pem cannot be read"):
        ask()


def test_a_token_service_without_tls_is_refused(certificates, ask, monkeypatch):
    with (
        RecordingRegistry(username="ann", password="x", tls=certificates[1:]) as registry,
        proxy(registry.port) as tunnel,
    ):
        monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates[0]))
        challenge = {"WWW-Authenticate": 'Bearer realm="http://tokens.example.com/"'}
        registry.fail("GET", "/manifests/", status=401, headers=challenge)
        with pytest.raises(RegistryUnavailable, match="no https URL"):
            ask()


def test_a_redirect_away_from_tls_is_refused(far, ask, certificates, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates[0]))
    far.fail("GET", "/manifests/", status=307, headers={"Location": "http://evil.example.com/"})
    with pytest.raises(RegistryUnavailable, match="redirects to what is not https"):
        ask()
