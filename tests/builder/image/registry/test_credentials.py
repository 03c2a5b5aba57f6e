import base64
import json
import os
import stat

import pytest

from wherry_build.errors import CredentialsUnreadable
from wherry_build.image.registry.credential import Credential
from wherry_build.image.registry.credentials import (
    SavedCredentials,
    credential_paths,
)


def pair(username, password):
    return base64.b64encode(f"{username}:{password}".encode()).decode()


@pytest.fixture
def save(home):
    """Write docker's file, or another: `save({"auths": {...}}, path)`."""

    def save(said, path=None):
        file = path or home / ".docker" / "config.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(said if isinstance(said, str) else json.dumps(said))
        return file

    return save


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Install a program that keeps credentials; it writes down what it is asked."""

    def program(name, output, *, status=0):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        file = folder / f"docker-credential-{name}"
        asked = tmp_path / f"{name}.asked"
        said = output if isinstance(output, str) else json.dumps(output)
        file.write_text(
            f"#!/bin/sh\necho \"$1 $(cat)\" >>{asked}\ncat <<'E'\n{said}\nE\nexit {status}\n"
        )
        file.chmod(stat.S_IRWXU)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return lambda: asked.read_text().splitlines() if asked.exists() else []

    return program


def find(name):
    return SavedCredentials().find(name)


def test_nothing_saved_is_nobody(home):
    assert find("ghcr.io/acme/hello").credential is None
    assert find("ghcr.io/acme/hello").note == ""


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("ghcr.io", "ghcr.io/acme/hello"),
        ("https://ghcr.io", "ghcr.io/acme/hello"),
        ("https://ghcr.io/v2/", "ghcr.io/acme/hello"),
        ("http://127.0.0.1:5000/v1/", "127.0.0.1:5000/hello"),
        ("https://index.docker.io/v1/", "docker.io/library/python"),
        ("docker.io", "docker.io/acme/hello"),
        ("registry-1.docker.io", "docker.io/acme/hello"),
        ("ghcr.io/acme", "ghcr.io/acme/hello"),
        ("ghcr.io/acme/hello", "ghcr.io/acme/hello"),
    ],
)
def test_a_file_is_read_by_the_names_that_docker_and_podman_use(save, key, name):
    file = save({"auths": {key: {"auth": pair("ann", "se:cret")}}})

    found = find(name).credential

    assert (found.username, found.password, found.source) == ("ann", "se:cret", str(file))
    assert found.basic == f"Basic {pair('ann', 'se:cret')}"


@pytest.mark.parametrize(
    "key", ["ghcr.io.evil.com", "hcr.io", "ghcr.io/acm", "ghcr.io/acme/hello/more", "docker.io"]
)
def test_what_is_saved_for_others_is_not_shown(save, key):
    save({"auths": {key: {"auth": pair("ann", "secret")}}})
    assert find("ghcr.io/acme/hello").credential is None


def test_the_longest_beginning_counts(save):
    hosts = ("ghcr.io", "ghcr.io/acme", "ghcr.io/acme/hello", "ghcr.io/other")
    save({"auths": {host: {"auth": pair(host, "x")} for host in hosts}})

    assert find("ghcr.io/acme/hello").credential.username == "ghcr.io/acme/hello"
    assert find("ghcr.io/acme/two").credential.username == "ghcr.io/acme"
    assert find("ghcr.io/third/two").credential.username == "ghcr.io"


def test_tokens_are_kept_as_what_they_are(save):
    save({"auths": {"a.io": {"identitytoken": "i"}, "b.io": {"registrytoken": "r"}}})

    assert find("a.io/x").credential.identity_token == "i"
    assert find("b.io/x").credential.registry_token == "r"
    assert find("a.io/x").credential.basic == ""


def test_a_name_and_password_in_plain_text_will_do(save):
    save({"auths": {"a.io": {"username": "ann", "password": "secret"}}})
    assert find("a.io/x").credential.basic == f"Basic {pair('ann', 'secret')}"


def test_files_are_looked_into_in_order(save, tmp_path, monkeypatch, home):
    save({"auths": {"a.io": {"auth": pair("home", "x")}, "b.io": {"auth": pair("home", "x")}}})
    assert find("a.io/x").credential.username == "home"

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    podman = tmp_path / "run" / "containers" / "auth.json"
    hosts = ("a.io", "b.io", "c.io")
    save({"auths": {each: {"auth": pair("podman", "x")} for each in hosts}}, podman)
    assert find("a.io/x").credential.username == "home"
    assert find("c.io/x").credential.username == "podman"

    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    assert find("a.io/x").credential.username == "podman"
    save({"auths": {"a.io": {"auth": pair("docker", "x")}}}, tmp_path / "docker" / "config.json")
    assert find("a.io/x").credential.username == "docker"

    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "auth.json"))
    assert find("a.io/x").credential.username == "docker"
    save({"auths": {"a.io": {"auth": pair("named", "x")}}}, tmp_path / "auth.json")
    assert find("a.io/x").credential.username == "named"
    assert len(list(credential_paths())) == 3


def test_the_program_of_a_registry_goes_before_all(save, program):
    asked = program("cloud", {"ServerURL": "a.io", "Username": "ann", "Secret": "secret"})
    stored = program("store", {"Username": "bob", "Secret": "other"})
    save(
        {
            "auths": {"a.io": {"auth": pair("file", "x")}},
            "credHelpers": {"a.io": "cloud"},
            "credsStore": "store",
        }
    )

    found = find("a.io/acme/hello").credential

    assert (found.username, found.password) == ("ann", "secret")
    assert found.source == "docker-credential-cloud"
    assert asked() == ["get a.io"]
    assert stored() == []
    assert find("b.io/x").credential.username == "bob"


def test_docker_hub_has_its_old_name_there(save, program):
    asked = program("store", {"Username": "ann", "Secret": "secret"})
    save({"credsStore": "store"})

    assert find("docker.io/library/python").credential.username == "ann"
    assert asked() == ["get https://index.docker.io/v1/"]


def test_a_program_may_keep_a_token(save, program):
    program("store", {"Username": "<token>", "Secret": "refresh"})
    save({"credsStore": "store"})

    found = find("a.io/x").credential

    assert (found.identity_token, found.password) == ("refresh", "")


def test_what_a_program_does_not_have_may_be_in_the_file(save, program):
    program("store", "credentials not found in native keychain", status=1)
    save({"credsStore": "store", "auths": {"a.io": {"auth": pair("ann", "x")}, "b.io": {}}})

    assert find("a.io/x").credential.username == "ann"
    assert find("b.io/x").credential is None
    assert find("b.io/x").note == ""


@pytest.mark.parametrize(
    ("output", "status"),
    [("boom: TOPSECRET", 1), ("no JSON TOPSECRET", 0), ("[]", 0), ('{"Username": "TOPSECRET"}', 0)],
)
def test_a_program_that_fails_is_a_note_without_what_it_said(save, program, output, status):
    program("store", output, status=status)
    save({"credsStore": "store"})

    found = find("a.io/x")

    assert found.credential is None
    assert "docker-credential-store failed" in found.note
    assert "TOPSECRET" not in found.note


def test_a_program_that_is_missing_is_a_note(save):
    save({"credsStore": "desktop.exe"})
    assert "docker-credential-desktop.exe" in find("a.io/x").note
    assert "not installed" in find("a.io/x").note


def test_the_name_of_a_program_is_no_path(save, tmp_path, monkeypatch):
    evil = tmp_path / "docker-credential-a" / "b"
    evil.parent.mkdir()
    evil.write_text('#!/bin/sh\necho \'{"Username": "ann", "Secret": "x"}\'\n')
    evil.chmod(stat.S_IRWXU)
    monkeypatch.chdir(tmp_path)
    save({"credsStore": "a/b"})

    assert find("a.io/x").credential is None
    assert "is none that docker takes" in find("a.io/x").note


@pytest.mark.parametrize(
    "said",
    [
        "{TOPSECRET",
        "[]",
        '{"auths": ["TOPSECRET"]}',
        '{"auths": {"a.io": "TOPSECRET"}}',
        '{"credHelpers": {"a.io": 1}}',
        '{"auths": {"a.io": {"auth": "TOPSECRET!"}}}',
        '{"auths": {"a.io": {"auth": "/////w=="}}}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_none_is_an_error_that_quotes_nothing(save, said):
    file = save(said)

    with pytest.raises(CredentialsUnreadable) as caught:
        find("a.io/x")

    assert str(file) in caught.value.message
    assert "TOPSECRET" not in caught.value.message + caught.value.hint


def test_a_folder_in_the_place_of_a_file_is_an_error(home):
    (home / ".docker" / "config.json").mkdir(parents=True)
    with pytest.raises(CredentialsUnreadable):
        find("a.io/x")


def test_each_name_is_looked_for_once(save, program):
    asked = program("store", {"Username": "ann", "Secret": "secret"})
    save({"credsStore": "store"})
    saved = SavedCredentials()

    assert saved.find("a.io/x") is saved.find("a.io/x")
    assert len(asked()) == 1


def test_a_credential_shows_its_secrets_to_nobody():
    credential = Credential(
        username="ann", password="TOPSECRET", identity_token="TOPSECRET", registry_token="TOPSECRET"
    )
    assert "TOPSECRET" not in repr(credential)
    assert "ann" in repr(credential)


def test_a_program_is_asked_once_for_all_repositories(save, program):
    asked = program("store", {"Username": "ann", "Secret": "secret"})
    save({"credsStore": "store"})
    saved = SavedCredentials()

    assert {saved.find(f"a.io/{each}").credential.username for each in "xyz"} == {"ann"}
    assert asked() == ["get a.io"]
