"""What is deployed: the project's functions, what callers put on top, and what stays of it."""

import os
import stat
from dataclasses import replace

import pytest
from tests.local.gateway.served_gateway import served_gateway

from wherry_local.deployment import FunctionKey
from wherry_local.errors import LocalError

HELLO = FunctionKey("hello")


def deploy(gateway, method="POST", **wanted):
    return gateway.ask(method, "/system/functions", {"service": "mine", **wanted})


def served(gateway, name, namespace="openfaas-fn"):
    return gateway.fleet.served[FunctionKey(name, namespace)].deployment


def test_an_image_is_a_function_of_the_project_by_its_last_component(gateway):
    for image in ("hello", "ghcr.io/a/b/hello:1", "host:5000/hello@sha256:" + "0" * 64):
        assert deploy(gateway, image=image).status == 202, image
        mine = served(gateway, "mine")
        assert (mine.handler, mine.command) == (str(gateway.root / "hello"), None)
        assert gateway.deployments.find(mine.key).wanted.image == image


def test_an_image_is_a_function_of_the_project_by_its_own_image(tmp_path):
    with served_gateway(tmp_path) as gateway:
        declared = [
            replace(e, image=f"registry.example/x/{e.key.name}-image:3") for e in gateway.declared()
        ]
        gateway.run(gateway.deployments.declare(declared, {}))
        assert deploy(gateway, image="registry.example/x/orders-image:9").status == 202
        assert served(gateway, "mine").handler == str(tmp_path / "orders")


def test_what_the_call_says_is_on_top_of_what_the_project_says(gateway):
    wanted = {
        "image": "hello",
        "envVars": {"GREETING": "moin", "MORE": "1"},
        "labels": {"tier": "back", "com.openfaas.scale.max": "3"},
        "annotations": {"topic": "a"},
        "limits": {"memory": "64Mi"},
        "readOnlyRootFilesystem": True,
    }
    assert deploy(gateway, **wanted).status == 202
    mine = served(gateway, "mine")
    assert mine.environment["GREETING"] == "moin"
    assert mine.environment["MORE"] == "1"
    assert mine.surroundings == {"K_SINK": "http://127.0.0.1:1/"}
    assert mine.labels["tier"] == "back"
    assert mine.scale.most == 3
    assert mine.limits == {"memory": "64Mi"}
    assert mine.read_only_root is True


def test_a_command_of_this_machine_is_run_in_the_classic_way(gateway):
    assert deploy(gateway, envProcess="sh -c 'cat; echo done'").status == 202
    mine = served(gateway, "mine")
    assert mine.command == ("sh", "-c", "cat; echo done")
    assert mine.handler == "wherry_local.classic.handler"
    assert mine.surroundings == {"K_SINK": "http://127.0.0.1:2/"}
    assert (
        gateway.ask("GET", "/system/function/mine").json()["envProcess"] == "sh -c 'cat; echo done'"
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("5m", 300), ("90", 90), ("1m30s", 90), ("0s", 86400)]
)
def test_the_time_for_an_answer_is_the_one_that_openfaas_says(gateway, text, seconds):
    for wanted in ({"envProcess": "cat"}, {"image": "hello"}):
        assert deploy(gateway, **wanted, envVars={"exec_timeout": text}).status == 202
        assert served(gateway, "mine").timeout_s == seconds
    assert deploy(gateway, envProcess="cat").status == 202
    assert served(gateway, "mine").timeout_s == 30


def test_an_image_that_nothing_runs_is_refused_with_what_would(gateway):
    refused = deploy(gateway, image="nginx:latest")
    assert refused.status == 400
    for said in ("hello, orders", "fprocess", "container engine"):
        assert said in refused.text
    refused = deploy(gateway, image="nginx:latest", envProcess="no-such-program --x")
    assert refused.status == 400
    assert "no-such-program" in refused.text
    assert gateway.ask("GET", "/system/function/mine").status == 404


def test_a_container_engine_runs_any_other_image(tmp_path):
    with served_gateway(tmp_path, engine_fault=lambda: None) as gateway:
        assert deploy(gateway, image="nginx:latest").status == 202
        mine = served(gateway, "mine")
        assert (mine.container, mine.image, mine.command) == (True, "nginx:latest", None)
        assert (
            deploy(gateway, "PUT", image="nginx", envProcess="only-in-the-image -v").status == 202
        )
        assert served(gateway, "mine").container is True


