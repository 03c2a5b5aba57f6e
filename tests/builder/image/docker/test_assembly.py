"""What a build context holds, and what must not be asked for."""

import pytest

from wherry_build.errors import ContextTooLarge, InvalidName, ProjectError
from wherry_build.image.docker.assembly import context_request, planned_dockerfile
from wherry_build.image.engine import ImageRequest, WheelSources
from wherry_build.image.runtime_wheel import runtime_wheel
from wherry_build.project import read_project

HANDLER = "def handle(request): ...\n"


def asked(function, *, has_mounts=False, **changes):
    request = ImageRequest(function=function, reference="ghcr.io/acme/hello:1", **changes)
    return context_request(request, has_mounts=has_mounts)


def files(request):
    return {entry.path: entry.content for entry in request.entries}


def test_a_context_holds_dockerfile_runtime_and_function(function):
    wheel = runtime_wheel()
    found = files(asked(function))
    assert sorted(found) == [
        "Dockerfile",
        "function/handler.py",
        "function/requirements.txt",
        f"wheels/{wheel.name}",
    ]
    assert found[f"wheels/{wheel.name}"] == wheel.content


def test_the_same_function_is_the_same_context(function):
    assert asked(function) == asked(function)


def test_requirements_are_installed_where_there_are_any(write):
    root = write({"bare/handler.py": HANDLER})
    bare = read_project(root / "bare").functions[0]
    assert b"-r requirements.txt" not in files(asked(bare))["Dockerfile"]


def test_a_handler_of_another_name_is_named(write):
    root = write({"svc.py": HANDLER})
    function = read_project(root / "svc.py").functions[0]
    text = planned_dockerfile(ImageRequest(function=function, reference="svc"))
    assert "WHERRY_HANDLER=/srv/function/svc.py" in text


def test_wheels_of_ones_own(function, tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "six-1-py3-none-any.whl").write_bytes(b"six")
    (wheels / "notes.txt").write_text("no wheel")
    found = files(asked(function, wheels=WheelSources(folder=wheels, is_offline=True)))
    assert found["wheels/six-1-py3-none-any.whl"] == b"six"
    assert not any("notes" in name for name in found)
    assert b"--no-index" in found["Dockerfile"]


def test_a_dockerfile_of_ones_own_has_the_same_context(function, tmp_path):
    own = tmp_path / "Dockerfile.own"
    own.write_text("FROM scratch\nCOPY function/ /srv/function/\n")
    found = files(asked(function, dockerfile=own, labels={"team": "a"}))
    assert found["Dockerfile"] == own.read_bytes()
    assert "function/handler.py" in found
    assert asked(function, dockerfile=own, labels={"team": "a"}).labels == {"team": "a"}


def test_arguments_reach_the_step_that_installs(function):
    request = asked(function, base="python:3.13", arguments={"PIP_INDEX_URL": "https://a/simple"})
    assert request.arguments == {"BASE": "python:3.13", "PIP_INDEX_URL": "https://a/simple"}
    build = files(request)["Dockerfile"].decode().partition("AS build")[2]
    assert "\nARG PIP_INDEX_URL\n" in build.partition("RUN")[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"BASE": "x"}, "BASE is the base image"),
        ({"NPM_TOKEN": "x"}, "NPM_TOKEN looks like a secret"),
        ({"db_password": "x"}, "db_password looks like a secret"),
        ({"PIP_INDEX_URL": "https://me:pw@acme.com/simple"}, "PIP_INDEX_URL looks like a secret"),
    ],
)
def test_arguments_that_must_be_something_else(function, arguments, said):
    with pytest.raises(ProjectError) as caught:
        asked(function, arguments=arguments)
    assert said in caught.value.message
    assert "pw" not in caught.value.message
    assert "build." in caught.value.hint


def test_secrets_are_named_and_never_in_the_context(function, tmp_path):
    secret = tmp_path / "pip.conf"
    secret.write_text("canary-9f1")
    request = asked(function, secrets={"pip.conf": secret}, has_mounts=True)
    assert request.secrets == {"pip.conf": secret}
    assert not any(b"canary-9f1" in content for content in files(request).values())
    text = files(request)["Dockerfile"].decode()
    assert (
        "--mount=type=secret,id=pip.conf PIP_CONFIG_FILE=/run/secrets/pip.conf python3 -m pip"
        in text
    )


def test_a_secret_without_a_file_is_an_error(function, tmp_path):
    with pytest.raises(ProjectError, match="no such file"):
        asked(function, secrets={"tok": tmp_path / "none"})


@pytest.mark.parametrize(
    "changes",
    [
        {"base": "$(evil)"},
        {"packages": ("libpq5; evil",)},
        {"packages": ("--allow-downgrades",)},
        {"arguments": {"A B": "x"}},
        {"secrets": {"a,target=/etc": __file__}},
    ],
)
def test_names_are_checked(function, changes):
    from pathlib import Path

    if "secrets" in changes:
        changes = {"secrets": {key: Path(file) for key, file in changes["secrets"].items()}}
    with pytest.raises(InvalidName):
        asked(function, has_mounts=True, **changes)


def test_packages_and_a_dockerfile_exclude_each_other(function, tmp_path):
    own = tmp_path / "Dockerfile"
    own.write_text("FROM scratch\n")
    with pytest.raises(ProjectError, match="there are packages, 'libpq5'") as caught:
        asked(function, packages=("libpq5",), dockerfile=own)
    assert str(own) in caught.value.hint


@pytest.mark.parametrize("kind", ["absent", "folder", "huge"])
def test_a_dockerfile_that_is_none(function, tmp_path, kind):
    own = tmp_path / "Dockerfile"
    if kind == "folder":
        own.mkdir()
    elif kind == "huge":
        own.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises((ProjectError, ContextTooLarge), match="Dockerfile"):
        asked(function, dockerfile=own)


def test_an_ignored_handler_is_an_error(write):
    root = write({"hello/handler.py": HANDLER, "hello/.dockerignore": "*.py\n"})
    with pytest.raises(ProjectError, match="keep the handler out"):
        asked(read_project(root / "hello").functions[0])
