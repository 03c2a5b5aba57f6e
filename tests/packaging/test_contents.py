"""The sdist and the wheel hold exactly the project's files, by git's own list of them."""

import subprocess
from pathlib import PurePosixPath

import pytest

pytestmark = pytest.mark.timeout(400)

PACKAGES = {
    "runtime/wherry": "wherry",
    "build/wherry_build": "wherry_build",
    "local/wherry_local": "wherry_local",
    "cli/wherry_cli": "wherry_cli",
}
# Folders and files of the project that go into the sdist; the rest serves the repository alone.
IN_SDIST = (
    *("runtime", "build", "local", "cli", "templates", "functions", "tests", "benchmarks", "docs"),
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"),
    *("LICENSE", "Makefile", "requirements.lock", "requirements-dev.lock", "pyproject.toml"),
)
# Put there by the build: metadata, and the ignore file that the build obeys.
ADDED_TO_SDIST = {"PKG-INFO", ".gitignore"}
METADATA = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}


@pytest.fixture(scope="module")
def files(clone):
    """Every file of the project, links to folders replaced by what they lead to."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=clone, capture_output=True, check=True).stdout
    names = [name for name in listed.decode().split("\0") if name and (clone / name).exists()]
    links = [name for name in names if (clone / name).is_symlink() and (clone / name).is_dir()]
    found = set(names) - set(links)
    for link in links:
        target = (clone / link).resolve().relative_to(clone).as_posix()
        inside = [name for name in names if name.startswith(f"{target}/")]
        found |= {link + name.removeprefix(target) for name in inside}
    return found


def differences(got, expected):
    """Both sides by name: a set comparison of hundreds of paths says nothing to a reader."""
    return [
        *(f"missing: {name}" for name in sorted(expected - got)),
        *(f"unexpected: {name}" for name in sorted(got - expected)),
    ]


def test_the_sdist_holds_the_project(files, distribution):
    expected = {name for name in files if PurePosixPath(name).parts[0] in IN_SDIST}
    assert differences(distribution.sdist_files(), expected | ADDED_TO_SDIST) == []


def test_the_wheel_holds_the_packages_and_nothing_else(files, distribution):
    expected = set()
    for folder, package in PACKAGES.items():
        inside = [name for name in files if name.startswith(f"{folder}/")]
        expected |= {package + name.removeprefix(folder) for name in inside}
    got = distribution.wheel_files()
    info = {name for name in got if PurePosixPath(name).parts[0].endswith(".dist-info")}
    assert differences(got - info, expected) == []
    assert {name.partition("/")[2] for name in info} == METADATA


@pytest.mark.parametrize("package", PACKAGES.values())
def test_every_package_is_in_the_wheel_and_typed(distribution, package):
    """Guards against a build that succeeds without a whole wing."""
    got = distribution.wheel_files()
    assert {f"{package}/__init__.py", f"{package}/py.typed"} <= got


def test_git_does_not_ignore_the_builder(clone):
    """The usual `build/` in an ignore file would take the builder out of every distribution."""
    for folder in PACKAGES:
        command = ["git", "check-ignore", "--quiet", "--no-index", f"{folder}/any.py"]
        assert subprocess.run(command, cwd=clone, check=False).returncode == 1, folder


def test_no_package_hides_the_tool_that_builds_it(clone):
    """A package at `build/` or `runtime/` would shadow pypa's `build`, and break the four wings."""
    for name in ("build", "runtime", "local", "cli"):
        assert not (clone / name / "__init__.py").exists()
        assert not (clone / name / "__main__.py").exists()
