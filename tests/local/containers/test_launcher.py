"""The life of a container, with a recorder in the engine's place."""

import asyncio
import json
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from wherry_local.containers import ContainerLauncher, Engine
from wherry_local.containers.engine import EngineAbsent, EngineRefused
from wherry_local.containers.readiness import until_ready
from wherry_local.deployment import Deployment, FunctionKey
from wherry_local.errors import LocalError
from wherry_local.journal.chunk import lines_of
from wherry_local.state import StateFolder

HELLO = FunctionKey("hello")


class Journal:
    def __init__(self):
        self.lines = []

    def add(self, function, chunk):
        self.lines += [(each.stream, each.text) for each in lines_of(function, chunk)]

    def tell(self, function, text):
        self.lines.append(("platform", text))


class World:
    """An engine's recorder, a state folder, a journal and the launcher over them."""

    def __init__(self, root):
        self.folder = root / "engine"
        self.folder.mkdir()
        (self.folder / "images").write_text(json.dumps({"hello": "root", "own": "app"}))
        command = root / "docker"
        recorder = Path(__file__).with_name("engine_recorder.py")
        command.write_text(
            f'#!/bin/sh\nENGINE_STATE={self.folder} exec {sys.executable} -IS {recorder} "$@"\n'
        )
        command.chmod(0o755)
        self.state = StateFolder.of(root)
        self.state.make()
        self.journal = Journal()
        self.launcher = ContainerLauncher(
            self.journal, self.state, find=lambda: Engine(command=str(command))
        )

    def answers(self, path, status):
        (self.folder / path).write_text(str(status))

    def uses(self, verb):
        lines = (self.folder / "words").read_text().splitlines()
        return [words for words in map(json.loads, lines) if words[0] == verb]

    @property
    def left(self):
        folder = self.state.path / "containers"
        return [each.name for each in folder.iterdir()] if folder.exists() else []


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def deployment(image="hello", **said):
    return Deployment(key=HELLO, image=image, container=True, **said)


def scenario(world, work, within_s=30):
    async def whole():
        await asyncio.wait_for(work(world.launcher), within_s)
        await world.launcher.close()

    asyncio.run(whole())


def test_it_starts_answers_stops_and_leaves_nothing(world):
    async def work(launcher):
        replica = await launcher.launch(deployment(), "hello-abc")
        assert await replica.ready(20)
        host, port = replica.address
        assert host == "127.0.0.1"
        assert port > 0
        with socket.create_connection((host, port), 5):
            pass
        assert world.left == ["hello-abc"]
        assert await replica.stop(5) == 0
        await replica.gone()

    scenario(world, work)
    assert ("stdout", "hello from wherry-hello-abc") in world.journal.lines
    assert world.uses("stop") == [["stop", "--time", "5", "wherry-hello-abc"]]
    assert world.left == []


@pytest.mark.parametrize(("in_flight", "said"), [(0, "10"), (1, "35")])
def test_one_with_nothing_to_finish_is_not_waited_for_long(world, in_flight, said):
    async def work(launcher):
        replica = await launcher.launch(deployment(), "hello-abc")
        assert await replica.ready(20)
        replica.in_flight = in_flight
        await replica.stop(35.0)

    scenario(world, work)
    assert world.uses("stop") == [["stop", "--time", said, "wherry-hello-abc"]]


def test_an_image_that_is_not_there_is_fetched_once_and_said(world):
    async def work(launcher):
        replica = await launcher.launch(deployment("ghcr.io/a/b:1"), "hello-abc")
        replica.kill()
        await replica.wait()

    scenario(world, work)
    assert world.journal.lines[0] == ("platform", "fetching the image ghcr.io/a/b:1")
    assert world.uses("pull") == [["pull", "--quiet", "ghcr.io/a/b:1"]]


def test_an_image_that_cannot_be_had_is_told_in_the_engine_s_words(world):
    async def work(launcher):
        with pytest.raises(EngineRefused, match="docker pull: pull access denied for absent"):
            await launcher.launch(deployment("absent"), "hello-abc")

    scenario(world, work)
    assert world.left == []


