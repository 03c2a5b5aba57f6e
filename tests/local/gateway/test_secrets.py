"""Secrets: kept apart, handed to those functions that name them, and never shown."""

import base64
import stat
from dataclasses import replace

import pytest
from tests.local.gateway.served_gateway import served_gateway

from wherry.secrets import Redactor, Secrets
from wherry_build.image.docker.secret_files import read_secrets


def as_the_function_reads(gateway, name="mine", namespace="openfaas-fn"):
    folder = gateway.state.mounts / namespace / name
    return Secrets([folder], environ={}, redactor=Redactor())


def create(gateway, name, value, **more):
    return gateway.ask("POST", "/system/secrets", {"name": name, "value": value, **more})


def deploy(gateway, *secrets, **more):
    wanted = {"service": "mine", "image": "hello", "secrets": list(secrets), **more}
    return gateway.ask("POST", "/system/functions", wanted)


def test_a_function_gets_exactly_the_secrets_that_it_names(gateway):
    for name in ("one", "two", "three"):
        assert create(gateway, name, f"value of {name}").status == 202
    assert deploy(gateway, "one", "two").status == 202
    secrets = as_the_function_reads(gateway)
    assert secrets.names() == ["one", "two"]
    assert secrets["one"] == "value of one"
    assert deploy(gateway, "three").status == 202
    assert as_the_function_reads(gateway).names() == ["three"]


def test_a_changed_secret_is_read_by_the_function_as_it_runs(gateway):
    create(gateway, "key", "old")
    deploy(gateway, "key")
    secrets = as_the_function_reads(gateway)
    assert secrets["key"] == "old"
    assert gateway.ask("PUT", "/system/secrets", {"name": "key", "value": "new"}).status == 202
    assert secrets["key"] == "new"
    assert gateway.ask("DELETE", "/system/secrets", {"name": "key"}).status == 202
    assert "key" not in secrets
    assert create(gateway, "key", "again").status == 202
    assert secrets["key"] == "again"


def test_a_container_is_given_copies_that_anybody_in_it_may_read(tmp_path):
    with served_gateway(tmp_path, engine_fault=lambda: None) as gateway:
        create(gateway, "key", "old")
        assert deploy(gateway, "key", image="nginx").status == 202
        file = gateway.state.mounts / "openfaas-fn/mine/key"
        assert not file.is_symlink()
        assert stat.S_IMODE(file.stat().st_mode) == 0o444
        gateway.ask("PUT", "/system/secrets", {"name": "key", "value": "new"})
        assert file.read_text() == "new"


def test_files_are_their_owners_alone(gateway):
    create(gateway, "key", "value")
    deploy(gateway, "key")
    for path in [gateway.state.path, *gateway.state.path.rglob("*")]:
        mode = stat.S_IMODE(path.lstat().st_mode)
        # A link has no mode of its own, and nobody else can come to it.
        assert path.is_symlink() or mode & 0o077 == 0, path


def test_values_are_never_shown(gateway):
    value = "an-unmistakable-value"
    create(gateway, "key", value)
    deploy(gateway, "key")
    encoded = base64.b64encode(value.encode()).decode()
    for path in (
        "/system/secrets",
        "/system/functions",
        "/system/function/mine",
        "/system/overview",
    ):
        shown = gateway.ask("GET", path).text
        assert value not in shown
        assert encoded not in shown
    refused = gateway.ask("POST", "/system/secrets", {"name": "b b", "value": value})
    assert refused.status == 400
    assert value not in refused.text


def test_the_projects_own_files_are_secrets_as_for_an_image(tmp_path):
    folder = tmp_path / ".secrets"
    (folder / "tls").mkdir(parents=True)
    (folder / "token").write_text("t\n")
    (folder / "tls/tls.crt").write_text("crt")
    (folder / "tls/tls.key").write_text("key")
    with served_gateway(tmp_path) as gateway:
        assert deploy(gateway, "token", "tls").status == 202
        mounted = gateway.state.mounts / "openfaas-fn/mine"
        found = {each.name: each.read_bytes() for each in mounted.iterdir()}
        assert found == read_secrets(["token", "tls"], root=tmp_path)
        listed = gateway.ask("GET", "/system/secrets").json()
        assert [each["name"] for each in listed] == ["tls", "token"]
        assert create(gateway, "token", "x").status == 409
        refused = gateway.ask("DELETE", "/system/secrets", {"name": "token"})
        assert refused.status == 400
        assert (folder / "token").exists()
        assert (
            gateway.ask("PUT", "/system/secrets", {"name": "token", "value": "mine"}).status == 202
        )
        assert as_the_function_reads(gateway)["token"] == "mine"
        assert (folder / "token").read_text() == "t\n"
        assert gateway.ask("DELETE", "/system/secrets", {"name": "token"}).status == 202
        assert as_the_function_reads(gateway)["token"] == "t"


