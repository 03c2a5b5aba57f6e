"""The locks hold what the project asks for, at versions it allows, with hashes."""

import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"^(?P<pin>[a-z0-9._-]+==\S+(?: ; [^\\]+)?) \\\n(?P<hashes>(?:    --hash=.*\n)+)")


def pins(name):
    """Locked versions by package; several where they depend on the Python."""
    found = {}
    for entry in re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)[1:]:
        match = PIN.match(entry)
        assert match, f"{name}: not a pin with hashes: {entry[:80]!r}"
        requirement = Requirement(match["pin"])
        (version,) = (each.version for each in requirement.specifier)
        found.setdefault(canonicalize_name(requirement.name), []).append(version)
    return found


def wanted(*extras):
    project = PROJECT["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    for path in ROOT.glob("functions/*/requirements.txt"):
        lines += [line for line in path.read_text().splitlines() if line[:1] not in {"#", ""}]
    named = [Requirement(line) for line in lines]
    return [each for each in named if each.name != PROJECT["project"]["name"]]


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock", ("build", "local", "typed")),
        ("requirements-dev.lock", ("build", "local", "typed", "dev")),
    ],
)
def test_the_lock_holds_every_requirement_at_a_version_it_allows(lock, extras):
    locked = pins(lock)
    for requirement in wanted(*extras):
        versions = locked.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement} is not in {lock}: make lock"
        assert all(requirement.specifier.contains(each) for each in versions), requirement


def test_the_locks_agree():
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: dev.get(name) for name in run} == run
