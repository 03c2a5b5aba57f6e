"""Where a queue under test lives, what is put into it, and a clock that jumps."""

import asyncio
import shutil
from pathlib import Path

from wherry_local.queue.bounds import Bounds
from wherry_local.queue.delivery import Accepted, Attempt, Kind, Message, Settlement, State
from wherry_local.queue.sqlite import SqliteQueue
from wherry_local.queue.writing import Change

START = 1_800_000_000.0
YEAR_S = 365 * 86_400.0


class JumpingClock:
    """Stands still but when it is told to run on; its wall can be set."""

    def __init__(self, ran_s: float = 1_000.0, wall: float = START) -> None:
        self.ran_s = ran_s
        self.at = wall

    def monotonic(self) -> float:
        return self.ran_s

    def wall(self) -> float:
        return self.at

    def run(self, seconds: float) -> None:
        self.ran_s += seconds
        self.at += seconds

    def restarted(self, *, wall: float) -> "JumpingClock":
        """That of the machine after it was started anew."""
        return JumpingClock(ran_s=5.0, wall=wall)


class SqliteStand:
    """A queue in a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._copies = 0
        self.path = folder / "queue.sqlite3"

    async def open(self, bounds: Bounds | None = None, clock: JumpingClock | None = None):
        return SqliteQueue(self.path, bounds=bounds, clock=clock)

    async def written(self, queue) -> None:
        """Wait until all that was to be written by now, with nobody waiting for it, is."""
        ended = asyncio.get_running_loop().create_future()
        queue._writer.submit(Change(ended=ended.set_result))
        assert await ended is None

    async def crash(self, queue, bounds: Bounds | None = None, clock: JumpingClock | None = None):
        """The queue as one finds it after the process that had `queue` was killed just now."""
        self._copies += 1
        copy = self._folder / str(self._copies)
        copy.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{self.path}{suffix}", copy)
        self.path = copy / "queue.sqlite3"
        opened = await self.open(bounds, clock)
        await queue.close()
        return opened


class JetStreamStand:
    """A queue in a stream."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.name = name

    async def open(
        self,
        bounds: Bounds | None = None,
        clock: JumpingClock | None = None,
        owner: str = "wherry",
    ):
        from wherry_local.queue.jetstream import JetStreamQueue

        return await JetStreamQueue.open(
            self.url, name=self.name, owner=owner, bounds=bounds, clock=clock
        )

    async def crash(self, queue, bounds: Bounds | None = None, clock: JumpingClock | None = None):
        """As that of `SqliteStand`; who held leases says nothing of it."""
        await queue.close()
        return await self.open(bounds, clock)


def event(key: str, **changes) -> Message:
    values = {
        "kind": Kind.EVENT,
        "scope": "default/default",
        "headers": ((b"ce-id", key.encode()), (b"ce-type", b"com.acme.order")),
        "body": b'{"id":1}',
        "attributes": {"id": key, "type": "com.acme.order", "source": "/shop"},
        "accepted_at": START,
        **changes,
    }
    return Message(key=key, **values)


def call(key: str, **changes) -> Message:
    return event(key, kind=Kind.CALL, scope="hello.openfaas-fn", attributes={}, **changes)


def to(message: Message, *subscribers: str) -> Accepted:
    return Accepted(message=message, subscribers=subscribers)


def attempt(status: int = 200, reason: str = "") -> Attempt:
    return Attempt(at=START, took_s=0.25, status=status, reason=reason)


DELIVERED = Settlement(state=State.DELIVERED, attempt=attempt())
DEAD = Settlement(state=State.DEAD, attempt=attempt(500, "HTTP 500"))


def again(delay_s: float) -> Settlement:
    return Settlement(state=State.DUE, attempt=attempt(503, "HTTP 503"), delay_s=delay_s)


def on(stand, scenario, bounds=None, clock=None):
    """Run a scenario with a queue on a stand."""

    async def run():
        queue = await stand.open(bounds, clock)
        try:
            return await scenario(queue)
        finally:
            await queue.close()

    return asyncio.run(run())


async def lease_one(queue, lease_s=60.0):
    (leased,) = await queue.lease(1, lease_s)
    return leased


async def comes_about(condition):
    """Wait for what a queue has to be asked."""

    async def wait():
        while not await condition():  # noqa: ASYNC110 - the queue is what is waited for
            await asyncio.sleep(0.005)

    await asyncio.wait_for(wait(), 10)
