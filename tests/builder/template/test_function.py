"""What `wherry new` makes of a template: a function whose test passes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import wherry
from wherry_build.errors import DestinationExists, InvalidName, TemplateNotFound
from wherry_build.project import read_project
from wherry_build.template import TEMPLATES, add_function

STYLES = [template.style for template in TEMPLATES]


@pytest.mark.parametrize("style", STYLES)
def test_a_scaffold_is_a_function(tmp_path, style):
    made = add_function("my-function", style=style, parent=tmp_path / "functions").made
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


def test_all_scaffolds_together_pass_in_one_run(tmp_path):
    for style in STYLES:
        add_function(f"a-{style}", style=style, parent=tmp_path)
    done = pytest_in(tmp_path, "-rA")
    assert done.returncode == 0, done.stdout + done.stderr
    for style in STYLES:
        assert f"PASSED a-{style}/test_a_{style}.py::" in done.stdout


def pytest_in(folder, *options):
    """Run pytest as a newcomer would: no configuration, and the runtime installed."""
    installed = str(Path(wherry.__file__).resolve().parents[1])
    paths = os.pathsep.join([installed, os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
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
            add_function(name, style="http", parent=tmp_path)
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("name", ["../up", "a/b", "", "-x", "A", "a\n"])
def test_names_are_checked(tmp_path, name):
    with pytest.raises(InvalidName):
        add_function(name, style="http", parent=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_unknown_styles_are_refused(tmp_path):
    with pytest.raises(TemplateNotFound) as caught:
        add_function("x", style="nope", parent=tmp_path)
    assert caught.value.hint == f"there are: {', '.join(STYLES)}"
