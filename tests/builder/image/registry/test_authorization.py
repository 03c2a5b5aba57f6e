import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.builder.image.recording_registry import MANIFEST, RecordingRegistry

from wherry_build.errors import AccessDenied, RegistryError, RegistryUnavailable
from wherry_build.image.content import BytesContent

SECRET = "TOPSECRET:with colon"


@pytest.fixture
def guarded():
    """A registry that wants a token, for anybody who pulls and for ann who pushes."""
    with RecordingRegistry(username="ann", password=SECRET, public=True) as running:
        running.add_image("acme/hello", "1")
        yield running


def test_anybody_gets_a_token_to_pull(guarded, registries):
    repository = registries.repository(guarded.host, "acme/hello")

    assert repository.manifest("1") is not None
    assert repository.manifest("1") is not None

    (asked,) = guarded.requests("GET", "/token")
    assert asked.query == {"service": "test", "scope": "repository:acme/hello:pull"}
    assert "authorization" not in asked.headers
    statuses = [each.status for each in guarded.requests("GET", "/manifests/")]
    assert statuses == [[401], [200], [200]]


def test_the_password_is_shown_to_the_token_service_alone(guarded, registries, log_in):
    log_in(guarded.host, "ann", SECRET)
    repository = registries.repository(guarded.host, "acme/hello", push=True)

    assert repository.has_blob(f"sha256:{'0' * 64}") is False
    shown = [each.headers.get("authorization", "") for each in guarded.requests("HEAD")]
    assert [each.partition(" ")[0] for each in shown] == ["", "Bearer"]
    assert guarded.requests("GET", "/token")[0].headers["authorization"].startswith("Basic ")


def test_a_token_is_asked_for_all_that_is_to_be_mounted(guarded, registries, log_in):
    log_in(guarded.host, "ann", SECRET)
    repository = registries.repository(guarded.host, "a/b", push=True, sources=("c/d", "e/f"))

    repository.has_blob(f"sha256:{'0' * 64}")

    (asked,) = guarded.tokens.values()
    assert set(asked) == {"a/b:pull", "a/b:push", "c/d:pull", "e/f:pull"}


def test_a_service_that_refuses_the_sources_is_asked_for_the_rest(guarded, registries, log_in):
    log_in(guarded.host, "ann", SECRET)
    guarded.fail("GET", "/token", status=403)
    repository = registries.repository(guarded.host, "a/b", push=True, sources=("c/d",))

    assert repository.has_blob(f"sha256:{'0' * 64}") is False
    assert guarded.count("GET", "/token") == 2


def test_an_identity_token_is_posted(registries, log_in):
    with RecordingRegistry(username="ann", password="x", identity_token="refresh-me") as registry:
        registry.add_image("acme/hello", "1")
        log_in(registry.host, identitytoken="refresh-me")

        assert registries.repository(registry.host, "acme/hello").manifest("1") is not None

        assert registry.count("POST", "/token") == 1
        assert registry.count("GET", "/token") == 0


@pytest.mark.parametrize("status", [307, 308])
def test_an_identity_token_goes_to_no_other_host(status, registry, registries, log_in):
    with RecordingRegistry(username="ann", password="x", identity_token="refresh-me") as guarded:
        log_in(guarded.host, identitytoken="refresh-me")
        location = {"Location": f"{registry.url}/token"}
        guarded.fail("POST", "/token", status=status, headers=location)

        with pytest.raises(RegistryUnavailable, match=f"redirects to {registry.host}") as caught:
            registries.repository(guarded.host, "acme/hello").manifest("1")

    assert registry.count() == 0
    assert "refresh-me" not in caught.value.message


def test_an_identity_token_may_be_sent_elsewhere_on_the_same_host(registries, log_in):
    with RecordingRegistry(username="ann", password="x", identity_token="refresh-me") as registry:
        registry.add_image("acme/hello", "1")
        log_in(registry.host, identitytoken="refresh-me")
        registry.fail("POST", "/token", status=307, headers={"Location": "/token"})

        assert registries.repository(registry.host, "acme/hello").manifest("1") is not None


def test_a_token_that_has_ended_is_renewed(guarded, registries):
    repository = registries.repository(guarded.host, "acme/hello")
    repository.manifest("1")
    guarded.tokens.clear()

    assert repository.manifest("1") is not None
    assert guarded.count("GET", "/token") == 2


def test_those_who_ask_at_once_get_one_token(guarded, registries):
    repository = registries.repository(guarded.host, "acme/hello")
    together = threading.Barrier(6, timeout=30)

    def ask():
        together.wait()
        return repository.manifest("1")

    with ThreadPoolExecutor(6) as pool:
        found = [each.result() for each in [pool.submit(ask) for _ in range(6)]]

    assert all(found)
    assert guarded.count("GET", "/token") == 1


