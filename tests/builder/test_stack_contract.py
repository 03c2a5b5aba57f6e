"""The stack file and template held to faas-cli's own rules, as read in its source (0.18.12).

This is no run of faas-cli: `tests/interop/test_faas_cli.py` is, where the tool can be had.
"""

import re

import pytest
import yaml
from tests.builder.manifests.full_project import full_project

from wherry_build.manifests import RenderOptions, Target, render
from wherry_cli.main import run

# Key of a function to the type that faas-cli decodes it into; a wrong type is a hard error there,
# and an unknown key is ignored without a word, which for us would be a typing error.
FUNCTION = {
    "lang": str,
    "handler": str,
    "image": str,
    "namespace": str,
    "environment": dict,
    "secrets": list,
    "labels": dict,
    "annotations": dict,
    "constraints": list,
    "limits": dict,
    "requests": dict,
    "readonly_root_filesystem": bool,
    "skip_build": bool,
}
TEXTS = {"environment", "labels", "annotations", "limits", "requests"}
TEMPLATE = {
    "language",
    "fprocess",
    "build_options",
    "welcome_message",
    "handler_folder",
    "mount_ssh",
}


@pytest.fixture
def deploy(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    for name, style in (("hello", "http"), ("orders", "events")):
        assert run(["new", name, "--template", style]) == 0
    assert run(["render", "--target", "openfaas", "--registry", "r.io/a", "-o", "deploy"]) == 0
    return tmp_path / "deploy"


def held_to_the_contract(stack):
    assert stack["version"] == "1.0"
    assert stack["provider"]["name"] == "openfaas", "any other provider is an error"
    assert stack["provider"]["gateway"].startswith("http")
    for name, function in stack["functions"].items():
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
        for key, value in function.items():
            assert type(value) is FUNCTION[key], key
        assert "/" in function["image"], "faas-cli pushes no image without a repository"
        for key in TEXTS:
            assert all(type(value) is str for value in function.get(key, {}).values())
        for key in ("secrets", "constraints"):
            assert all(type(value) is str for value in function.get(key, []))
        for key in ("limits", "requests"):
            assert set(function.get(key, {})) <= {"memory", "cpu"}


def test_the_stack(deploy):
    stack = yaml.safe_load((deploy / "stack.yaml").read_text())
    assert set(stack) == {"version", "provider", "functions"}
    held_to_the_contract(stack)


def test_the_stack_of_a_project_that_uses_everything():
    options = RenderOptions(
        target=Target.OPENFAAS, template_source="https://git.example.com/a/b#v1"
    )
    text = render(full_project(), options).files()["stack.yaml"]
    stack = yaml.safe_load(text)
    assert set(stack) == {"version", "provider", "functions", "configuration"}
    assert stack["configuration"] == {
        "templates": [{"name": "python3-wherry", "source": "https://git.example.com/a/b#v1"}]
    }
    held_to_the_contract(stack)
    used = {key for function in stack["functions"].values() for key in function}
    assert used == set(FUNCTION)


def envsubst(text):
    """The text after faas-cli has put its environment, an empty one, into it."""
    return re.sub(r"\$(\$)|\$\{[^}]*\}", lambda match: match[1] or "", text)


def test_nothing_is_substituted_in_the_text_before_it_is_read():
    """faas-cli expands `${...}` and `$$` in the whole text; neither is to be seen there."""
    text = render(full_project(), RenderOptions(target=Target.OPENFAAS)).files()["stack.yaml"]
    assert envsubst("a: ${X} $$ $Y") == "a:  $ $Y"
    assert envsubst(text) == text
    said = next(each for each in full_project().functions if each.name == "orders").environment
    assert "${" in said["TRICKY"] and "$$" in said["TRICKY"]
    read = yaml.safe_load(text)["functions"]["orders-stable"]["environment"]
    assert read.items() >= said.items()


def test_the_handler_is_relative_to_where_faas_cli_is_run(deploy, monkeypatch):
    monkeypatch.chdir(deploy)
    stack = yaml.safe_load((deploy / "stack.yaml").read_text())
    for name, function in stack["functions"].items():
        folder = deploy / function["handler"]
        assert folder.resolve() == deploy.parent / "functions" / name
        assert (folder / "handler.py").is_file()


def test_the_template_is_found_without_the_network(deploy):
    stack = yaml.safe_load((deploy / "stack.yaml").read_text())
    for function in stack["functions"].values():
        folder = deploy / "template" / function["lang"]
        said = yaml.safe_load((folder / "template.yml").read_text())
        assert set(said) <= TEMPLATE
        assert said["language"] == function["lang"]
        assert said["fprocess"]
        assert (folder / said["handler_folder"]).is_dir()
        assert (folder / "Dockerfile").is_file()


def test_the_repository_is_one_that_templates_are_pulled_from():
    """`faas-cli template pull REPOSITORY` looks for `template/NAME/template.yml`."""
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    assert (root / "template").resolve() == root / "templates"
    for file in (root / "template").glob("*/template.yml"):
        assert yaml.safe_load(file.read_text())["language"] == file.parent.name
