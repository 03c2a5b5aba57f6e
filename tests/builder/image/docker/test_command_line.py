"""Which command line there is, and what it says of itself."""

import json

import pytest
from tests.builder.image.docker.recorded_command import docker_answers, podman_answers

from wherry_build.errors import EngineUnavailable
from wherry_build.image.docker.command_line import BuildWay, Kind, find_command_lines
from wherry_build.image.docker.selection import container_engine


def only(commands):
    (line,) = find_command_lines()
    return line


def test_docker_podman_and_nerdctl_are_found_in_this_order(commands):
    nerdctl = {"--version": {"out": "nerdctl version 2.0.2\n"}}
    commands.add("nerdctl", nerdctl)
    commands.add("podman", podman_answers())
    commands.add("docker", docker_answers())
    assert [line.kind for line in find_command_lines()] == [
        Kind.DOCKER,
        Kind.PODMAN,
        Kind.NERDCTL,
    ]
    assert find_command_lines()[2].build_way is BuildWay.BUILDKIT


def test_a_link_called_docker_that_is_podman_is_podman(commands):
    commands.add("docker", podman_answers())
    assert only(commands).kind is Kind.PODMAN


def test_something_else_of_that_name_is_left_alone(commands):
    commands.add("docker", {"--version": {"out": "a window manager's dock 1.5\n"}})
    assert find_command_lines() == []


@pytest.mark.parametrize("by_path", [True, False])
def test_a_variable_names_the_one_that_counts(commands, monkeypatch, by_path):
    commands.add("docker", docker_answers())
    commands.add("podman", podman_answers())
    wanted = str(commands.folder / "podman") if by_path else "podman"
    monkeypatch.setenv("WHERRY_CONTAINER_CLI", wanted)
    assert only(commands).kind is Kind.PODMAN


def test_a_variable_that_names_none_is_an_error(commands, monkeypatch):
    monkeypatch.setenv("WHERRY_CONTAINER_CLI", "buildah")
    with pytest.raises(EngineUnavailable, match="got 'buildah', which is not found, expected") as e:
        find_command_lines()
    assert e.value.hint == "unset WHERRY_CONTAINER_CLI"
    commands.add("buildah", {"--version": {"out": "buildah version 1.28\n"}})
    with pytest.raises(EngineUnavailable, match="no container engine"):
        find_command_lines()


@pytest.mark.parametrize(
    ("version", "has_buildx", "switch", "way"),
    [
        ("28.2.2", True, None, BuildWay.BUILDX),
        ("28.2.2", False, None, BuildWay.CLASSIC),
        ("20.10.24+dfsg1", False, None, BuildWay.BUILDKIT),
        ("20.10.24+dfsg1", True, None, BuildWay.BUILDX),
        ("17.05", False, None, BuildWay.CLASSIC),
        ("28.2.2", True, "0", BuildWay.CLASSIC),
    ],
)
def test_how_docker_builds(commands, monkeypatch, version, has_buildx, switch, way):
    if switch is not None:
        monkeypatch.setenv("DOCKER_BUILDKIT", switch)
    commands.add("docker", docker_answers(version=version, has_buildx=has_buildx))
    assert only(commands).build_way is way


def test_what_docker_says_of_itself(commands):
    said = {
        "ServerVersion": "29.0.0",
        "Architecture": "aarch64",
        "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"],
        "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
    }
    commands.add("docker", docker_answers(info={"out": json.dumps(said)}))
    facts = only(commands).facts()
    assert (facts.version, facts.architecture) == ("29.0.0", "arm64")
    assert facts.is_rootless
    assert facts.keeps_contents


def test_what_podman_says_of_itself(commands):
    commands.add("podman", podman_answers())
    facts = only(commands).facts()
    assert (facts.version, facts.architecture, facts.is_rootless) == ("4.3.1", "arm64", True)


@pytest.mark.parametrize(
    "answer",
    [
        {"code": 1, "out": '{"ServerErrors":["Cannot connect to the daemon"]}'},
        {"code": 0, "out": '{"ServerErrors":["Cannot connect to the daemon"]}'},
        {"code": 1, "err": "error:\nCannot connect to the daemon\n"},
    ],
)
def test_an_engine_that_does_not_answer_is_told(commands, answer):
    commands.add("docker", docker_answers(info=answer))
    with pytest.raises(EngineUnavailable, match="Cannot connect to the daemon") as caught:
        container_engine()
    assert "systemctl start docker" in caught.value.hint


def test_an_engine_that_does_not_let_us_in_says_what_to_do(commands):
    refused = {"ServerErrors": ["permission denied while trying to connect to the socket"]}
    commands.add("docker", docker_answers(info={"out": json.dumps(refused)}))
    with pytest.raises(EngineUnavailable, match="permission denied") as caught:
        container_engine()
    assert "usermod" in caught.value.hint


def test_the_first_whose_engine_answers_is_taken(commands):
    commands.add("docker", docker_answers(info={"code": 1, "err": "no daemon"}))
    commands.add("podman", podman_answers())
    assert container_engine().name == "podman 4.3.1, Buildah"


def test_without_any_command_the_sdk_is_asked(commands, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailable) as caught:
        container_engine()
    assert caught.value.message.startswith("there is neither docker, podman nor nerdctl on PATH")
    assert f"{tmp_path}/none.sock (DOCKER_HOST)" in caught.value.message