def test_folders_of_the_machine_are_looked_in_first_as_for_an_image(tmp_path):
    for folder, value in (("machine", "machine's"), ("project/.secrets", "project's")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "token").write_text(value)
    project, search = tmp_path / "project", f"{tmp_path / 'nothing'}:{tmp_path / 'machine'}"
    with served_gateway(project, search=search) as gateway:
        assert deploy(gateway, "token").status == 202
        secret = as_the_function_reads(gateway)["token"]
        assert secret.encode() == read_secrets(["token"], root=project, search=search)["token"]


def test_secrets_of_a_namespace_are_its_own(gateway):
    gateway.ask("POST", "/system/namespace/", {"name": "team"})
    assert create(gateway, "key", "theirs", namespace="team").status == 202
    assert gateway.ask("GET", "/system/secrets").json() == []
    assert deploy(gateway, "key").status == 400
    assert create(gateway, "key", "x", namespace="nowhere").status == 400
    assert gateway.ask("DELETE", "/system/namespace/team").status == 202
    assert not (gateway.state.secrets / "team").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../escape"},
        {"name": "a/b"},
        {"name": ".."},
        {"name": ".hidden"},
        {"name": "a\n"},
        {"name": "a" * 201},
        {"name": ""},
        {"name": None},
        {"value": ""},
        {"value": 5},
        {"value": None},
        {"value": "", "rawValue": "not base64!"},
        {"rawValue": "AA"},
        {"rawValue": ["AA=="]},
        {"value": "x" * ((1 << 20) + 1)},
        {"namespace": "../.."},
        {"namespace": 5},
    ],
    ids=lambda wrong: repr(wrong)[:40],
)
def test_what_is_no_secret_is_refused(gateway, wrong):
    refused = gateway.ask("POST", "/system/secrets", {"name": "key", "value": "v", **wrong})
    assert refused.status == 400
    assert gateway.ask("GET", "/system/secrets").json() == []


def test_the_longest_secret_is_taken_whichever_way(gateway):
    longest = b"x" * (1 << 20)
    raw = base64.b64encode(longest).decode()
    assert create(gateway, "a" * 200, "", rawValue=raw).status == 202
    assert create(gateway, "b", longest.decode()).status == 202
    assert (gateway.state.secrets / "openfaas-fn" / ("a" * 200)).read_bytes() == longest


def test_a_secret_of_the_project_that_is_absent_is_said(tmp_path):
    with served_gateway(tmp_path) as gateway:
        declared = [replace(each, secrets=("absent",)) for each in gateway.declared()]
        gateway.run(gateway.deployments.declare(declared, {}))
        assert any("absent" in line and "wherry secret" in line for line in gateway.told)
        assert gateway.fleet.find(declared[0].key).deployment.secrets == ("absent",)


def test_what_a_function_was_given_goes_with_it(tmp_path):
    with served_gateway(tmp_path) as gateway:
        create(gateway, "key", "value")
        deploy(gateway, "key")
        mounted = gateway.state.mounts / "openfaas-fn/mine"
        assert mounted.exists()
        gateway.ask("DELETE", "/system/functions", {"functionName": "mine"})
        assert not mounted.exists()
        left = gateway.state.mounts / "openfaas-fn/of-a-platform-before"
        left.mkdir()
    with served_gateway(tmp_path):
        assert not left.exists()


@pytest.mark.parametrize(
    ("namespace", "typed"),
    [("shop", "wherry secret create key"), ("team", "wherry secret create key --namespace team")],
)
def test_a_secret_that_is_not_there_is_told_with_what_makes_it(tmp_path, namespace, typed):
    with served_gateway(tmp_path, home="shop") as gateway:
        gateway.ask("POST", "/system/namespace/", {"name": "team"})
        create(gateway, "key", "value", namespace=namespace)
        assert deploy(gateway, "key", namespace=namespace).status == 202
        gateway.ask("DELETE", "/system/secrets", {"name": "key", "namespace": namespace})
    with served_gateway(tmp_path, home="shop") as gateway:
        assert gateway.told == [f"mine.{namespace}: secret 'key' is not there: {typed}"]
