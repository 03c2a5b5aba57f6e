"""A replica set over replicas in memory: a test says when each gets ready and ends."""

import asyncio
import signal
from dataclasses import replace
from types import SimpleNamespace

from wherry_local.deployment import Deployment, FunctionKey, ScalePolicy
from wherry_local.errors import LocalError
from wherry_local.fleet.replica_set import ReplicaSet

HELLO = Deployment(key=FunctionKey("hello"), handler="/hello", scale=ScalePolicy(initial=0))


async def turns(until=lambda: False):
    """Give the loop its turns: as many as tasks need that wait for each other, or `until`."""
    for _ in range(50):
        if until():
            return
        await asyncio.sleep(0)


class RecordedReplica:
    def __init__(self, name, revision):
        self.name = name
        self.revision = revision
        self.address = f"/nowhere/{name}"
        self.in_flight = 0
        self.pid = None
        self.told = []
        self._ready = asyncio.get_running_loop().create_future()
        self._end = asyncio.get_running_loop().create_future()

    def get_ready(self):
        self._ready.set_result(True)

    def end(self, code=0):
        if not self._ready.done():
            self._ready.set_result(False)
        if not self._end.done():
            self._end.set_result(code)

    @property
    def has_ended(self):
        return self._end.done()

    async def ready(self, timeout_s):
        try:
            return await asyncio.wait_for(asyncio.shield(self._ready), timeout_s)
        except (asyncio.TimeoutError, TimeoutError):
            return False

    async def gone(self):
        await self.wait()

    async def stop(self, grace_s):
        if not self.has_ended:
            self.told.append(f"stop at {self.in_flight}")
            self.end(0)
        return await self.wait()

    def kill(self):
        if not self.has_ended:
            self.told.append("kill")
            self.end(-signal.SIGKILL)

    async def wait(self):
        return await asyncio.shield(self._end)


class LaunchRecorder:
    """Attributes: `launched`, every replica so far; `instantly`, whether they are ready at once."""

    def __init__(self):
        self.launched = []
        self.instantly = True
        self.refusal = None

    async def launch(self, deployment, name):
        if self.refusal:
            raise LocalError(self.refusal)
        replica = RecordedReplica(name, deployment.revision)
        self.launched.append(replica)
        if self.instantly:
            replica.get_ready()
        return replica


class JournalRecorder:
    """Keeps what is told, `scaled` apart; `written` is what replicas would have written."""

    def __init__(self):
        self.told = []
        self.scaled = []
        self.written = ["error: it is broken", "  hint: mend it"]

    def tell(self, key, text):
        (self.scaled if text.startswith("scaled ") else self.told).append(text)

    def read(self, key, **_):
        return [SimpleNamespace(text=each) for each in self.written]


def play(scene, deployment=HELLO, **options):
    """Run `scene(set, launcher, journal)` in a loop of its own, and end the set."""

    async def run():
        launcher, journal = LaunchRecorder(), JournalRecorder()
        replicas = ReplicaSet(deployment, launcher, journal, **options)
        await scene(replicas, launcher, journal)
        await replicas.stop(1.0)
        assert not replicas._tasks
        assert replicas.load.in_flight == 0 or any(each.in_flight for each in launcher.launched)
        assert all(each.has_ended for each in launcher.launched)

    asyncio.run(run())


def with_scale(**changes):
    return replace(HELLO, scale=replace(HELLO.scale, **changes))


def move(replicas, seconds):
    """Let time pass for the back-off alone."""
    replicas._health.backoff.until -= seconds
    replicas._reconcile()
