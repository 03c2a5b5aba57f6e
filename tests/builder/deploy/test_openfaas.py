"""Deploying to OpenFaaS: what goes over the wire, and what is said when it does not go well."""

import hashlib
import json
import socket
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from tests.builder.deploy.recording_gateway import recording_gateway
from tests.builder.manifests.full_project import full_project

from wherry_build.deploy.openfaas import Gateway, Outcome
from wherry_build.deploy.openfaas_deployment import (
    CHECKSUM,
    FunctionDeployment,
    deployments,
    differences,
    function_status,
)
from wherry_build.deploy.openfaas_login import login_file, stored_login
from wherry_build.errors import DeployError, InvalidName, PlatformUnavailable
from wherry_build.manifests import Edition, RenderOptions, Target, render

PASSWORD = "s3cret-of-the-gateway"
TOKEN = b64encode(f"admin:{PASSWORD}".encode()).decode()
HELLO = FunctionDeployment(
    name="hello",
    namespace="fns",
    image="ghcr.io/acme/hello:1",
    environment={"A": "${X} $$"},
    secrets=("db", "api"),
    labels={"team": "shop"},
    annotations={"topic": "com.acme.order.placed"},
    constraints=("disk=ssd",),
    requests={"cpu": "1000m", "memory": "1024Mi"},
    limits={"memory": "2Gi"},
    read_only_root=True,
)


@pytest.fixture
def server():
    with recording_gateway() as server:
        yield server


@pytest.fixture
def gateway(server):
    return Gateway(server.url)


@pytest.fixture
def write_login(tmp_path):
    """Write what `faas-cli login` stores: `write_login(gateway, auth="basic", token=TOKEN)`."""

    def write(gateway, *, auth="basic", token=TOKEN):
        file = tmp_path / ".openfaas/config.yml"
        file.parent.mkdir(exist_ok=True)
        entries = [("http://other:8080", "basic", "b3RoZXI6eA=="), (gateway, auth, token)]
        file.write_text(
            "auths:\n"
            + "".join(
                f"    - gateway: {each}\n      auth: {kind}\n      token: {what}\n"
                "      options: []\n"
                for each, kind, what in entries
            )
        )
        return file

    return write


def test_a_function_that_is_new_is_put_then_posted(server, gateway):
    assert gateway.deploy(HELLO) is Outcome.CREATED
    untold = [["disk=ssd"], {"A": "${X} $$"}, True]
    checksum = hashlib.sha256(json.dumps(untold).encode()).hexdigest()
    assert [(method, path) for method, path, *_ in server.asked] == [
        ("PUT", "/system/functions"),
        ("POST", "/system/functions"),
    ]
    body = {
        "service": "hello",
        "namespace": "fns",
        "image": "ghcr.io/acme/hello:1",
        "envVars": {"A": "${X} $$"},
        "secrets": ["db", "api"],
        "labels": {"team": "shop"},
        "annotations": {"topic": "com.acme.order.placed", CHECKSUM: checksum},
        "constraints": ["disk=ssd"],
        "requests": {"cpu": "1000m", "memory": "1024Mi"},
        "limits": {"memory": "2Gi"},
        "readOnlyRootFilesystem": True,
    }
    for _, _, headers, sent in server.asked:
        assert sent == body
        assert headers["Content-Type"] == "application/json"
        assert headers["User-Agent"].startswith("wherry/")


def test_a_function_that_is_there_is_put_in_its_place(server, gateway):
    gateway.deploy(HELLO)
    server.asked.clear()
    assert gateway.deploy(HELLO) is Outcome.UPDATED
    assert [method for method, *_ in server.asked] == ["PUT"]


def test_the_stack_file_is_what_is_deployed():
    stack = {
        "functions": {
            "hello": {"image": "i/hello:1", "namespace": "fns", "constraints": ["a=b"]},
            "bare": {"image": "i/bare:1"},
        }
    }
    hello, bare = deployments(stack)
    assert (hello.namespace, hello.constraints) == ("fns", ("a=b",))
    assert (bare.namespace, bare.read_only_root) == ("openfaas-fn", False)
    with pytest.raises(DeployError):
        deployments({})


