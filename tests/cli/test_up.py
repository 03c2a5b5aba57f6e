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


@pytest.fixture
def lossy(here):
    """The project has a route, which nothing here carries."""
    with (here / "wherry.yaml").open("a") as project:
        project.write("routes: {r: {path: {exact: /a}, function: hello}}\n")


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
    assert {each.method for each in api.asked} == {"GET"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "give --yes"),
        (("--yes", "--timeout", "abc"), 2, "abc"),
        (("--yes", "--prune"), 2, "give --part-of"),
        (("--yes", "-n", "other"), 2, "no namespace 'other'"),
        (("--yes", "--context", "nowhere"), 3, "nowhere"),
        (("--yes", "--context", "elsewhere"), 2, "elsewhere"),
        (("--yes", "--target", "openfaas", "--gateway", "http://127.0.0.1:1"), 3, "127.0.0.1:1"),
        (("--yes", "--strict"), 2, "--strict was given"),
    ],
)
def test_what_cannot_be_deployed_is_not_published(up, api, ground, lossy, arguments, code, said):
    ground.registry.forget_requests()
    done = up(*arguments)
    assert done.code == code, done.err
    assert said in done.err
    assert ground.registry.count() == 0
    assert api.applied() == []


def test_losses_are_told_once_and_digests_are_not_missed(up, lossy):
    done = up("--yes")
    assert done.code == 0, done.err
    assert done.err.count("lost: ") == 1
    assert "named by a tag" not in done.err


def test_as_json(up):
    built, deployed = (json.loads(line) for line in up("--yes", "--json").out.splitlines())
    assert built["function"] == "hello"
    assert "hello" in [each["name"] for each in deployed["objects"]]
