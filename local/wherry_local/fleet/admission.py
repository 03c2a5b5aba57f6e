"""Which replica takes a call, and what happens to calls that none can take yet.

A call goes to the replica that has least to do. Where each has as many as it may have, or none
runs, calls wait in line. This module must not know how replicas are started and ended.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque

from wherry_local.autoscaling.load import Load
from wherry_local.deployment import Deployment
from wherry_local.fleet.replica import NoReplica, Replica

WAITING_STATUS = 429
_UNLIMITED = 1 << 30
_WAITING_AT_LEAST = 100
_WAITING_PER_CALL = 10
_WAITING_AT_MOST = 10_000


class Admission(ABC):
    """The calls of one function.

    Args:
        deployment: What is served.
        wait_s: Seconds that a call waits for a replica.

    Attributes:
        load: What the function has to do, calls that wait included.
    """

    def __init__(self, deployment: Deployment, *, wait_s: float) -> None:
        self.load = Load()
        self._deployment = deployment
        self._most = deployment.concurrency or _UNLIMITED
        self._wait_s = wait_s
        self._serving: list[Replica] = []
        self._leaving: dict[Replica, asyncio.Event] = {}
        self._waiting: deque[asyncio.Future[Replica]] = deque()

    @property
    def deployment(self) -> Deployment:
        """What is served now."""
        return self._deployment

    @property
    def available(self) -> int:
        """Replicas that take calls."""
        return len(self._serving)

    @property
    def waiting(self) -> int:
        """Calls that wait for a replica."""
        return len(self._waiting)

    @property
    def in_flight(self) -> int:
        """Calls that replicas have now."""
        return self.load.in_flight - len(self._waiting)

    def claim_now(self) -> Replica | None:
        """See `Replicas.claim_now`."""
        replica = None if self._waiting else self._idlest()
        if replica is not None:
            replica.in_flight += 1
            self.load.enter()
        return replica

    async def claim(self) -> Replica:
        """See `Replicas.claim`."""
        replica = self.claim_now()
        if replica is not None:
            return replica
        if len(self._waiting) >= self._most_waiting():
            raise NoReplica(WAITING_STATUS, "too many calls wait for the function")
        self.load.enter()
        try:
            return await self._wait()
        except BaseException:
            self.load.leave()
            raise

    def release(self, replica: Replica) -> None:
        """See `Replicas.release`."""
        self.load.leave()
        self._give_back(replica)

    @abstractmethod
    def _wake(self) -> None:
        """A call is about to wait.

        Raises:
            NoReplica: It would wait in vain.
        """

    def _redeploy(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._most = deployment.concurrency or _UNLIMITED
        self._seat()

    def _refuse_waiting(self, status: int, reason: str) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(NoReplica(status, reason))

    def _seat(self) -> None:
        """Give those who wait what there is, first come first served."""
        while self._waiting:
            replica = self._idlest()
            if replica is None:
                return
            waiter = self._waiting.popleft()
            if not waiter.done():
                replica.in_flight += 1
                waiter.set_result(replica)

    async def _wait(self) -> Replica:
        self._wake()
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Replica] = loop.create_future()
        self._waiting.append(waiter)
        timer = loop.call_later(self._wait_s, self._expire, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._give_back(waiter.result())  # the caller left as its turn came
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            raise
        finally:
            timer.cancel()

    def _expire(self, waiter: asyncio.Future[Replica]) -> None:
        if not waiter.done():
            self._waiting.remove(waiter)
            waiter.set_exception(NoReplica(503, "no replica could take the call in time"))

    def _give_back(self, replica: Replica) -> None:
        replica.in_flight -= 1
        if self._waiting:
            self._seat()
        if self._leaving and not replica.in_flight:
            self._note_idle(replica)

    def _note_idle(self, replica: Replica) -> None:
        """A replica has nothing to do: if it is to go, it may."""
        idle = self._leaving.get(replica)
        if idle is not None:
            idle.set()

    def _idlest(self) -> Replica | None:
        """The replica with least to do among those with room."""
        found, least = None, self._most
        for each in self._serving:
            if each.in_flight < least:
                found, least = each, each.in_flight
        return found

    def _most_waiting(self) -> int:
        calls = self._deployment.concurrency
        if not calls:
            return _WAITING_AT_MOST
        replicas = max(1, len(self._serving), self._deployment.scale.most)
        return min(_WAITING_AT_MOST, max(_WAITING_AT_LEAST, _WAITING_PER_CALL * calls * replicas))
