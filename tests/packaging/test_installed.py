"""What is shipped works: the core of the suite, from the wheel, with the sources out of reach."""

import os
import re
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(900)

# What the tests of the runtime need besides the wheel; nothing of the builder's or the platform's.
TOOLS = ("pytest", "pytest-timeout", "pytest-randomly", "hypothesis")
CORE = ("tests/runtime",)


def run(*command, cwd, timeout=600):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST", "WHERRY", "COV_"))
    }
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture(scope="module")
def python(distribution, tmp_path_factory):
    """Python of a fresh environment that has the wheel without extras, at the locked versions."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home / "env", with_pip=True)
    locked = (ROOT / "requirements-dev.lock").read_text()
    pins = re.findall(r"^([a-z0-9._-]+==[^\s\\]+(?: ; [^\\\n]+)?)", locked, re.MULTILINE)
    (home / "pins.txt").write_text("\n".join(pins) + "\n")
    pip = (home / "env/bin/python", "-m", "pip", "--disable-pip-version-check", "--quiet")
    done = run(*pip, "install", "-c", "pins.txt", distribution.wheel, *TOOLS, cwd=home)
    assert done.returncode == 0, done.stderr
    return home / "env/bin/python"


def test_the_wheel_alone_is_the_light_runtime(python, tmp_path):
    """A function image holds no builder's libraries, and a missing extra is told in one line."""
    code = "import wherry, sys; print(wherry.__file__)"
    where = run(python, "-c", code, cwd=tmp_path).stdout
    assert "site-packages" in where
    for name in ("docker", "yaml", "watchfiles", "pydantic", "msgspec"):
        assert run(python, "-c", f"import {name}", cwd=tmp_path).returncode == 1, name


def test_the_command_is_there(python, tmp_path):
    done = run(python.parent / "wherry", "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"wherry,? (version )?\d+\.\d+\.\d+\S*\n", done.stdout)


def test_the_core_of_the_suite_passes_from_the_wheel(python, tmp_path):
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    command = (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CORE)
    done = run(*command, cwd=tmp_path, timeout=800)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
