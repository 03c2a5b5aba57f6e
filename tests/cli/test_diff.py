"""`wherry diff`."""

import json

import pytest
from tests.builder.deploy.api_recorder import TOKEN, api_recorder
from tests.cli.deployable import write_project


@pytest.fixture
def api(here, monkeypatch):
    """A recorder, with the project in the working folder and a kubeconfig in the environment."""
    write_project(here)
    with api_recorder() as recorder:
        monkeypatch.setenv("KUBECONFIG", str(recorder.kubeconfig(here)))
        yield recorder


@pytest.fixture
def diff(wherry, api):
    return lambda *arguments: wherry("diff", "--target", "knative", *arguments)


@pytest.fixture
def deployed(wherry, api):
    """All of it is there."""
    done = wherry("deploy", "--target", "knative", "--yes")
    assert done.code == 0, done.err
    api.asked.clear()


def test_nothing_would_change(diff, api, deployed):
    done = diff()
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith("nothing would change\n")
    assert api.applied() == []


def test_what_is_not_there_is_added(diff, api):
    done = diff()
    assert done.code == 1
    assert "+++ rendered/fns/service.serving.knative.dev/hello\n" in done.out
    assert '+kind: "Trigger"\n' in done.out
    assert "\x1b" not in done.out
    assert api.applied() == []


def test_a_change_is_shown_alone(diff, api, deployed):
    done = diff("--tag", "2")
    assert done.code == 1
    changed = [
        line for line in done.out.splitlines() if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert changed == [
        '-          image: "ghcr.io/acme/hello:latest"',
        '+          image: "ghcr.io/acme/hello:2"',
        '-          image: "ghcr.io/acme/orders:latest"',
        '+          image: "ghcr.io/acme/orders:2"',
    ]


def test_json(diff, deployed):
    done = diff("--json", "--tag", "2", "--function", "hello")
    told = {each["name"]: each for each in map(json.loads, done.out.splitlines())}
    assert done.code == 1
    assert told["hello"]["change"] == "configured"
    assert told["hello"]["diff"][0] == "--- live/fns/service.serving.knative.dev/hello"
    assert told["default"] == {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Broker",
        "namespace": "fns",
        "name": "default",
        "change": "unchanged",
        "diff": [],
    }


def test_a_refusal_is_an_error_and_no_difference(diff, api):
    api.refuse("PATCH", "/services/hello", 422, "spec: Invalid value: on-the-quiet")
    done = diff()
    assert done.code == 2
    assert "service.serving.knative.dev/hello: spec: Invalid value: [a value of env]" in done.err
    assert "on-the-quiet" not in done.err
    assert done.out == ""


def test_nobody_there_is_3(diff):
    done = diff("--context", "nowhere")
    assert done.code == 3
    assert "does not answer" in done.err
    assert TOKEN not in done.err


def test_a_namespace_that_is_not_there(diff, api):
    api.namespaces.clear()
    done = diff()
    assert done.code == 1
    assert "warning: namespace 'fns' is not there" in done.err


def test_the_context_is_one_of_those_there(diff):
    done = diff("--context", "her")
    assert done.code == 2
    assert "hint: --context, one of here, nowhere" in done.err
