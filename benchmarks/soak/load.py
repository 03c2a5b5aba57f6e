"""The mixed load: a process of its own, all clients on one event loop.

    python -m benchmarks.soak.load PORT SECONDS INTERVAL_S

Each kind of client comes again and again at a pace of its own, so the load is moderate and does
not grow when the server is quick. A line of `Tally` goes to standard output every INTERVAL_S, and
one at the end. It ends by itself after SECONDS.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from random import Random
from time import monotonic, perf_counter

from benchmarks.soak import hostile, requests
from benchmarks.soak.tally import Tally
from benchmarks.soak.wire import Wire

ANSWERED_WITHIN_S = 10.0
SEED = 5
_KEPT_FOR = 200  # requests on one connection, at most

# How many clients of each kind there are at a time, and how long each waits between two turns.
KEPT, KEPT_WAIT_S = 12, 0.055
NEW, NEW_WAIT_S = 4, 0.080
PROBING, PROBING_WAIT_S = 1, 0.250
MISBEHAVING: dict[str, tuple[hostile.Misbehaving, int, float]] = {
    "malformed": (hostile.malformed, 2, 0.100),
    "gone in the middle": (hostile.gone, 2, 0.150),
    "slow head": (hostile.slow_head, 8, 0.500),
    "slow body": (hostile.slow_body, 4, 0.500),
}


class Load:
    """All clients of one run."""

    def __init__(self, port: int, seconds: float) -> None:
        self._port = port
        self._until = monotonic() + seconds
        self.tally = Tally()

    async def run(self, interval_s: float) -> None:
        """Every client until the end, and a line every `interval_s`."""
        await self._first()
        tasks = [asyncio.ensure_future(each) for each in self._clients()]
        while (left_s := self._until - monotonic()) > 0:
            await asyncio.sleep(min(interval_s, left_s))
            print(self.tally.line(), flush=True)
        await self._ended(tasks)
        print(self.tally.line(), flush=True)

    def _clients(self) -> Iterator[Awaitable[None]]:
        for number in range(KEPT):
            yield self._caller(Random(f"kept {SEED} {number}"), _KEPT_FOR, KEPT_WAIT_S)
        for number in range(NEW):
            yield self._caller(Random(f"new {SEED} {number}"), 1, NEW_WAIT_S)
        for number in range(PROBING):
            chance = Random(f"probe {SEED} {number}")
            yield self._caller(chance, 1, PROBING_WAIT_S, requests.probe)
        for kind, (client, count, wait_s) in MISBEHAVING.items():
            for number in range(count):
                yield self._again(kind, client, Random(f"{kind} {SEED} {number}"), wait_s)

    async def _first(self) -> None:
        """Each kind once, so that what is made at first use is there when the run begins."""
        for each in requests.every(Random(SEED)):
            async with _connected(self._port) as wire:
                await self._ask(wire, each)

    async def _ended(self, tasks: Sequence[asyncio.Future[None]]) -> None:
        """Let callers get their answers; slow clients are sent away."""
        await asyncio.wait(tasks, timeout=2.0)
        for each in tasks:
            each.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                self.tally.fail(f"a client ended: {outcome!r}")

    async def _caller(
        self,
        chance: Random,
        kept_for: int,
        wait_s: float,
        drawn: Callable[[Random], requests.Request] = requests.drawn,
    ) -> None:
        """A well-behaved client that connects anew after at most `kept_for` requests."""
        while monotonic() < self._until:
            try:
                async with _connected(self._port) as wire:
                    for _ in range(chance.randint(1, kept_for)):
                        if monotonic() > self._until or not await self._ask(wire, drawn(chance)):
                            break
                        await asyncio.sleep(wait_s * chance.uniform(0.5, 1.5))
            except OSError as error:
                self.tally.fail(f"no connection: {error!r}")
                await asyncio.sleep(wait_s)

    async def _ask(self, wire: Wire, request: requests.Request) -> bool:
        """One request; whether another may be sent on the connection."""
        self.tally.sent[request.kind] += 1
        began = perf_counter()
        try:
            answer = await asyncio.wait_for(
                wire.ask(request.data, is_head=request.is_head), ANSWERED_WITHIN_S
            )
        except (OSError, EOFError, asyncio.TimeoutError) as error:
            self.tally.fail(f"{request.kind}: {type(error).__name__} {error}")
            return False
        if request.is_quick:
            self.tally.took(perf_counter() - began)
        if answer.status != request.status or request.holds not in answer.body:
            got = f"{answer.status} {answer.body[:80]!r}"
            self.tally.fail(f"{request.kind}: {got}, expected {request.status}")
        return not answer.closes

    async def _again(
        self, kind: str, client: hostile.Misbehaving, chance: Random, wait_s: float
    ) -> None:
        while monotonic() < self._until:
            self.tally.sent[kind] += 1
            try:
                wrong = await client(self._port, chance)
            except OSError as error:  # it may be cut off, and is not to be refused a connection
                wrong = f"{kind}: {error!r}" if isinstance(error, ConnectionRefusedError) else ""
            if wrong:
                self.tally.mishandle(wrong)
            await asyncio.sleep(wait_s * chance.uniform(0.5, 1.5))


@contextlib.asynccontextmanager
async def _connected(port: int) -> AsyncIterator[Wire]:
    wire = await Wire.opened(port)
    try:
        yield wire
    finally:
        wire.close()


def main() -> int:
    """Load the server on PORT."""
    port, seconds, interval_s = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    asyncio.run(Load(port, seconds).run(interval_s))
    return 0


if __name__ == "__main__":
    sys.exit(main())
