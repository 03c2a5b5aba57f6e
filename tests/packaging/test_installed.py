"""What is shipped works: the core of the suite, from the wheel, with the sources out of reach."""

import os
import re
import shutil
import subprocess
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(900)

# What the tests of the runtime need besides the wheel; nothing of the builder's or the platform's.
TOOLS = ("pytest", "pytest-timeout", "pytest-randomly", "hypothesis", "msgspec", "pydantic")
CORE = ("tests/runtime", "tests/serving/test_http.py")
# Libraries of the extras: a function image has none of them.
EXTRAS = ("docker", "yaml", "watchfiles", "msgspec", "pydantic", "wsproto")


class Installed(NamedTuple):
    """A fresh environment that has the wheel, at the locked versions."""

    python: Path
    extras_of_the_bare_wheel: list[str]


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
def installed(distribution, tmp_path_factory):
    home = tmp_path_factory.mktemp("installed")
    venv.create(home / "env", with_pip=True)
    python = home / "env/bin/python"
    locked = (ROOT / "requirements-dev.lock").read_text()
    pins = re.findall(r"^([a-z0-9._-]+==[^\s\\]+(?: ; [^\\\n]+)?)", locked, re.MULTILINE)
    (home / "pins.txt").write_text("\n".join(pins) + "\n")
    pip = (
        python,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
        "install",
        "-c",
        "pins.txt",
    )
    done = run(*pip, distribution.wheel, cwd=home)
    assert done.returncode == 0, done.stderr
    find = f"import importlib.util as u; print(*filter(u.find_spec, {EXTRAS}))"
    found = run(python, "-c", find, cwd=home).stdout.split()
    done = run(*pip, *TOOLS, cwd=home)
    assert done.returncode == 0, done.stderr
    return Installed(python, found)


def test_the_wheel_alone_is_the_light_runtime(installed, tmp_path):
    """A function image holds none of the builder's libraries."""
    where = run(installed.python, "-c", "import wherry; print(wherry.__file__)", cwd=tmp_path)
    assert "site-packages" in where.stdout
    assert installed.extras_of_the_bare_wheel == []


def test_the_command_is_there(installed, tmp_path):
    done = run(installed.python.parent / "wherry", "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"wherry,? (version )?\d+\.\d+\.\d+\S*\n", done.stdout)


def test_the_core_of_the_suite_passes_from_the_wheel(installed, tmp_path):
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    command = (installed.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CORE)
    done = run(*command, cwd=tmp_path, timeout=800)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
