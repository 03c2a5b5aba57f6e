"""Containers by a command line and by the SDK, each recorded."""

import json
from dataclasses import replace

import pytest
from docker.errors import APIError, NotFound
from tests.builder.image.docker.recorded_command import docker_answers, podman_answers

from wherry_build.errors import ContainerFailed
from wherry_build.image.docker.container import Container
from wherry_build.image.docker.containers import Ending
from wherry_build.image.docker.engine_containers import containers_of, is_docker
from wherry_build.image.docker.sdk_containers import SdkContainers
from wherry_build.image.docker.sdk_engine import SdkEngine
from wherry_build.image.docker.selection import container_engine

CONTAINER = Container(name="hello", image="a:1", host="127.0.0.1", port=9000, memory_bytes=1)


def by_command(commands, **answers):
    commands.add("docker", docker_answers(**answers))
    engine = container_engine()
    assert is_docker(engine)
    return containers_of(engine)


def test_the_life_of_a_container(commands):
    state = json.dumps({"ExitCode": 137, "OOMKilled": True})
    containers = by_command(
        commands,
        run={"out": "Unable to find image 'a:1' locally\nabc123\n"},
        logs={"out": "one\n", "err": "two\n"},
        wait={"out": "137\n"},
        stop={},
        rm={},
        inspect={"out": state},
    )
    lines = []
    made = containers.start(CONTAINER)
    assert made == "abc123"
    containers.follow(made, lines.append)
    assert sorted(lines) == ["one", "two"]
    assert containers.wait(made) == Ending(code=137, is_out_of_memory=True)
    containers.stop(made, 12)
    containers.remove(made)
    assert [call["words"] for call in commands.calls[-2:]] == [
        ["stop", "-t", "12", "abc123"],
        ["rm", "--force", "--volumes", "abc123"],
    ]


def test_podman_is_told_to_label_the_secrets(commands, tmp_path):
    commands.add("podman", podman_answers(run={"out": "abc\n"}))
    engine = container_engine()
    assert not is_docker(engine)
    containers_of(engine).start(replace(CONTAINER, secrets=tmp_path))
    (call,) = commands.asked("run")
    (mount,) = [word for word in call["words"] if word.startswith("type=bind")]
    assert mount.endswith(",readonly,relabel=shared")


def test_a_container_that_somebody_else_removed(commands):
    containers = by_command(commands, wait={"code": 1}, inspect={"code": 1, "out": "\n"})
    assert containers.wait("abc") == Ending(code=1)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("Bind for 127.0.0.1:9000 failed: port is already allocated.", "--port 0"),
        ("pull access denied for a, repository does not exist", "--image builds it"),
        ("cgroup controllers not delegated", "cgroups v2"),
        ("something new", ""),
    ],
)
def test_a_container_that_does_not_start_says_what_to_try(commands, said, hint):
    containers = by_command(commands, run={"err": f"docker: Error: {said}\n", "code": 125}, rm={})
    with pytest.raises(ContainerFailed) as caught:
        containers.start(CONTAINER)
    run, remove = commands.calls[-2:]
    assert run["words"][2].startswith("wherry-hello-")
    assert remove["words"] == ["rm", "--force", "--volumes", run["words"][2]], "if it was made"
    assert said in caught.value.message
    assert hint in caught.value.hint


class Client:
    """The SDK's client, as far as containers need it."""

    def __init__(self, *, refuses=False):
        self.asked = []
        self.refuses = refuses

    def version(self):
        return {"Version": "28", "Arch": "arm64"}

    def create_host_config(self, **options):
        return options

    def create_container(self, image, **options):
        self.asked.append(("create", image, options))
        return {"Id": "abc"}

    def start(self, made):
        self.asked.append(("start", made))
        if self.refuses:
            raise APIError("no", explanation="port is already allocated")

    def logs(self, made, **options):
        assert options == {"stream": True, "follow": True}
        yield from (b"on", b"e\ntwo\nth", b"ree")

    def wait(self, made, timeout):
        self.asked.append(("wait", made))

    def inspect_container(self, made):
        return {"State": {"ExitCode": 3, "OOMKilled": False}}

    def stop(self, made, timeout):
        self.asked.append(("stop", made, timeout))

    def remove_container(self, made, **options):
        self.asked.append(("remove", made))
        raise NotFound("gone")


def test_the_life_of_a_container_by_the_sdk():
    client = Client()
    engine = SdkEngine(client)
    assert is_docker(engine)
    containers = containers_of(engine)
    assert isinstance(containers, SdkContainers)
    lines = []
    made = containers.start(CONTAINER)
    containers.follow(made, lines.append)
    assert lines == ["one", "two", "three"]
    assert containers.wait(made) == Ending(code=3)
    containers.stop(made, 5)
    containers.remove(made)
    (_, image, options), *rest = client.asked
    assert (image, options["user"]) == ("a:1", "65532:65532")
    assert options["host_config"]["cap_drop"] == ["ALL"]
    assert rest == [("start", "abc"), ("wait", "abc"), ("stop", "abc", 5), ("remove", "abc")]


def test_what_the_sdk_could_not_start_is_removed():
    client = Client(refuses=True)
    with pytest.raises(ContainerFailed, match="already allocated"):
        SdkContainers(SdkEngine(client)).start(CONTAINER)
    assert client.asked[-1] == ("remove", "abc")