@pytest.mark.parametrize(
    "wrong",
    [
        {"service": "Mine"},
        {"service": "../x"},
        {"service": "mine\n"},
        {"service": "a" * 64},
        {"service": ""},
        {"service": None},
        {"service": ["a"]},
        {"namespace": "../.."},
        {"namespace": "nowhere"},
        {"image": "a b"},
        {"image": "-v"},
        {"image": ""},
        {"image": 7},
        {"envProcess": "cat\nrm"},
        {"envProcess": "cat 'x", "image": "nginx"},
        {"envVars": {"A=B": "1"}},
        {"envVars": {"A": "\0"}},
        {"envVars": {"A": 1}},
        {"envVars": {"exec_timeout": "soon"}},
        {"envVars": ["A"]},
        {"secrets": ["../password"]},
        {"secrets": "all"},
        {"secrets": ["absent"]},
        {"labels": {"com.openfaas.scale.max": "many"}},
        {"labels": {"a": None}},
        {"annotations": {"com.openfaas.retry.attempts": "0"}},
        {"annotations": {"com.openfaas.retry.codes": "x"}},
        {"annotations": {"com.openfaas.retry.min_wait": "soon"}},
        {"limits": {"memory": 1}},
        {"readOnlyRootFilesystem": "yes"},
    ],
    ids=repr,
)
def test_what_is_wrong_is_refused_with_a_reason(gateway, wrong):
    before = len(gateway.fleet.events)
    refused = deploy(gateway, **{"image": "hello", **wrong})
    assert refused.status == 400
    assert refused.text.strip()
    assert len(gateway.fleet.events) == before
    assert not gateway.state.deployments.exists()


def test_what_was_deployed_is_there_after_a_restart(tmp_path):
    with served_gateway(tmp_path) as gateway:
        assert deploy(gateway, envProcess="cat", envVars={"A": "1"}).status == 202
        assert deploy(gateway, "PUT", envProcess="cat", envVars={"A": "2"}).status == 202
        assert (
            deploy(gateway, "PUT", service="hello", image="hello", labels={"x": "y"}).status == 202
        )
        before = gateway.ask("GET", "/system/functions").json()
        mode = stat.S_IMODE(os.stat(gateway.state.deployments).st_mode)
        assert mode == 0o600
    with served_gateway(tmp_path) as gateway:
        assert gateway.ask("GET", "/system/functions").json() == before
        assert served(gateway, "mine").revision == 2
        assert served(gateway, "hello").labels["x"] == "y"
        assert gateway.ask("DELETE", "/system/functions", {"functionName": "mine"}).status == 202
    with served_gateway(tmp_path) as gateway:
        assert gateway.ask("GET", "/system/function/mine").status == 404


def test_a_deleted_function_of_the_project_is_back_at_the_next_start(tmp_path):
    with served_gateway(tmp_path) as gateway:
        gateway.ask(
            "PUT", "/system/functions", {"service": "hello", "image": "hello", "labels": {"x": "y"}}
        )
        assert gateway.ask("DELETE", "/system/functions", {"functionName": "hello"}).status == 202
        functions = {each.name: each for each in gateway.project().functions}
        gateway.run(gateway.deployments.declare(gateway.declared(), functions))
        assert gateway.ask("GET", "/system/function/hello").status == 404
    with served_gateway(tmp_path) as gateway:
        assert "x" not in gateway.ask("GET", "/system/function/hello").json()["labels"]


def test_a_changed_project_changes_what_it_says_alone(gateway):
    assert deploy(gateway, image="hello", envVars={"MINE": "1"}).status == 202
    hello = gateway.declared()[0]
    gateway.fleet.events.clear()
    changed = replace(hello, environment={**hello.environment, "NEW": "1"})
    gateway.run(gateway.deployments.declare([changed], {}))
    what = [(kind, getattr(each, "key", each).name) for kind, each in gateway.fleet.events]
    assert sorted(what) == [("put", "hello"), ("put", "mine"), ("remove", "orders")]
    assert served(gateway, "hello").revision == 2
    gateway.fleet.events.clear()
    gateway.run(gateway.deployments.declare([changed], {}))
    assert gateway.fleet.events == []


