"""The stack file and template held to faas-cli's own rules, as read in its source (0.18.12).

This is no run of faas-cli: `tests/interop/test_faas_cli.py` is, where the tool can be had.
"""

import re

import pytest
import yaml

from wherry_cli.main import run

# Key of a function to the type that faas-cli decodes it into; a wrong type is a hard error there,
# and an unknown key is ignored without a word, which for us would be a typing error.
FUNCTION = {
    "lang": str,
    "handler": str,
    "image": str,
    "environment": dict,
    "labels": dict,
    "annotations": dict,
    "limits": dict,
    "requests": dict,
    "readonly_root_filesystem": bool,
}
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


def test_the_stack(deploy):
    stack = yaml.safe_load((deploy / "stack.yaml").read_text())
    assert set(stack) == {"version", "provider", "functions"}
    assert stack["version"] == "1.0"
    assert stack["provider"]["name"] == "openfaas", "any other provider is an error"
    assert stack["provider"]["gateway"].startswith("http")
    for name, function in stack["functions"].items():
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
        for key, value in function.items():
            assert type(value) is FUNCTION[key], key
        assert "/" in function["image"], "faas-cli pushes no image without a repository"
        for key in ("environment", "labels", "annotations", "limits", "requests"):
            assert all(type(value) is str for value in function.get(key, {}).values())


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
