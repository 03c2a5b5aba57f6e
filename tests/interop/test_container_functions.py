"""Images as functions of the local platform, in a real engine: restrictions, life, leftovers."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from tests.interop.conftest import docker

from wherry_local.containers import ContainerLauncher, Engine
from wherry_local.containers.words import LABEL
from wherry_local.deployment import Deployment, FunctionKey
from wherry_local.gateway.secret_mounts import SecretMounts
from wherry_local.gateway.secret_store import SecretStore
from wherry_local.journal.store import JournalStore
from wherry_local.state import StateFolder

pytestmark = [pytest.mark.interop, pytest.mark.timeout(600)]

KEY = FunctionKey("foreign")
SERVER = """
import http.server, json, os, pathlib, signal, sys, threading

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/_/"):
            self.send_error(404)
            return
        status = dict(
            line.split(":", 1) for line in open("/proc/self/status").read().splitlines()
        )
        body = json.dumps({
            "uid": os.getuid(),
            "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
            "no_new_privileges": int(status["NoNewPrivs"]),
            "root": self.writes("/written"),
            "tmp": self.writes("/tmp/written"),
            "secret": pathlib.Path("/var/openfaas/secrets/api-key").read_text(),
            "greeting": os.environ["GREETING"],
            "memory": self.memory(),
        }).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def writes(self, path):
        try:
            pathlib.Path(path).write_text("x")
        except OSError:
            return False
        return True

    def memory(self):
        for name in ("memory.max", "memory/memory.limit_in_bytes"):
            file = pathlib.Path("/sys/fs/cgroup") / name
            if file.exists():
                return file.read_text().strip()

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("", 8080), Answer)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("serving", flush=True)
server.serve_forever()
print("ended well", file=sys.stderr, flush=True)
"""


@pytest.fixture(scope="module")
def image(base_image, tmp_path_factory):
    """An image that knows nothing of Wherry and runs as root where nobody minds."""
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "server.py").write_text(SERVER)
    (folder / "Dockerfile").write_text(
        f'FROM {base_image}\nCOPY server.py /server.py\nCMD ["python3", "-u", "/server.py"]\n'
    )
    name = f"wherry-interop/foreign-{os.getpid()}:test"
    docker("build", "--tag", name, folder, timeout=300)
    yield name
    docker("rmi", "--force", name, check=False)


@pytest.fixture
def state(tmp_path):
    found = StateFolder.of(tmp_path)
    found.make()
    store = SecretStore(found, homes=(KEY.namespace,))
    store.create("api-key", KEY.namespace, b"the key")
    SecretMounts(found, store).lay(deployment("any"))
    yield found
    left = docker("ps", "-aq", "--filter", f"label={LABEL}={found.path}").split()
    if left:
        docker("rm", "--force", *left, check=False)


def deployment(image, **said):
    return Deployment(
        key=KEY,
        image=image,
        container=True,
        environment={"GREETING": "hi there"},
        secrets=("api-key",),
        limits={"memory": "96Mi"},
        **said,
    )


def owned(state):
    return docker("ps", "-aq", "--filter", f"label={LABEL}={state.path}").split()


def scenario(state, work):
    async def whole():
        journal = JournalStore(state.logs)
        launcher = ContainerLauncher(journal, state)
        try:
            await asyncio.wait_for(work(launcher, journal), 120)
            await launcher.close()
        finally:
            journal.close()

    asyncio.run(whole())


def asked(address):
    host, port = address
    with urllib.request.urlopen(f"http://{host}:{port}/", timeout=30) as answer:
        return json.load(answer)


def test_an_image_is_served_with_what_production_allows(image, state):
    async def work(launcher, journal):
        replica = await launcher.launch(deployment(image, read_only_root=True), "foreign-abc")
        assert await replica.ready(60)
        found = await asyncio.to_thread(asked, replica.address)
        assert found == {
            "uid": 65532,
            "capabilities": 0,
            "no_new_privileges": 1,
            "root": False,
            "tmp": True,
            "secret": "the key",
            "greeting": "hi there",
            "memory": str(96 << 20),
        }
        assert await replica.stop(20) == 0
        lines = [(line.stream, line.text) for line in journal.read(KEY)]
        assert lines == [("stdout", "serving"), ("stderr", "ended well")]

    scenario(state, work)
    assert owned(state) == []


def test_an_image_of_wherry_says_itself_when_it_is_ready(build, state, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hello")
    (folder / "handler.py").write_text("def handle(request):\n    return {'ok': True}\n")
    image = build(folder)

    async def work(launcher, journal):
        made = Deployment(key=KEY, image=image, container=True)
        replica = await launcher.launch(made, "foreign-abc")
        assert await replica.ready(60), journal.read(KEY)
        assert await asyncio.to_thread(asked, replica.address) == {"ok": True}
        assert await replica.stop(20) == 0

    scenario(state, work)


def test_killed_it_is_gone_at_once(image, state):
    async def work(launcher, _):
        replica = await launcher.launch(deployment(image), "foreign-abc")
        assert await replica.ready(60)
        replica.kill()
        assert await replica.wait() != 0

    scenario(state, work)
    assert owned(state) == []


def test_an_image_that_does_not_start_ends_with_its_code(base_image, state, docker_build, tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "Dockerfile").write_text(
        'ARG BASE\nFROM $BASE\nCMD ["python3", "-c", "import sys; sys.exit(\'no way\')"]\n'
    )
    image = docker_build(folder, base_image)

    async def work(launcher, journal):
        replica = await launcher.launch(Deployment(key=KEY, image=image), "foreign-abc")
        assert not await replica.ready(60)
        assert await replica.wait() == 1
        assert "no way" in [line.text for line in journal.read(KEY)]

    scenario(state, work)


PLATFORM = """
import asyncio, sys
from pathlib import Path
from wherry_local.containers import ContainerLauncher
from wherry_local.deployment import Deployment, FunctionKey
from wherry_local.gateway.secret_mounts import SecretMounts
from wherry_local.gateway.secret_store import SecretStore
from wherry_local.journal.store import JournalStore
from wherry_local.state import StateFolder