def test_one_that_ends_before_it_is_ready_says_so_with_its_code(world):
    (world.folder / "images").write_text(json.dumps({"broken": ""}))

    async def work(launcher):
        replica = await launcher.launch(deployment("broken"), "hello-abc")
        assert not await replica.ready(20)
        assert await replica.wait() == 7

    scenario(world, work)
    assert ("stderr", "cannot go on") in world.journal.lines


def test_one_that_does_not_get_ready_in_time_is_told_and_can_be_killed(world):
    world.answers("ready", 503)

    async def work(launcher):
        replica = await launcher.launch(deployment(), "hello-abc")
        assert not await replica.ready(0.5)
        replica.kill()
        assert await replica.wait() != 0

    scenario(world, work)


def test_one_that_is_killed_as_it_is_made_ends(world):
    async def work(launcher):
        for number in range(10):
            replica = await launcher.launch(deployment(), f"hello-{number}")
            await asyncio.sleep(number / 100)  # another moment of its making each time
            replica.kill()
            await replica.wait()

    scenario(world, work)
    assert world.left == []


async def awaited(launcher):
    """A replica with an address, and who waits for it to be ready."""
    replica = await launcher.launch(deployment(), "hello-abc")
    waiting = asyncio.ensure_future(replica.ready(20))
    while replica.address[1] == 0:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.01)
    return replica, waiting


def test_ready_is_when_it_says_so(world):
    world.answers("ready", 503)

    async def work(launcher):
        replica, waiting = await awaited(launcher)
        assert not waiting.done()
        world.answers("ready", 200)
        assert await waiting
        replica.kill()
        await replica.wait()

    scenario(world, work)


def test_a_start_that_is_given_up_holds_up_no_end(world):
    world.answers("ready", 503)

    async def work(launcher):
        replica, waiting = await awaited(launcher)
        waiting.cancel()
        await asyncio.wait({waiting})
        replica.kill()
        await replica.wait()
        await launcher.close()

    scenario(world, work)


def test_a_value_of_many_lines_is_handed_on_and_on_no_command_line(world):
    async def work(launcher):
        replica = await launcher.launch(
            deployment(environment={"KEY": "line 1\nline 2"}), "hello-k"
        )
        await replica.ready(20)
        [pid] = [file.read_text() for file in world.folder.glob("*.pid")]
        place = Path("/proc") / pid
        assert b"KEY=line 1\nline 2\0" in (place / "environ").read_bytes()
        words = (place / "cmdline").read_bytes()
        assert b"\0--env\0KEY\0" in words
        assert b"line 1" not in words
        await replica.stop(5)

    scenario(world, work)


def test_variables_are_in_a_file_that_is_gone_with_it(world):
    async def work(launcher):
        replica = await launcher.launch(deployment(environment={"A": "b"}), "hello-abc")
        folder = world.state.path / "containers" / "hello-abc"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "variables").read_text() == "A=b\n"
        assert (folder / "variables").stat().st_mode & 0o777 == 0o600
        await replica.ready(20)
        await replica.stop(5)

    scenario(world, work)
    assert world.left == []


def test_secrets_are_those_that_were_laid_out_for_the_function(world):
    async def work(launcher):
        replica = await launcher.launch(deployment(secrets=("key",)), "hello-abc")
        assert await replica.ready(20)  # one that is killed before that may not have been run
        replica.kill()
        await replica.wait()

    scenario(world, work)
    (words,) = world.uses("run")
    source = world.state.mounts / HELLO.namespace / HELLO.name
    assert f"source={source}," in words[words.index("--mount") + 1]


def test_limits_that_are_none_leave_nothing_behind(world):
    async def work(launcher):
        with pytest.raises(LocalError, match="limits"):
            await launcher.launch(deployment(limits={"memory": "much"}), "hello-abc")

    scenario(world, work)
    assert world.left == []


def test_what_a_platform_left_behind_is_removed(world):
    (world.folder / "wherry-old-xyz.pid").write_text("999999999")
    (world.state.path / "containers" / "old-xyz").mkdir(parents=True)

    async def work(launcher):
        assert await launcher.remove_leftovers() == 1

    scenario(world, work)
    (listed,) = world.uses("ps")
    assert listed[-1] == f"label=io.wherry.local={world.state.path}"
    assert world.uses("rm") == [["rm", "--force", "wherry-old-xyz"]]
    assert world.left == []


