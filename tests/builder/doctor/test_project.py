"""A project: whether it can be read, what it needs, and whether its registry knows us."""

import base64
import json

import pytest

from wherry_build.doctor.finding import State
from wherry_build.doctor.project import look_at_project

HANDLER = "def handle(request): ...\n"


@pytest.fixture(autouse=True)
def _no_credentials(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


def told(path, **changes):
    return {each.name: each for each in look_at_project(path, **changes)}


def test_a_folder_without_a_function_is_no_fault(tmp_path):
    found = told(tmp_path)["functions"]
    assert found.state is State.ABSENT
    assert found.hint == "wherry new hello"


def test_a_project_is_told(write):
    root = write({"wherry.yaml": "version: 1\n", "functions/hello/handler.py": HANDLER})
    found = told(root)
    assert found["functions"].said == f"1 in {root}: hello"
    assert found["wherry.yaml"].state is State.OK
    assert {each.state for each in found.values()} == {State.OK}


@pytest.mark.parametrize(
    ("text", "said"),
    [("version: 7\n", "wherry.yaml:1"), ("functions: {hello: {nonsense: 1}}\n", "nonsense")],
)
def test_a_wherry_yaml_that_is_wrong_is_a_fault(write, text, said):
    root = write({"wherry.yaml": text, "functions/hello/handler.py": HANDLER})
    found = told(root)["wherry.yaml"]
    assert found.state is State.FAULT
    assert said in found.said


def test_a_folder_that_may_be_anything_is_no_fault(write):
    found = told(write({"My Program/main.py": "print('hello')\n"}))["project"]
    assert found.state is State.ABSENT
    assert "My Program" in found.said


def test_a_handler_that_does_not_parse_is_a_fault(write):
    found = told(write({"functions/hello/handler.py": "def (:\n"}))["project"]
    assert found.state is State.FAULT


def test_an_environment_that_is_not_there_is_a_fault(write):
    root = write({"functions/hello/handler.py": HANDLER})
    assert told(root, environment="prod")["project"].state is State.FAULT


def test_an_image_that_needs_an_engine_is_a_fault_without_one(write):
    text = "version: 1\nbuild: {packages: [libpq5]}\n"
    root = write({"wherry.yaml": text, "functions/hello/handler.py": HANDLER})
    assert "image of hello" not in told(root, has_engine=True)
    found = told(root, has_engine=False)["image of hello"]
    assert found.state is State.FAULT
    assert "libpq5" in found.said


REGISTRY = "version: 1\nregistry: {prefix: registry.acme.test/team}\n"


def test_a_registry_without_credentials_says_how_to_log_in(write):
    root = write({"wherry.yaml": REGISTRY, "functions/hello/handler.py": HANDLER})
    found = told(root)["credentials of registry.acme.test"]
    assert (found.state, found.said) == (State.ABSENT, "none saved")
    assert found.hint.startswith("docker login registry.acme.test")


def test_credentials_are_present_and_never_shown(write, tmp_path):
    pair = base64.b64encode(b"me:canary-31c").decode()
    config = json.dumps({"auths": {"registry.acme.test": {"auth": pair}}})
    root = write(
        {
            "wherry.yaml": REGISTRY,
            "functions/hello/handler.py": HANDLER,
            "docker/config.json": config,
        }
    )
    found = told(root)["credentials of registry.acme.test"]
    assert found.state is State.OK
    assert str(tmp_path / "docker/config.json") in found.said
    assert "canary" not in repr(told(root))
    assert pair not in repr(told(root))


def test_credentials_that_cannot_be_read_are_a_fault(write):
    root = write(
        {
            "wherry.yaml": REGISTRY,
            "functions/hello/handler.py": HANDLER,
            "docker/config.json": "{",
        }
    )
    assert told(root)["credentials of registry.acme.test"].state is State.FAULT
