"""What `wherry new --project` makes works: its tests, its manifests, its workflow, its server."""

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import jsonschema
import pytest
import yaml

from wherry._version import __version__
from wherry_build.image.runtime_wheel import runtime_wheel
from wherry_build.manifests import Target
from wherry_build.project.json_schema import json_schema

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shop(wherry, here, monkeypatch):
    """A new project, and the working folder in it."""
    done = wherry("new", "--project", "shop")
    assert (done.code, done.err) == (
        0,
        "next: cd shop && wherry run\nor:   cd shop && wherry up\n",
    )
    made = {line.removeprefix("shop/") for line in done.out.splitlines()}
    files = {path for path in (here / "shop").rglob("*") if path.is_file()}
    assert made == {path.relative_to(here / "shop").as_posix() for path in files}
    monkeypatch.chdir(here / "shop")
    return here / "shop"


def test_it_holds_what_a_project_needs(shop):
    files = {path.relative_to(shop).as_posix() for path in shop.rglob("*") if path.is_file()}
    assert files == {
        ".devcontainer/devcontainer.json",
        ".github/workflows/functions.yaml",
        ".gitignore",
        "README.md",
        "functions/hello/README.md",
        "functions/hello/handler.py",
        "functions/hello/requirements.txt",
        "functions/hello/test_hello.py",
        "pytest.ini",
        "requirements-dev.txt",
        "wherry.schema.json",
        "wherry.yaml",
    }
    text = "".join((shop / name).read_text() for name in files)
    assert not re.search(r"PROJECT_NAME|WHERRY_VERSION|FUNCTION_NAME", text)


def test_wherry_is_installed_from_the_projects_wheel_and_from_no_index(shop):
    """It is not published: what an index has by its name would be somebody else's."""

    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]

    def install():
        return subprocess.run(
            [
                *pip,
                "--dry-run",
                "--no-deps",
                "--no-index",
                "--ignore-installed",
                "-r",
                "wherry.txt",
            ],
            cwd=shop,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    lines = (shop / "requirements-dev.txt").read_text().splitlines()
    (line,) = [line for line in lines if "wherry" in line and not line.startswith("#")]
    (shop / "wherry.txt").write_text(line)
    wheel = f"wheels/wherry-{__version__}-py3-none-any.whl"
    failed = install()
    assert failed.returncode == 1
    assert wheel in failed.stderr
    (shop / "wheels").mkdir()
    (shop / wheel).write_bytes(runtime_wheel().content)
    assert f"Would install wherry-{__version__}" in install().stdout


def test_how_the_wheel_is_made_is_said_where_it_is_missed(shop):
    made = "pip wheel --no-deps --wheel-dir wheels PATH/TO/WHERRY"
    for text in (shop / "README.md", shop / "requirements-dev.txt", ROOT / "docs/templates.md"):
        assert made in text.read_text()


def test_editors_find_the_schema_and_the_file_fits_it(shop):
    first, _, text = (shop / "wherry.yaml").read_text().partition("\n")
    name = first.removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((shop / name).read_text())
    assert schema == json_schema()
    jsonschema.validate(yaml.safe_load(text), schema)


def test_pytest_passes_and_looks_at_no_template(wherry, shop):
    wherry("new", "orders", "--template", "events")
    assert wherry("template", "export").code == 0
    (shop / "functions/copy").mkdir()
    (shop / "functions/copy/test_hello.py").write_text("def test_it(): pass\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=shop,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^5 passed", done.stdout, re.MULTILINE), done.stdout


def environment():
    """That of a machine where the wings are installed."""
    paths = [str(ROOT / wing) for wing in ("runtime", "build", "local", "cli")]
    return os.environ | {"PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")])}


@pytest.mark.parametrize("target", [target.value for target in Target])
def test_every_target_renders_without_a_loss_or_a_fault(wherry, shop, target):
    wherry("new", "orders", "--template", "events")
    done = wherry("render", "--target", target, "-o", "deploy", "--strict")
    assert done.code == 0, done.err
    assert "lost:" not in done.err
    done = wherry("lint", ".")
    assert done.code == 0, done.out
    assert "0 errors" in done.out or "nothing found" in done.out


def steps(shop):
    text = (shop / ".github/workflows/functions.yaml").read_text()
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    return {step["name"]: step["run"] for step in job["steps"] if "run" in step}


def test_the_workflow_does_what_it_says(wherry, shop):
    """Its commands are run here one by one, but for those of pip, pytest and the image's build."""
    commands = steps(shop)
    assert list(commands) == ["Install", "Test", "Render", "Lint", "Build"]
    assert commands["Install"] == "pip install -r requirements-dev.txt"
    assert commands["Test"] == "pytest"
    for name in ("Render", "Lint"):
        for line in commands[name].splitlines():
            program, *arguments = shlex.split(line)
            assert program == "wherry"
            done = wherry(*arguments)
            assert done.code == 0, f"{line}: {done.err}"
    program, *arguments = shlex.split(commands["Build"])
    assert wherry(*arguments, "--help").code == 0


def test_the_container_to_work_in_is_described(shop):
    described = json.loads((shop / ".devcontainer/devcontainer.json").read_text())
    assert described["name"] == "shop"
    assert described["postCreateCommand"] == "pip install -r requirements-dev.txt"


def test_it_serves_what_its_readme_says(wherry, shop, serving):
    wherry("new", "orders", "--template", "events")  # addresses are told where there are several
    block = re.search(r"^\$ curl '([^']+)'\n(.+)$", (shop / "README.md").read_text(), re.MULTILINE)
    server = serving(shop, "--port", "0")
    url = server.url("hello").rstrip("/") + block[1].removeprefix("http://127.0.0.1:8080")
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.read().decode() == block[2]
    assert server.stop() == 0
