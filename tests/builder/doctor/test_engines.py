"""Container engines, as commands on PATH tell of themselves."""

import json

from tests.builder.image.docker.recorded_command import docker_answers, podman_answers

from wherry_build.doctor.engines import look_at_engines
from wherry_build.doctor.finding import State


def told():
    return {each.name: each for each in look_at_engines()}


def test_none_is_no_fault(commands):
    ((name, found),) = told().items()
    assert name == "docker/podman/nerdctl"
    assert found.state is State.ABSENT
    assert "need none" in found.said
    assert "podman" in found.hint


def test_an_engine_that_answers_and_what_it_builds_with(commands):
    commands.add("docker", docker_answers(has_buildx=True))
    commands.add("podman", podman_answers())
    found = told()
    assert "28.2.2, engine 28.0.1 on amd64" in found["docker"].said
    assert found["docker build"].said == "buildx"
    assert "without root" in found["podman"].said
    assert found["podman build"].said == "Buildah"
    assert {each.state for each in found.values()} == {State.OK}


def test_the_classic_builder_is_told_of(commands):
    commands.add("docker", docker_answers())
    found = told()["docker build"]
    assert found.state is State.ABSENT
    assert "docker-buildx" in found.hint


def test_containerds_store_is_told_of(commands):
    said = {
        "ServerVersion": "29",
        "Architecture": "x86_64",
        "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
    }
    commands.add("docker", docker_answers(info={"out": json.dumps(said)}))
    assert told()["docker"].said.endswith("containerd's image store")


def test_an_engine_that_does_not_answer(commands):
    commands.add("docker", docker_answers(info={"code": 1, "err": "Cannot connect\n"}))
    ((_, found),) = told().items()
    assert found.state is State.ABSENT
    assert found.said.endswith("Cannot connect")
    assert "systemctl start docker" in found.hint


def test_a_variable_that_names_none_is_a_fault(commands, monkeypatch):
    monkeypatch.setenv("WHERRY_CONTAINER_CLI", "nope")
    found = told()["WHERRY_CONTAINER_CLI"]
    assert found.state is State.FAULT
    assert found.hint == "unset WHERRY_CONTAINER_CLI"
