"""Python and the extras: what is there, what is missing, what to type."""

import sys
from pathlib import Path

import pytest

from wherry_build.doctor.finding import State
from wherry_build.doctor.installation import PURPOSES, look_at_extras, look_at_python

PYPROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"
WITHOUT_COMMAND = {"all", "dev", "fuzz"}


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 9, 18), State.FAULT), ((3, 10, 0), State.OK), ((3, 13, 1), State.OK)],
)
def test_python_must_be_new_enough(version, state):
    python, wherry = look_at_python(version)
    assert python.state is state
    assert ".".join(map(str, version)) in python.said
    assert ("3.10" in python.hint) is (state is State.FAULT)
    assert wherry.state is State.OK


def test_an_extra_that_misses_a_package_says_how_to_get_it():
    requirements = [
        "click>=8.1,<9",
        "pytest>=8; extra == 'build'",
        "no-such-package[x]>=1; python_version > '3' and extra == \"certs\"",
        "wherry[build]; extra == 'deploy'",
    ]
    found = {each.name: each for each in look_at_extras(requirements)}
    assert list(found) == ["build", "certs"], "those that the distribution has"
    assert found["build"].state is State.OK
    assert found["build"].said.startswith("pytest ")
    assert found["certs"].state is State.ABSENT
    assert found["certs"].said == "without no-such-package"
    assert found["certs"].hint == "pip install 'wherry[certs]'"


def test_what_this_python_does_not_need_is_not_missed():
    requirements = [
        "pytest>=8; extra == 'build'",
        "no-such-package>=2; (python_version < '3.1') and extra == 'build'",
    ]
    (build,) = look_at_extras(requirements)
    assert build.state is State.OK
    assert "no-such-package" not in build.said


def test_without_what_reads_markers_an_extra_is_looked_at_all_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    (build,) = look_at_extras(["no-such-package>=1; extra == 'build'"])
    assert build.said == "without no-such-package"


def test_every_extra_says_what_needs_it():
    tomllib = pytest.importorskip("tomllib")
    extras = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    assert set(extras) - WITHOUT_COMMAND <= set(PURPOSES)