def test_where_nothing_was_left_behind_no_engine_is_asked(world):
    async def work(launcher):
        assert await launcher.remove_leftovers() == 0

    scenario(world, work)
    assert not (world.folder / "words").exists()


def test_an_image_that_looks_like_an_option_never_gets_to_the_engine(world):
    async def work(launcher):
        with pytest.raises(LocalError, match="image: got"):
            await launcher.launch(deployment("--privileged"), "hello-abc")

    scenario(world, work)
    assert not (world.folder / "words").exists()


class TestEngine:
    def test_one_that_is_gone_leaves_nothing_to_remove(self, tmp_path):
        state = StateFolder.of(tmp_path)
        (state.path / "containers" / "old-xyz").mkdir(parents=True)
        launcher = ContainerLauncher(Journal(), state, find=lambda: Engine.find(path=str(tmp_path)))
        assert asyncio.run(launcher.remove_leftovers()) == 0
        assert not (state.path / "containers").exists()

    def test_where_there_is_none_it_says_so_and_what_to_do(self, tmp_path):
        launcher = ContainerLauncher(
            Journal(), StateFolder.of(tmp_path), find=lambda: Engine.find(path=str(tmp_path))
        )
        assert launcher.available() == (
            "no container engine is there: got none of docker, podman on PATH (hint: install one, "
            "or deploy a project's function or a command (fprocess))"
        )
        with pytest.raises(EngineAbsent):
            asyncio.run(launcher.launch(deployment(), "hello-abc"))

    def program(self, folder, name):
        (folder / name).write_text("#!/bin/sh\nexit 0\n")
        (folder / name).chmod(0o755)

    def test_a_command_without_an_engine_behind_it_is_none(self, tmp_path, monkeypatch):
        self.program(tmp_path, "docker")
        monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
        with pytest.raises(EngineAbsent, match="no engine answers behind it"):
            Engine.find(path=str(tmp_path))

    def test_one_that_listens_is_one(self, tmp_path, monkeypatch):
        self.program(tmp_path, "docker")
        monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/its.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(tmp_path / "its.sock"))
            listener.listen()
            assert Engine.find(path=str(tmp_path)).command == str(tmp_path / "docker")

    def test_podman_needs_none_behind_it(self, tmp_path):
        self.program(tmp_path, "podman")
        assert Engine.find(path=str(tmp_path)).command.endswith("podman")

    def test_another_context_is_believed(self, tmp_path, monkeypatch):
        self.program(tmp_path, "docker")
        for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        (tmp_path / "config.json").write_text('{"currentContext": "colima"}')
        assert Engine.find(path=str(tmp_path))


class TestReadiness:
    """What a server answers to the two paths, one connection after the other."""

    @pytest.mark.parametrize(
        "answers",
        [
            [b"HTTP/1.1 200 OK\r\n\r\n"],
            [b"HTTP/1.1 404 Not Found\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n"],
            [b"HTTP/1.1 404 Not Found\r\n\r\n", b"HTTP/1.1 404 Not Found\r\n\r\n"],
            [b"HTTP/1.1 503 Busy\r\n\r\n", b"HTTP/1.1 204 OK\r\n\r\n"],
            [b"", b"SSH-2.0\r\n", b"HTTP/1.1 x\r\n", b"HTTP/1.1 200 OK\r\n\r\n"],
            [b"x" * 200_000, b"HTTP/1.1 200 OK\r\n\r\n"],
        ],
    )
    def test_is_reached_with_the_last_of_these_and_not_before(self, answers):
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(20)
        given = []

        def serve():
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    with suppress(OSError):
                        connection.sendall(answer)
                given.append(answer)

        server = threading.Thread(target=serve)
        server.start()
        try:
            asyncio.run(asyncio.wait_for(until_ready("127.0.0.1", listener.getsockname()[1]), 20))
        finally:
            server.join(20)
            listener.close()
        assert given == answers
