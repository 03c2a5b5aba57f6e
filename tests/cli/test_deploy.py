"""`wherry deploy`."""

import json
import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress

import pytest
from tests.builder.deploy.api_recorder import TOKEN, api_recorder
from tests.builder.deploy.recording_gateway import recording_gateway
from tests.cli.conftest import ROOT, eventually
from tests.cli.deployable import write_project

from wherry_build.deploy import rollout

NOT_READY = {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "Deploying"}]}
FAILED = {"conditions": [{"type": "Ready", "status": "False", "message": "no image"}]}
CONFLICT = {
    "details": {
        "causes": [
            {
                "reason": "FieldManagerConflict",
                "message": 'conflict with "kubectl" using serving.knative.dev/v1',
                "field": ".spec.template.spec.timeoutSeconds",
            }
        ]
    }
}


@pytest.fixture
def api(here, monkeypatch):
    """A recorder, with the project in the working folder and a kubeconfig in the environment."""
    write_project(here)
    with api_recorder() as recorder:
        monkeypatch.setenv("KUBECONFIG", str(recorder.kubeconfig(here)))
        yield recorder


@pytest.fixture
def deploy(wherry, api):
    return lambda *arguments: wherry("deploy", "--target", "knative", *arguments)


def process(arguments, **streams):
    """The command as a process of its own."""
    paths = [str(ROOT), *(str(ROOT / wing) for wing in ("runtime", "build", "local", "cli"))]
    inherited = os.environ.get("PYTHONPATH", "")
    return subprocess.Popen(
        [sys.executable, "-m", "wherry_cli", "deploy", "--target", "knative", *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([*paths, inherited])},
        # Whoever runs the tests in the background of a shell has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        **streams,
    )


def test_all_of_it(deploy, api):
    done = deploy("--yes")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        "broker.eventing.knative.dev/default created",
        "service.serving.knative.dev/hello created",
        "service.serving.knative.dev/orders created",
        "trigger.eventing.knative.dev/orders created",
    ]
    shown = done.err.splitlines()
    first = shown.index("context    here")
    assert shown[first + 1 : first + 3] == [
        f"cluster    here-cluster, http://127.0.0.1:{api.port}",
        "namespace  fns",
    ]
    assert "create     service.serving.knative.dev/hello" in shown
    assert "service.serving.knative.dev/hello ready" in shown
    assert shown[-1] == "ready"
    assert [kind for kind, _ in api.applied()] == ["Broker", "Service", "Service", "Trigger"]


def test_again_nothing_changes(deploy):
    assert deploy("--yes").code == 0
    done = deploy("--yes")
    assert done.code == 0
    assert {line.split()[1] for line in done.out.splitlines()} == {"unchanged"}


def test_json_is_all_that_is_printed(deploy, api):
    done = deploy("--yes", "--json")
    told = json.loads(done.out)
    assert (told["context"], told["namespace"], told["error"]) == ("here", "fns", None)
    assert told["objects"][1] == {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "namespace": "fns",
        "name": "hello",
        "change": "created",
        "state": "ready",
        "message": "",
    }


def test_many_objects_are_counted(deploy, api, here):
    for number in range(40):
        folder = here / "functions" / f"more-{number}"
        folder.mkdir()
        (folder / "handler.py").write_text("def handle(request):\n    return 'hello'\n")
    (here / "wherry.yaml").unlink()
    done = deploy("--yes", "-n", "fns")
    assert done.code == 0, done.err
    assert "create     42 service.serving.knative.dev" in done.err.splitlines()
    assert len(done.out.splitlines()) == len(api.applied()) >= 42


def test_one_function_of_several(deploy, api):
    done = deploy("--yes", "--function", "orders")
    assert done.code == 0, done.err
    assert ("Service", "hello") not in api.applied()
    assert ("Service", "orders") in api.applied()


def test_one_function_takes_no_route_from_the_others(deploy, api, wherry):
    mesh = ("--mesh", "istio", "--host", "fns.example.com")
    for done in (
        deploy("--yes", *mesh, "--function", "orders"),
        wherry("diff", "--target", "knative", *mesh, "--function", "orders"),
    ):
        assert done.code == 2
        assert "--function would take the other functions out of virtualservice" in done.err
        assert "hint: leave --function out" in done.err
    assert api.asked == []
    assert deploy("--yes", *mesh).code == 0