def test_a_password_is_shown_where_that_is_asked_for(registries, log_in):
    with RecordingRegistry(username="ann", password=SECRET, auth="basic") as registry:
        registry.add_image("acme/hello", "1")
        log_in(registry.host, "ann", SECRET)
        repository = registries.repository(registry.host, "acme/hello")

        assert repository.manifest("1") is not None
        assert repository.manifest("1") is not None
        assert [each.status for each in registry.asked] == [[401], [200], [200]]


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_wrong_credentials_are_told_by_where_they_are(auth, registries, log_in):
    with RecordingRegistry(username="ann", password="right", auth=auth) as registry:
        file = log_in(registry.host, "ann", SECRET)
        with pytest.raises(AccessDenied) as caught:
            registries.repository(registry.host, "acme/hello").manifest("1")

        assert f"does not accept the credentials from {file}" in caught.value.message
        assert f"docker login {registry.host}" in caught.value.hint
        assert "TOPSECRET" not in caught.value.message
        assert registry.count() < 5


def test_no_credentials_are_told_with_why(registries, home):
    file = home / ".docker" / "config.json"
    file.parent.mkdir()
    file.write_text('{"credsStore": "missing"}')
    with RecordingRegistry(username="ann", password="x", auth="basic") as registry:
        with pytest.raises(AccessDenied) as caught:
            registries.repository(registry.host, "acme/hello").manifest("1")

        assert "docker-credential-missing" in caught.value.message
        assert caught.value.hint == f"docker login {registry.host}"


@pytest.mark.parametrize("secret", ["TOPSECRET", "YW5uOlRPUFNFQ1JFVA=="])
def test_a_registry_may_quote_what_it_was_shown_and_no_message_does(secret, registries, log_in):
    with RecordingRegistry(username="ann", password="TOPSECRET", auth="basic") as registry:
        log_in(registry.host, "ann", "TOPSECRET")
        errors = {"errors": [{"code": "DENIED", "message": f"ann:{secret} may not"}]}
        body = json.dumps(errors).encode()
        repository = registries.repository(registry.host, "acme/hello", push=True)
        repository.manifest("1")
        registry.fail("GET", "/manifests/", status=403, body=body)
        registry.fail("PUT", "/manifests/", status=400, body=body)

        for ask in (
            lambda: repository.manifest("1"),
            lambda: repository.put_manifest(BytesContent.of(b"{}", MANIFEST)),
        ):
            with pytest.raises(AccessDenied) as caught:
                ask()
            assert "DENIED" in caught.value.message
            assert secret not in caught.value.message


def test_a_registry_may_quote_a_token_and_no_message_does(guarded, registries):
    repository = registries.repository(guarded.host, "acme/hello")
    repository.manifest("1")
    (token,) = guarded.tokens
    errors = {"errors": [{"code": "DENIED", "message": f"{token} may not"}]}
    guarded.fail("GET", "/manifests/", status=403, body=json.dumps(errors).encode())

    with pytest.raises(AccessDenied) as caught:
        repository.manifest("1")
    assert token not in caught.value.message


@pytest.mark.parametrize(
    "challenge",
    ["", "Negotiate", 'Bearer realm="ftp://a/b"', "Bearer", 'Bearer realm="http://u:p@127.0.0.1/"'],
)
def test_a_registry_that_asks_for_what_nobody_has_is_told(challenge, registry, registries):
    registry.fail("GET", "/manifests/", status=401, headers={"WWW-Authenticate": challenge})

    with pytest.raises(RegistryUnavailable):
        registries.repository(registry.host, "acme/hello").manifest("1")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"token": 1}', b'{"token": "a\\r\\nX: y"}', b"[" * 99999],
)
def test_a_token_service_that_gives_none_is_told(body, guarded, registries):
    guarded.fail("GET", "/token", status=200, body=body)

    with pytest.raises(RegistryUnavailable, match="answers no token"):
        registries.repository(guarded.host, "acme/hello").manifest("1")


def test_a_token_service_that_is_busy_is_asked_again(guarded, registries):
    guarded.fail("GET", "/token", status=503, times=2)
    assert registries.repository(guarded.host, "acme/hello").manifest("1") is not None


def test_anybodys_token_does_not_do_to_push(guarded, registries):
    repository = registries.repository(guarded.host, "acme/hello", push=True)
    with pytest.raises(AccessDenied) as caught:
        repository.put_manifest(BytesContent.of(b"{}", MANIFEST))
    assert "there are no credentials for it" in caught.value.message
    assert f"push to {guarded.host}/acme/hello" in caught.value.message
    assert caught.value.hint == f"docker login {guarded.host}"
    assert guarded.count() < 8


def test_tokens_that_never_do_end_the_asking(guarded, registries):
    headers = {"WWW-Authenticate": f'Bearer realm="{guarded.url}/token",service="test"'}
    guarded.fail("GET", "/manifests/", status=401, headers=headers, times=99)

    with pytest.raises(RegistryError):
        registries.repository(guarded.host, "acme/hello").manifest("1")

    assert guarded.count() < 10
