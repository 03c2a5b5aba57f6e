"""The templates: what `wherry new` makes, and what faas-cli builds from."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import wherry
from wherry_build.errors import DestinationExists, InvalidName, TemplateNotFound
from wherry_build.image.runtime_wheel import runtime_wheel
from wherry_build.project import read_project
from wherry_build.template import FOLDER, STYLES, frame_files, scaffold, template_files


@pytest.mark.parametrize("style", STYLES)
def test_a_scaffold_is_a_function_whose_test_passes(tmp_path, style):
    made = scaffold("my-function", style=style, parent=tmp_path / "functions")
    assert [path.name for path in made] == [
        "README.md",
        "handler.py",
        "requirements.txt",
        "test_my_function.py",
    ]
    assert "FUNCTION_NAME" not in "".join(path.read_text() for path in made)
    (function,) = read_project(tmp_path / "functions").functions
    assert function.name == "my-function"
    assert bool(function.declarations.event_types) == (style == "events")
    done = pytest_in(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_scaffolds_together_pass_in_one_run(tmp_path):
    for style in STYLES:
        scaffold(f"a-{style}", style=style, parent=tmp_path)
    done = pytest_in(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def pytest_in(folder):
    """Run pytest as a newcomer would: no configuration, and the runtime installed."""
    installed = str(Path(wherry.__file__).resolve().parents[1])
    paths = os.pathsep.join([installed, os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("there", "dangling"):
        with pytest.raises(DestinationExists):
            scaffold(name, style="http", parent=tmp_path)
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("name", ["../up", "a/b", "", "-x", "A", "a\n"])
def test_names_are_checked(tmp_path, name):
    with pytest.raises(InvalidName):
        scaffold(name, style="http", parent=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_unknown_styles_are_refused(tmp_path):
    with pytest.raises(TemplateNotFound) as caught:
        scaffold("x", style="nope", parent=tmp_path)
    assert "http, events" in caught.value.hint


@pytest.mark.parametrize("template", STYLES.values())
def test_the_committed_frame_follows_from_our_version(template):
    """The files in `templates/` are for faas-cli to pull; they must not fall behind."""
    for path, text in frame_files(template).items():
        assert (FOLDER / template / path).read_text() == text, path


@pytest.mark.parametrize("template", STYLES.values())
def test_an_exported_template_is_what_faas_cli_needs(template):
    files = template_files(template)
    stack = yaml.safe_load(files[f"{template}/template.yml"])
    assert stack["language"] == template
    assert stack["handler_folder"] == "function"
    wheel = runtime_wheel()
    assert files[f"{template}/wheels/{wheel.name}"] == wheel.content
    ast.parse(files[f"{template}/function/handler.py"])
    assert f"{template}/function/requirements.txt" in files
    text = files[f"{template}/Dockerfile"].decode()
    assert "ARG ADDITIONAL_PACKAGE" in text
    ignored = files[f"{template}/.dockerignore"].decode().split()
    assert {"meta.json", "template.yml", "**/.env", "**/.git"} <= set(ignored)