def test_nobody_to_ask(deploy, api):
    done = deploy()
    assert done.code == 2
    assert "give --yes" in done.err
    assert api.asked == []


def test_a_function_that_fails(deploy, api, monkeypatch):
    monkeypatch.setattr(rollout, "PATIENCE_S", 0.2)
    api.status = lambda value: FAILED if value["kind"] == "Service" else NOT_READY
    done = deploy("--yes", "--timeout", "30s", "--json")
    assert done.code == 1
    assert "service.serving.knative.dev/hello: no image" in done.err
    assert (
        "hint: kubectl --context here -n fns describe service.serving.knative.dev hello" in done.err
    )
    told = json.loads(done.out)
    assert {each["state"] for each in told["objects"]} == {"failing", "waiting"}
    assert told["error"].startswith("failed:")


def test_time_is_up(deploy, api):
    api.status = lambda _: NOT_READY
    done = deploy("--yes", "--timeout", "300ms")
    assert done.code == 1
    assert "not ready after 0.3 s:" in done.err
    assert "service.serving.knative.dev/hello: Deploying" in done.err


def test_no_waiting(deploy, api):
    api.status = lambda _: NOT_READY
    done = deploy("--yes", "--timeout", "0s")
    assert (done.code, done.err.splitlines()[-1]) == (0, "applied")


@pytest.mark.parametrize("timeout", ["soon", "5", "-1s"])
def test_a_time_that_is_none(deploy, timeout, api):
    done = deploy("--yes", f"--timeout={timeout}")
    assert done.code == 2
    assert api.asked == []


def test_a_conflict(deploy, api):
    api.refuse("PATCH", "/services/hello", 409, "Apply failed with 1 conflict", **CONFLICT)
    done = deploy("--yes")
    assert done.code == 1
    assert ".spec.template.spec.timeoutSeconds belongs to kubectl" in done.err
    assert "hint: --force-conflicts" in done.err
    assert api.applied() == []


def test_conflicts_are_forced(deploy, api):
    assert deploy("--yes", "--force-conflicts").code == 0
    assert {each.words["force"] for each in api.asked if each.method == "PATCH"} == {"true"}


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (
            403,
            1,
            "hint: kubectl --context here auth can-i patch service.serving.knative.dev -n fns",
        ),
        (422, 1, "refuses 1 object; nothing has been changed"),
        (401, 3, "does not accept the credentials"),
        (500, 1, "not now"),
    ],
)
def test_refusals(deploy, api, status, code, said):
    api.refuse("PATCH", "/services/hello", status, f"not now, {TOKEN[:3]}")
    done = deploy("--yes")
    assert done.code == code
    assert said in done.err
    assert TOKEN not in done.err
    assert api.applied() == []


def test_nobody_there(deploy):
    done = deploy("--yes", "--context", "nowhere")
    assert done.code == 3
    assert "http://127.0.0.1:1 (context 'nowhere') does not answer" in done.err
    assert "hint: kubectl --context nowhere cluster-info" in done.err


def test_no_kubeconfig(deploy, here):
    done = deploy("--yes", "--kubeconfig", here / "absent")
    assert done.code == 3
    assert "no cluster: " in done.err


def test_a_namespace_is_not_made_without_a_word(deploy, api):
    api.namespaces.clear()
    done = deploy("--yes")
    assert done.code == 2
    assert "no namespace 'fns' in the cluster" in done.err
    assert "hint: give --create-namespace" in done.err
    done = deploy("--yes", "--create-namespace")
    assert done.code == 0, done.err
    assert "create     namespace/fns" in done.err
    assert api.applied()[0] == ("Namespace", "fns")


def test_a_loss_is_an_error_when_asked_for(deploy, api, here):
    with (here / "wherry.yaml").open("a") as file:
        file.write("hosts: {fns.example.com: {}}\nmutual_tls: strict\n")
    assert "lost: mutual_tls" in deploy("--yes").err
    api.asked.clear()
    assert deploy("--yes", "--strict").code == 2
    assert api.asked == []


def test_an_older_cluster(deploy, api):
    api.version = "v1.29.3"
    assert "--kube-version 1.29" in deploy("--yes").err
    assert "--kube-version" not in deploy("--yes", "--kube-version", "1.29").err


