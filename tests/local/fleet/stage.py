"""A fleet of real processes for one test, and callers of it."""

import asyncio
import os
import textwrap
import time
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

from wherry_local.deployment import Deployment, FunctionKey, ScalePolicy
from wherry_local.fleet.fleet import Fleet
from wherry_local.fleet.launching import ProcessLauncher
from wherry_local.journal.store import JournalStore
from wherry_local.state import StateFolder
from wherry_local.zygote.client import Nursery

DEADLINE_S = 20.0
HELLO = """
    def handle():
        return "one"
"""
RUDE = """
    import os, signal, subprocess, time
    def handle(request):
        what = request.path.strip("/")
        if what == "exit":
            os._exit(7)
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "leave":
            return str(subprocess.Popen(["sleep", "1000"]).pid)
        if what == "session":
            return str(subprocess.Popen(["sleep", "1000"], start_new_session=True).pid)
        if what == "fork":
            pid = os.fork()
            if pid == 0:
                time.sleep(1000)
            return str(pid)
        return str(os.getpid())
"""


async def eventually(found, deadline_s=DEADLINE_S):
    """What `found` gives, as soon as it gives something."""
    until = time.monotonic() + deadline_s
    while True:
        got = found()
        if got:
            return got
        assert time.monotonic() < until, "it did not come"
        await asyncio.sleep(0.01)


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def signal_process(pid, number):
    os.kill(int(pid), number)


def descriptors():
    return len(os.listdir("/proc/self/fd"))


class Stage:
    """Attributes: `fleet`, `journal`, `nursery`, and `folder`, which functions are written to."""

    def __init__(self, folder, **options):
        self.folder = folder
        self.state = StateFolder.of(folder)
        self.state.make()
        self.journal = JournalStore(self.state.logs)
        self.nursery = Nursery()
        self.launcher = ProcessLauncher(self.nursery, self.journal, self.state)
        self.fleet = Fleet(lambda _: self.launcher, self.journal, **options)

    @classmethod
    @asynccontextmanager
    async def open(cls, folder, **options):
        stage = cls(folder, **options)
        await stage.nursery.open()
        try:
            yield stage
        finally:
            sets = [stage.fleet.find(key) for key in stage.fleet.keys()]  # noqa: SIM118
            pids = [each.pid for found in sets for each in found.replicas]
            await stage.fleet.stop(10.0)
            await stage.nursery.close()
            stage.launcher.close()
            stage.journal.close()
            assert not any(map(is_alive, pids))

    def __getitem__(self, name):
        return self.fleet.find(FunctionKey(name))

    def write(self, name, source, file="handler.py"):
        path = self.folder / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(textwrap.dedent(source))
        part.replace(path)
        return path

    async def put(self, name, source=None, *, initial=0, **changes):
        """Deploy a function; it sleeps unless `initial` says otherwise."""
        if source is not None:
            self.write(name, source)
        folder = self.folder / name
        said = {"scale": ScalePolicy(initial=initial), "handler": str(folder), "folder": folder}
        await self.fleet.put(Deployment(key=FunctionKey(name), **(said | changes)))
        await self.fleet.settled()
        return self[name]

    async def call(self, name, path="/", method="GET", body=b"", headers=""):
        """The status and the body of an answer; status 0 where there is none."""
        replicas = self[name]
        replica = await replicas.claim()
        try:
            reader, writer = await asyncio.open_unix_connection(replica.address)
            writer.write(
                f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            answer = await reader.read()
            writer.close()
        except OSError:
            answer = b""
        finally:
            replicas.release(replica)
        if not answer:
            return 0, ""
        head, _, content = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), content.decode()

    def told(self, name):
        """What the platform has said of a function, but for how it was scaled."""
        lines = self.journal.read(FunctionKey(name))
        said = [each.text for each in lines if each.stream == "platform"]
        return [text for text in said if not text.startswith("scaled ")]


def play(folder, scene, **options):
    """Run `scene(stage)` in a loop of its own, one of the platform's kind."""

    async def run():
        async with Stage.open(folder, **options) as stage:
            await scene(stage)

    loop = uvloop.new_event_loop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
