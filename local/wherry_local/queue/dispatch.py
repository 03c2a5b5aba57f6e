"""Hands what is due to the couriers, as many at once as is bearable, and stores what came of it.

Wakes when something becomes due and never polls. No order is promised: the oldest due is tried
first, several are tried at once, and what is tried again comes after its younger neighbours. One
slow receiver holds up nobody else, as each has its own bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import Mapping

from wherry_local.queue.contract import Courier, KeyTaken, Queue, QueueFull, StorageFailed
from wherry_local.queue.delivery import Attempt, Kind, Lane, Leased, Settlement, State

logger = logging.getLogger(__name__)

CONCURRENCY = 64
LANE_CONCURRENCY = 16
LEASE_S = 60.0
"""As long as OpenFaaS's worker of JetStream has for a call before it says that it goes on."""
MOST_LOST = 5
"""Leases in a row that may end without a result, as by a delivery that ends the process."""
MOST_FAULTS = 10
"""Tries after which a delivery is dead whose courier cannot even try."""
LONGEST_DELAY_S = 60.0
_LOST = f"{MOST_LOST} tries in a row ended without a result, as at an end of the platform"
STORAGE_DELAY_S = 1.0


class Dispatcher:
    """Delivers what a queue holds, from `start` to `stop`."""

    def __init__(
        self,
        queue: Queue,
        couriers: Mapping[Kind, Courier],
        *,
        concurrency: int = CONCURRENCY,
        lane_concurrency: int = LANE_CONCURRENCY,
        lease_s: float = LEASE_S,
    ) -> None:
        """Deliver with the courier of each kind; bounds are for all and for one receiver."""
        self._queue = queue
        self._couriers = couriers
        self._concurrency = concurrency
        self._lane_concurrency = lane_concurrency
        self._lease_s = lease_s
        self._running: dict[asyncio.Task[None], Leased] = {}
        self._lanes: Counter[Lane] = Counter()
        self._wake = asyncio.Event()
        self._stopping = False
        self._pump: asyncio.Task[None] | None = None
        self._heart: asyncio.Task[None] | None = None
        queue.on_due(self._wake.set)

    @property
    def in_flight(self) -> int:
        """Deliveries that are being tried."""
        return len(self._running)

    def start(self) -> None:
        """Begin to deliver; once, on the loop."""
        self._pump = asyncio.create_task(self._run(), name="queue-dispatcher")

    async def stop(self, grace_s: float = 0.0) -> None:
        """Take nothing more, wait so long for what is tried, and give back the rest."""
        self._stopping = True
        self._wake.set()
        if self._pump is not None:
            await self._pump
        if self._running and grace_s > 0:
            await asyncio.wait(self._running, timeout=grace_s)
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._heart is not None:
            self._heart.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._heart

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                wait_s = await self._take()
            except StorageFailed as error:
                logger.warning("deliveries wait: %s", error)
                wait_s = STORAGE_DELAY_S
            except Exception:  # a fault of ours; what is due must not wait for a restart
                logger.exception("nothing could be leased")
                wait_s = STORAGE_DELAY_S
            timer = None
            if wait_s is not None:
                timer = asyncio.get_running_loop().call_later(wait_s, self._wake.set)
            await self._wake.wait()
            if timer is not None:
                timer.cancel()

    async def _take(self) -> float | None:
        """Start what is due as far as there is room; how long nothing else will be."""
        while (free := self._concurrency - len(self._running)) > 0:
            leased = await self._queue.lease(free, self._lease_s, room=self._room)
            for each in leased:
                self._begin(each)
            if len(leased) < free:
                return await self._queue.next_due_s(room=self._room)
        return None  # one that ends wakes

    def _room(self, lane: Lane) -> int:
        return self._lane_concurrency - self._lanes[lane]

    def _begin(self, leased: Leased) -> None:
        task = asyncio.create_task(self._deliver(leased))
        self._running[task] = leased
        self._lanes[leased.lane] += 1
        task.add_done_callback(self._ended)
        if self._heart is None:
            self._heart = asyncio.create_task(self._beat(), name="queue-heartbeat")

    def _ended(self, task: asyncio.Task[None]) -> None:
        leased = self._running.pop(task)
        lane = leased.lane
        self._lanes[lane] -= 1
        if not self._lanes[lane]:
            del self._lanes[lane]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("delivery %s could not be settled", leased.number, exc_info=error)
        self._wake.set()

    async def _deliver(self, leased: Leased) -> None:
        """Try once and store what came of it; a cancelled one is given back."""
        try:
            settlement = await self._try(leased)
            await self._settle(leased, settlement)
        except asyncio.CancelledError:
            with contextlib.suppress(StorageFailed):  # the lease ends by itself
                await self._queue.settle(leased, Settlement(state=State.DUE))
            raise

    async def _try(self, leased: Leased) -> Settlement:
        started = time.monotonic()
        at = time.time()
        courier = self._couriers[leased.message.kind]
        try:
            if leased.lost >= MOST_LOST:
                return courier.give_up(leased, Attempt(at=at, took_s=0.0, status=0, reason=_LOST))
            return await courier.deliver(leased)
        except Exception as error:
            logger.exception("the courier of delivery %s failed", leased.number)
            return _fault(leased, error, at=at, took_s=time.monotonic() - started)

    async def _settle(self, leased: Leased, settlement: Settlement) -> None:
        """Store it, as soon as that is possible; the lease is kept meanwhile."""
        while (left := await self._stored(leased, settlement)) is not None:
            settlement = left

    async def _stored(self, leased: Leased, settlement: Settlement) -> Settlement | None:
        """Store it; what is to be stored instead where that fails, after a while."""
        try:
            await self._queue.settle(leased, settlement)
        except QueueFull as error:
            # What follows has no room. It will be tried anew, and no try is counted.
            logger.warning("delivery %s is tried again later: %s", leased.number, error)
            return Settlement(state=State.DUE, delay_s=_delay_s(3))
        except KeyTaken as error:
            logger.warning("delivery %s is tried again later: %s", leased.number, error)
            return _fault(leased, error, at=time.time(), took_s=0.0)
        except StorageFailed as error:
            logger.warning("delivery %s waits to be stored: %s", leased.number, error)
            await asyncio.sleep(STORAGE_DELAY_S)
            return settlement
        return None

    async def _beat(self) -> None:
        """Keep the leases of what is tried, as long as anything is."""
        while self._running:
            await asyncio.sleep(self._lease_s / 3)
            for task, leased in list(self._running.items()):
                if not await self._extended(leased) and not task.done():
                    logger.warning("delivery %s is tried by somebody else", leased.number)
        self._heart = None

    async def _extended(self, leased: Leased) -> bool:
        try:
            return await self._queue.extend(leased, self._lease_s)
        except StorageFailed as error:
            logger.warning("the lease of delivery %s: %s", leased.number, error)
            return True  # until somebody else says that it is not


def _fault(leased: Leased, error: Exception, *, at: float, took_s: float) -> Settlement:
    """What comes of a try that the platform itself could not make."""
    reason = f"the platform could not try: {type(error).__name__}"
    attempt = Attempt(at=at, took_s=took_s, status=0, reason=reason)
    if leased.attempts + 1 >= MOST_FAULTS:
        return Settlement(state=State.DEAD, attempt=attempt)
    return Settlement(state=State.DUE, attempt=attempt, delay_s=_delay_s(leased.attempts))


def _delay_s(attempts: int) -> float:
    """Exponential, with a jitter that lets a crowd disperse."""
    return float(min(LONGEST_DELAY_S, 0.5 * 2**attempts)) * random.uniform(0.8, 1.2)  # noqa: S311