async def main():
    state = StateFolder.of(Path(sys.argv[1]))
    launcher = ContainerLauncher(JournalStore(state.logs), state)
    made = Deployment(key=FunctionKey("foreign"), image=sys.argv[2], container=True)
    replica = await launcher.launch(made, "foreign-killed")
    print(await replica.ready(60), flush=True)
    await replica.wait()

asyncio.run(main())
"""


def test_a_platform_that_is_killed_leaves_no_container_for_long(image, state):
    platform = subprocess.Popen(
        [sys.executable, "-c", PLATFORM, state.path.parent, image],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert platform.stdout.readline() == "True\n"
    assert len(owned(state)) == 1
    platform.send_signal(signal.SIGKILL)
    platform.wait()
    platform.stdout.close()
    deadline = time.monotonic() + 60
    while owned(state):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_what_is_left_all_the_same_is_removed_at_the_next_start(image, state):
    docker("run", "--detach", "--label", f"{LABEL}={state.path}", image)
    (state.path / "containers" / "left").mkdir(parents=True)
    other = docker("run", "--detach", "--label", f"{LABEL}=/elsewhere", image)
    try:

        async def work(launcher, _):
            assert await launcher.remove_leftovers() == 1

        scenario(state, work)
        assert owned(state) == []
        assert docker("ps", "-q", "--no-trunc", "--filter", f"id={other}") == other
    finally:
        docker("rm", "--force", other)


def test_the_engine_is_there(base_image, tmp_path):
    assert base_image
    assert Engine.find().command.endswith("docker")
    assert ContainerLauncher(JournalStore(tmp_path), StateFolder.of(tmp_path)).available() is None