def test_every_part_of_the_model_arrives(server, gateway):
    options = RenderOptions(target=Target.OPENFAAS, edition=Edition.PRO, registry="ghcr.io/acme")
    stack = render(full_project(), options).documents[0].value
    for deployment in deployments(stack):
        assert gateway.deploy(deployment) is Outcome.CREATED
        assert not gateway.differences(deployment)
    bodies = server.bodies()
    assert sorted(bodies) == ["audit", "hello", "orders-canary", "orders-stable", "sums"]
    orders = bodies["orders-stable"]
    assert orders["namespace"] == "fns"
    assert orders["image"] == "ghcr.io/acme/orders:0.9"
    assert bodies["orders-canary"]["image"] == "ghcr.io/acme/orders:1.0"
    said = next(each for each in full_project().functions if each.name == "orders")
    assert (
        orders["envVars"].items()
        >= {
            **said.environment,
            "exec_timeout": "20s",
            "max_inflight": "80",
        }.items()
    )
    assert orders["secrets"] == ["orders-db", "orders-key"]
    assert orders["constraints"] == ["kubernetes.io/arch=amd64", "disk=1e3"]
    assert orders["requests"] == {"cpu": "250m", "memory": "128Mi"}
    assert orders["limits"] == {"cpu": "1", "memory": "256Mi"}
    assert orders["labels"].items() >= said.labels.items()
    assert orders["labels"]["com.openfaas.scale.max"] == "20"
    assert orders["annotations"].items() >= said.annotations.items()
    assert orders["annotations"]["topic"] == "com.acme.order.placed"
    assert orders["annotations"]["com.openfaas.serviceaccount"] == "orders"
    ready = said.said.probes.readiness.path
    assert orders["annotations"]["com.openfaas.ready.http.path"] == ready
    assert orders["readOnlyRootFilesystem"] is True
    assert bodies["hello"]["readOnlyRootFilesystem"] is False
    assert bodies["hello"]["annotations"]["schedule"] == "0 3 * * *"


def test_the_status_counts_instances(server, gateway):
    gateway.deploy(HELLO)
    server.available = [0, 1, None]
    seen = [gateway.status("hello", namespace="fns") for _ in range(3)]
    assert [(each.replicas, each.available) for each in seen] == [(1, 0), (1, 1), (0, 0)]
    assert server.asked[-1][1] == "/system/function/hello?namespace=fns"
    assert gateway.status("hello", namespace="other") is None


def test_what_is_equal_has_no_differences(gateway):
    gateway.deploy(HELLO)
    found = gateway.differences(HELLO)
    assert not found
    assert found.untold == ()
    assert not {"constraints", "envVars", "readOnlyRootFilesystem"} & set(found.wanted)


@pytest.mark.parametrize(
    "change", [{"environment": {"A": "b"}}, {"constraints": ()}, {"read_only_root": False}]
)
def test_a_change_is_seen_of_what_the_gateway_does_not_tell(gateway, change):
    gateway.deploy(HELLO)
    found = gateway.differences(replace(HELLO, **change))
    assert found
    assert found.untold == ()
    there, wanted = (dict(each["annotations"]) for each in (found.there, found.wanted))
    assert there.pop(CHECKSUM) != wanted.pop(CHECKSUM)
    assert there == wanted


def test_what_others_have_deployed_is_not_known_whole(server, gateway):
    gateway.deploy(HELLO)
    del server.functions["fns", "hello"]["annotations"][CHECKSUM]
    found = gateway.differences(HELLO)
    assert found
    assert found.untold == ("constraints", "envVars", "readOnlyRootFilesystem")


def test_what_deploying_would_change(gateway):
    assert gateway.differences(HELLO).there is None
    assert gateway.differences(HELLO)
    gateway.deploy(HELLO)
    changed = replace(
        HELLO,
        image="ghcr.io/acme/hello:2",
        secrets=("db",),
        labels={},
        requests={"cpu": "1", "memory": "512Mi"},
    )
    found = gateway.differences(changed)
    assert found
    differing = {
        key
        for key in {*found.there, *found.wanted}
        if found.there.get(key) != found.wanted.get(key)
    }
    assert differing == {"image", "secrets", "labels", "requests"}
    assert found.there["requests"] == {"cpu": "1", "memory": "1024Mi"}, "1000m of CPU is 1"
    assert found.there["labels"] == {"team": "shop"}, "the provider's own are not told"


def test_what_a_provider_tells_is_compared():
    told = {**HELLO.body(), "name": "hello", "envVars": {"A": "b", "fprocess": "x"}}
    found = differences(HELLO, function_status(told, namespace="fns"))
    assert found.untold == ()
    assert found.there["envVars"] == {"A": "b"}


def test_the_stored_login_is_sent(server, tmp_path, write_login):
    write_login(server.url.upper() + "/")
    server.authorization = f"Basic {TOKEN}"
    gateway = Gateway.logged_in(server.url, environment={}, home=tmp_path)
    assert gateway.deploy(HELLO) is Outcome.CREATED
    assert gateway.warnings == ()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "HOME/.openfaas/config.yml"),
        ({"CI": "true"}, ".openfaas/config.yml"),
        ({"CI": "false"}, "HOME/.openfaas/config.yml"),
        ({"CI": "true", "OPENFAAS_CONFIG": "/etc/x"}, "/etc/x/config.yml"),
        ({"OPENFAAS_CONFIG": "~/x"}, "HOME/x/config.yml"),
    ],
)
def test_where_the_login_is(environment, expected):
    assert login_file(environment, home=Path("HOME")) == Path(expected)


