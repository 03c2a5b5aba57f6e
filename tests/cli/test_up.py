"""`wherry up`: built, published, deployed by its digest."""

import json

import pytest
from tests.builder.deploy.api_recorder import api_recorder
from tests.cli.deployable import write_project


@pytest.fixture
def api(here, monkeypatch):
    """A recorder, with the project in the working folder and a kubeconfig in the environment."""
    write_project(here)
    with api_recorder() as recorder:
        monkeypatch.setenv("KUBECONFIG", str(recorder.kubeconfig(here)))
        yield recorder


@pytest.fixture
def up(wherry, api, ground):
    """`wherry up` on the tiny base: `up("--yes")`."""
    registry = ground.reference("up")
    return lambda *arguments: wherry(
        *("up", "--target", "knative", "--registry", registry, "--function", "hello"),
        *arguments,
        *ground.arguments,
    )


def image_of(api):
    """The image of the Service that was applied last."""
    applied = [
        each.object
        for each in api.asked
        if each.method == "PATCH" and each.object["kind"] == "Service"
    ]
    (container,) = applied[-1]["spec"]["template"]["spec"]["containers"]
    return container["image"]


def test_what_is_built_is_what_is_deployed(up, api, ground):
    done = up("--yes")
    assert done.code == 0, done.err
    digest = ground.registry.tags["up/hello"]["latest"]
    assert image_of(api) == f"{ground.reference('up/hello:latest')}@{digest}"
    assert "service.serving.knative.dev/hello created" in done.out


def test_without_a_build_it_is_what_was_published_last(up, api, ground, here):
    assert up("--yes").code == 0
    before = image_of(api)
    (here / "functions/hello/handler.py").write_text("def handle(request): return 'edited'\n")
    ground.registry.forget_requests()
    assert up("--yes", "--no-build").code == 0
    assert image_of(api) == before
    assert ground.registry.count() == 0


def test_what_is_not_built_is_not_deployed(up, api, here):
    (here / "functions/hello/requirements.txt").write_text("no-such-package==1\n")
    done = up("--yes")
    assert done.code == 2, done.err
    assert api.asked == []


def test_as_json(up):
    built, deployed = (json.loads(line) for line in up("--yes", "--json").out.splitlines())
    assert built["function"] == "hello"
    assert "hello" in [each["name"] for each in deployed["objects"]]
