"""Which cluster is meant, and what is said when none can be."""

import json

import pytest
from tests.builder.deploy.api_recorder import TOKEN

from wherry_build.deploy.kubeconfig import connect
from wherry_build.errors import DestinationNotFound, ExtraMissing, PlatformUnavailable


@pytest.fixture(autouse=True)
def _no_cluster(monkeypatch, tmp_path):
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_the_current_context(api, tmp_path):
    found = connect(api.kubeconfig(tmp_path))
    assert (found.context, found.cluster) == ("here", "here-cluster")
    assert found.server == f"http://127.0.0.1:{api.port}"
    assert found.authorization() == f"Bearer {TOKEN}"
    assert TOKEN not in repr(found)


def test_another_context(api, tmp_path):
    assert connect(api.kubeconfig(tmp_path), "nowhere").server == "http://127.0.0.1:1"


def test_the_file_of_the_environment(api, tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'absent'}:{api.kubeconfig(tmp_path)}")
    assert connect().context == "here"


def test_the_file_of_the_home(api, tmp_path, monkeypatch):
    folder = tmp_path / "home/.kube"
    folder.mkdir(parents=True)
    api.kubeconfig(folder).rename(folder / "config")
    assert connect().context == "here"


def test_a_context_that_is_not_there(api, tmp_path):
    with pytest.raises(DestinationNotFound) as caught:
        connect(api.kubeconfig(tmp_path), "her")
    assert "no context 'her'" in caught.value.message
    assert caught.value.hint == "--context, one of here, nowhere"
    assert caught.value.exit_code == 2


def test_no_file_at_all(tmp_path):
    for file in (None, tmp_path / "absent"):
        with pytest.raises(PlatformUnavailable) as caught:
            connect(file)
        assert caught.value.message.startswith("no cluster: ")
        assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "hunter22",
        "users: [",
        "users: {token: hunter22}\nusers: &a [*a",
        json.dumps({"users": [{"user": {"token": "hunter22"}}]}),
        json.dumps({"current-context": "a", "contexts": [], "clusters": [], "users": []}),
        json.dumps({"current-context": "a", "contexts": [{"name": "a", "context": "hunter22"}]}),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_not_quoted(tmp_path, content):
    file = tmp_path / "kubeconfig"
    file.write_text(content)
    with pytest.raises((PlatformUnavailable, DestinationNotFound)) as caught:
        connect(file)
    assert "hunter22" not in caught.value.message + caught.value.hint
    assert str(file) in caught.value.message


def with_program(api, tmp_path, text):
    """A kubeconfig whose credentials a program gives."""
    program = tmp_path / "credentials"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o700)
    file = api.kubeconfig(tmp_path)
    content = json.loads(file.read_text())
    called = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program)}
    content["users"] = [{"name": "me", "user": {"exec": called}}]
    file.write_text(json.dumps(content))
    return file


def credential(token, expires):
    return json.dumps(
        {
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "status": {"token": token, "expirationTimestamp": expires},
        }
    )


def test_a_program_gives_the_credentials(api, tmp_path):
    said = credential("first", "2100-01-01T00:00:00Z")
    found = connect(with_program(api, tmp_path, f"echo '{said}'"))
    assert found.authorization() == "Bearer first"


def test_credentials_are_renewed_when_they_end(api, tmp_path):
    count = tmp_path / "count"
    said = credential("number-'$(wc -c <" + str(count) + ")'", "2020-01-01T00:00:00Z")
    file = with_program(api, tmp_path, f"printf . >>{count}; echo '{said}'")
    found = connect(file)
    assert [found.authorization() for _ in range(2)] == ["Bearer number-2", "Bearer number-3"]


@pytest.mark.parametrize("text", ["echo hunter22 >&2; exit 1", "echo hunter22"])
def test_a_program_that_gives_none(api, tmp_path, text, caplog):
    found = connect(with_program(api, tmp_path, text))
    assert found.authorization() == ""
    assert "exec: " in caplog.text  # the package says so


def test_credentials_that_cannot_be_renewed(api, tmp_path, monkeypatch):
    found = connect(api.kubeconfig(tmp_path))

    def fail(_):
        raise ValueError("hunter22")

    monkeypatch.setattr("kubernetes.client.Configuration.auth_settings", fail)
    with pytest.raises(PlatformUnavailable) as caught:
        found.authorization()
    assert caught.value.message == "the credentials of context 'here' cannot be renewed"
    assert caught.value.hint.endswith("--context here auth whoami")


def test_the_account_of_a_pod(monkeypatch, tmp_path):
    from kubernetes.config import incluster_config

    (tmp_path / "token").write_text("hunter22")
    (tmp_path / "ca.crt").write_text("certificate")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    found = connect()
    assert (found.context, found.server) == ("in-cluster", "https://10.0.0.1:443")
    assert found.authorization().endswith("hunter22")


def test_the_package_is_an_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "kubernetes", None)
    with pytest.raises(ExtraMissing) as caught:
        connect()
    assert caught.value.hint == "pip install 'wherry[deploy]'"