def test_no_login_is_needed_where_the_gateway_asks_for_none(tmp_path, write_login):
    assert stored_login("http://a:1", tmp_path / "none.yml") is None
    assert stored_login("http://a:1", write_login("http://b:1")) is None
    empty = tmp_path / "empty.yml"
    empty.write_text("auths: []\n")
    assert stored_login("http://a:1", empty) is None
    empty.write_text("")
    assert stored_login("http://a:1", empty) is None


def test_a_bearer_token(write_login):
    login = stored_login("http://a:1", write_login("http://a:1", auth="oauth2", token="abc.def"))
    assert login.authorization == "Bearer abc.def"
    assert "abc" not in repr(login)


def told(error):
    return f"{error.value.message} {error.value.hint}"


@pytest.mark.parametrize(
    ("auth", "token"),
    [("kerberos", TOKEN), ("basic", '"a\\nb"'), ("basic", '"x: [y"'), ("basic", "[")],
)
def test_a_login_that_cannot_be_used(write_login, auth, token):
    file = write_login("http://a:1", auth=auth, token=token)
    with pytest.raises(PlatformUnavailable) as caught:
        stored_login("http://a:1", file)
    assert caught.value.hint == "faas-cli login --gateway http://a:1"
    assert str(file) in told(caught)
    assert TOKEN not in told(caught)


def test_a_file_of_logins_that_cannot_be_read(tmp_path):
    with pytest.raises(PlatformUnavailable) as caught:
        stored_login("http://a:1", tmp_path)
    assert "Is a directory" in told(caught)


@pytest.mark.parametrize("is_logged_in", [True, False])
def test_who_is_not_let_in_is_told_to_log_in(server, tmp_path, write_login, is_logged_in):
    if is_logged_in:
        write_login(server.url)
    server.authorization = "Basic other"
    gateway = Gateway.logged_in(server.url, environment={}, home=tmp_path)
    with pytest.raises(PlatformUnavailable) as caught:
        gateway.deploy(HELLO)
    assert caught.value.hint == f"faas-cli login --gateway {server.url}"
    assert ("no login is stored" in told(caught)) is not is_logged_in
    assert len(server.asked) == 1


def test_a_refusal_is_told_without_anything_secret(server, tmp_path, write_login):
    write_login(server.url)
    gateway = Gateway.logged_in(server.url, environment={}, home=tmp_path)
    server.refusals = [(400, f"bad\x1b[31m \n {PASSWORD} {TOKEN} ".encode() + b"\xff" * 999)]
    with pytest.raises(DeployError) as caught:
        gateway.deploy(HELLO)
    assert "refuses hello in fns: 400, bad [31m *** ***" in caught.value.message
    assert len(caught.value.message) < 500
    assert PASSWORD not in told(caught) and TOKEN not in told(caught)
    assert "faas-cli secret list" in caught.value.hint
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("status", [301, 500, 503])
def test_other_answers_are_refusals(server, gateway, status):
    server.refusals = [(404, b""), (status, b"")]
    with pytest.raises(DeployError) as caught:
        gateway.deploy(HELLO)
    assert caught.value.message.endswith(f"refuses hello in fns: {status}")


@pytest.mark.parametrize("answer", [(200, b"<html>"), (200, b"[]"), (500, b""), (307, b"")])
def test_an_answer_that_is_no_status(server, gateway, answer):
    server.refusals = [answer]
    with pytest.raises(DeployError) as caught:
        gateway.status("hello", namespace="fns")
    assert "is this the address of OpenFaaS's gateway?" in caught.value.hint


def test_nobody_answers():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(PlatformUnavailable) as caught:
            Gateway(f"127.0.0.1:{port}").deploy(HELLO)
    assert caught.value.exit_code == 3
    assert f"no OpenFaaS gateway answers at http://127.0.0.1:{port}: " in caught.value.message
    assert caught.value.message.endswith("Connection refused")
    assert "port-forward" in caught.value.hint


def test_an_answer_that_never_comes():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        gateway = Gateway(f"http://127.0.0.1:{silent.getsockname()[1]}", request_s=0.05)
        with pytest.raises(PlatformUnavailable) as caught:
            gateway.deploy(HELLO)
    assert "timed out" in caught.value.message


def test_a_login_in_plain_http_is_warned_of(tmp_path, write_login):
    def gateway(url):
        write_login(url)
        return Gateway.logged_in(url, environment={}, home=tmp_path)

    assert "plain HTTP" in gateway("http://fns.example.com").warnings[0]
    assert gateway("https://fns.example.com").warnings == ()
    assert gateway("http://localhost:8080").warnings == ()


@pytest.mark.parametrize("url", ["ftp://x", "http://user:pass@x", "http://x?y", ""])
def test_an_address_that_is_none(url):
    with pytest.raises(InvalidName):
        Gateway(url)