def test_what_can_no_longer_be_served_is_said_and_kept(tmp_path):
    with served_gateway(tmp_path) as gateway:
        assert deploy(gateway, image="hello").status == 202
        gateway.run(gateway.deployments.declare([], {}))
        assert gateway.fleet.keys() == []
        assert any("mine.openfaas-fn" in line for line in gateway.told)
    with served_gateway(tmp_path) as gateway:
        assert served(gateway, "mine").handler == str(tmp_path / "hello")
        gateway.run(gateway.deployments.declare([], {}))
        body = {"functionName": "mine"}
        assert gateway.ask("DELETE", "/system/functions", body).status == 202
        assert gateway.ask("DELETE", "/system/functions", body).status == 404
    with served_gateway(tmp_path) as gateway:
        assert FunctionKey("mine") not in gateway.fleet.served


def test_a_file_that_is_no_longer_ours_is_an_error_with_its_name(tmp_path):
    state = tmp_path / ".wherry"
    state.mkdir()
    for content in ("no json", "[]", '{"functions": ["x"]}', '{"functions": [{"deployment": {}}]}'):
        (state / "deployments.json").write_text(content)
        with pytest.raises(LocalError, match=r"deployments\.json"), served_gateway(tmp_path):
            pass


@pytest.mark.parametrize(
    "content",
    ["no json", "[]", '{"namespaces": 5}', '{"namespaces": ["x"]}', '{"namespaces": [5]}'],
)
def test_a_file_of_namespaces_that_is_no_longer_ours_is_an_error_with_its_name(tmp_path, content):
    state = tmp_path / ".wherry"
    state.mkdir()
    (state / "namespaces.json").write_text(content)
    with pytest.raises(LocalError, match=r"namespaces\.json"), served_gateway(tmp_path):
        pass


def test_functions_of_a_project_with_a_namespace_are_found_without_it(tmp_path):
    with served_gateway(tmp_path, home="shop") as gateway:
        for path in ("hello", "hello.shop", "hello.openfaas-fn", "hello?namespace=shop"):
            assert gateway.ask("GET", f"/system/function/{path}").json()["namespace"] == "shop"
        listed = gateway.ask("GET", "/system/functions").json()
        assert [(e["name"], e["namespace"]) for e in listed] == [
            ("hello", "shop"),
            ("orders", "shop"),
        ]
        wanted = {"service": "hello", "image": "hello", "labels": {"x": "y"}}
        assert gateway.ask("PUT", "/system/functions", wanted).status == 202
        assert served(gateway, "hello", "shop").labels["x"] == "y"
        assert gateway.ask("GET", "/system/namespaces").json() == ["openfaas-fn", "shop"]
        # What says no namespace is all in one place: a function, and the secret that it names.
        assert gateway.ask("POST", "/system/secrets", {"name": "k", "value": "v"}).status == 202
        assert deploy(gateway, envProcess="cat", secrets=["k"]).status == 202
        assert served(gateway, "mine", "shop").secrets == ("k",)
        assert gateway.ask("DELETE", "/system/namespace/shop").status == 400


def test_functions_live_in_namespaces_of_their_own(gateway):
    gateway.ask("POST", "/system/namespace/", {"name": "team"})
    assert deploy(gateway, service="hello", namespace="team", envProcess="cat").status == 202
    assert gateway.ask("GET", "/system/function/hello").json()["image"]
    assert gateway.ask("GET", "/system/function/hello?namespace=team").json()["image"] == ""
    assert gateway.ask("DELETE", "/system/namespace/team").status == 409
    body = {"functionName": "hello", "namespace": "team"}
    assert gateway.ask("DELETE", "/system/functions", body).status == 202
    assert gateway.ask("GET", "/system/function/hello").status == 200
    assert gateway.ask("DELETE", "/system/namespace/team").status == 202


def test_a_full_disk_is_507_and_nothing_changes(gateway):
    folder = gateway.state.path
    gateway.state.deployments.mkdir()  # as little can be written there as on a full disk
    before = len(gateway.fleet.events)
    assert deploy(gateway, envProcess="cat").status == 507
    assert len(gateway.fleet.events) == before
    assert not list(folder.glob(".deployments*.part"))