def test_warnings_of_the_server(deploy, api):
    api.warning = "this version is old"
    assert deploy("--yes").err.count("warning: this version is old") == 1


def test_interrupted(api, here):
    api.status = lambda _: NOT_READY
    with (here / "err").open("w") as err:
        running = process(["--yes", "--json"], stdout=subprocess.PIPE, stderr=err)
    eventually(lambda: "waiting: Deploying" in (here / "err").read_text())
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "interrupted; 4 objects are applied, and stay" in (here / "err").read_text()
    assert json.loads(out)["error"] == "interrupted"


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_a_person_is_asked(api, answer, code):
    leader, follower = pty.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), follower)
    with process([], **streams) as running:
        os.close(follower)
        shown = b""
        while b"apply this? [y/N]" not in shown:
            shown += os.read(leader, 4096)
        assert api.applied() == []
        assert b"context    here" in shown
        os.write(leader, f"{answer}\n".encode())
        with suppress(OSError):  # the other end is closed
            while read := os.read(leader, 4096):
                shown += read
        assert running.wait(30) == code, shown
    os.close(leader)
    assert len(api.applied()) == (4 if answer == "y" else 0)
    assert (b"nothing has been changed" in shown) is (answer == "n")


def test_openfaas(wherry, here, monkeypatch):
    monkeypatch.setenv("OPENFAAS_CONFIG", str(here / "no-login"))
    write_project(here)
    with recording_gateway() as gateway:
        arguments = ("--target", "openfaas", "--gateway", gateway.url)
        done = wherry("diff", *arguments)
        assert done.code == 1
        assert "+++ rendered/fns/function.openfaas.com/hello" in done.out
        done = wherry("deploy", *arguments, "--yes")
        assert done.code == 0, done.err
        assert f"gateway    {gateway.url}" in done.err
        assert "function.openfaas.com/hello created\n" in done.out
        assert sorted(gateway.bodies()) == ["hello", "orders"]
        assert wherry("diff", *arguments).code == 0
    done = wherry("deploy", *arguments, "--yes")
    assert done.code == 3
    assert "no OpenFaaS gateway answers" in done.err


def test_what_the_project_has_no_more_is_shown_and_deleted(deploy, api, here):
    named = ("--part-of", "shop", "--yes")
    assert deploy(*named).code == 0
    text = (here / "wherry.yaml").read_text()
    (here / "wherry.yaml").write_text(text.replace("  orders: {event_types", "  #"))
    kept = deploy(*named)
    assert kept.code == 0, kept.err
    assert "orders" in " ".join(api.objects)
    done = deploy(*named, "--prune")
    assert done.code == 0, done.err
    assert "delete     service.serving.knative.dev/orders in fns" in done.err.splitlines()
    assert done.out.splitlines()[-2:] == [
        "trigger.eventing.knative.dev/orders deleted",
        "service.serving.knative.dev/orders deleted",
    ]
    assert "orders" not in " ".join(api.objects)
    told = json.loads(deploy(*named, "--prune", "--json").out)
    assert "deleted" not in {each["change"] for each in told["objects"]}


def test_nothing_is_deleted_where_something_is_not_ready(deploy, api, here, monkeypatch):
    monkeypatch.setattr(rollout, "PATIENCE_S", 0.2)
    named = ("--part-of", "shop", "--yes")
    assert deploy(*named).code == 0
    text = (here / "wherry.yaml").read_text()
    (here / "wherry.yaml").write_text(text.replace("  orders: {event_types", "  #"))
    api.status = lambda value: FAILED
    assert deploy(*named, "--prune").code == 1
    assert "DELETE" not in {each.method for each in api.asked}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--prune",), "give --part-of"),
        (("--prune", "--part-of", "a", "--function", "hello"), "leave --function out"),
        (("--prune", "--part-of", "a", "--target", "openfaas"), "keeps no account"),
        (("--part-of", "A b"), "project: got 'A b'"),
    ],
)
def test_what_cannot_be_told_apart_is_not_pruned(deploy, api, arguments, said):
    done = deploy("--yes", *arguments)
    assert done.code == 2
    assert said in done.err
    assert api.asked == []
