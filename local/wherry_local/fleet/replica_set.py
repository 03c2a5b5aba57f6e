"""The replicas of one function: as many as are wanted, replaced when they die, renewed on an edit.

A replica that is started takes calls when it says that it is ready and not before. One that is to
go takes no new calls, finishes what it has, and is told to end then. A function that does not start
says why once, and is tried again after a pause that grows; whoever calls it meanwhile is told so at
once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias, TypeVar

from wherry.serving.ending import EXIT_WORN
from wherry_local.deployment import Deployment
from wherry_local.fleet.admission import Admission
from wherry_local.fleet.fault import ending
from wherry_local.fleet.health import Health
from wherry_local.fleet.replica import Launcher, NoReplica, Replica
from wherry_local.fleet.start import StartFailed, start
from wherry_local.journal.store import JournalStore

START_S = 60.0
"""Seconds that a replica may take to get ready, and that a call waits for one."""

_WORN_S = 1.0
_KILL_S = 5.0

T = TypeVar("T")
Changed: TypeAlias = "Callable[[ReplicaSet], object]"
"""Is told that the replicas of a function, or how many are wanted, are others than before."""


class ReplicaSet(Admission):
    """The replicas of one function; a `wherry_local.fleet.replica.Replicas`.

    Args:
        deployment: What is served.
        launcher: Starts replicas.
        journal: Is told what happens, and has what replicas wrote.
        changed: Is told when something changes.
        start_s: Seconds that a replica may take to get ready.

    Attributes:
        desired: Replicas that are wanted.
    """

    def __init__(
        self,
        deployment: Deployment,
        launcher: Launcher,
        journal: JournalStore,
        *,
        changed: Changed = lambda _: None,
        start_s: float = START_S,
    ) -> None:
        super().__init__(deployment, wait_s=start_s)
        self.desired = 0
        self._launcher = launcher
        self._journal = journal
        self._changed = changed
        self._start_s = start_s
        self._loop = asyncio.get_running_loop()
        self._health = Health(lambda text: journal.tell(self._deployment.key, text))
        self._starts: set[asyncio.Task[Any]] = set()
        self._renewal: asyncio.Task[Any] | None = None
        self._ready_at: dict[Replica, float] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed: tuple[int, str] | None = None

    @property
    def fault(self) -> str | None:
        """Why the function, or its newest code, does not start; None where it does."""
        return self._health.fault

    @property
    def starting(self) -> int:
        """Replicas that are on their way."""
        return len(self._starts)

    @property
    def is_asleep(self) -> bool:
        """Whether nothing runs, and nothing is wanted to."""
        return not (self.desired or self._serving or self._starts)

    @property
    def replicas(self) -> list[Replica]:
        """Those that take calls."""
        return list(self._serving)

    def open(self) -> None:
        """Begin with as many replicas as the deployment says."""
        scale = self._deployment.scale
        self.scale_to(max(scale.least, scale.initial), "deployed")

    def scale_to(self, replicas: int, why: str) -> None:
        """From now on that many replicas are wanted; the journal is told why."""
        replicas = max(0, replicas)
        if self._closed is None and replicas != self.desired:
            change = f"scaled from {self.desired} to {replicas}: {why}"
            self._journal.tell(self._deployment.key, change)
            self.desired = replicas
            self._reconcile()
            self._changed(self)

    async def settled(self) -> None:
        """Wait until no replica is on its way."""
        while self._starts or self._renewal is not None:
            pending = [*self._starts, *([] if self._renewal is None else [self._renewal])]
            await asyncio.wait(pending)

    # Edits ----------------------------------------------------------------------------------

    def renew(self, deployment: Deployment | None = None, launcher: Launcher | None = None) -> None:
        """Serve what is new: the code as it is now, or another deployment."""
        if self._closed is not None:
            return
        self._health.forgive()
        if deployment is not None:
            self._redeploy(deployment)
        self._launcher = launcher or self._launcher
        self._give_up_starts()
        if self._serving:
            self._renewal = self._spawn(self._roll())
        else:
            self._reconcile()
        self._changed(self)

    def adjust(self, deployment: Deployment) -> None:
        """Another deployment that differs in nothing that a replica is given."""
        self._redeploy(deployment)
        least = deployment.scale.least
        self.scale_to(max(self.desired, least), "the least has changed")
        self._changed(self)

    def doubt(self, fault: str | None) -> None:
        """While the function sleeps: what is wrong with its newest code, if anything."""
        if fault is None:
            self._health.forgive()
        else:
            self._health.fail(fault, serves=False)
        self._changed(self)

    def _give_up_starts(self) -> None:
        """What is on its way may have read the code before it was changed."""
        for task in (*self._starts, self._renewal):
            if task is not None:
                task.cancel()
        self._starts.clear()
        self._renewal = None

    async def _roll(self) -> None:
        """Put new replicas in the place of those that serve; one first, to see if it starts."""
        this = asyncio.current_task()
        coming = [self._spawn(self._begin())]
        try:
            await asyncio.wait(coming)
            if coming[0].result() is not None:
                coming += [self._spawn(self._begin()) for _ in range(self.desired - 1)]
                await asyncio.wait(coming)
        except asyncio.CancelledError:
            for task in coming:
                task.cancel()
                self._spawn(self._discard(task))
            raise
        finally:
            if self._renewal is this:
                self._renewal = None
        self._replace([each for task in coming if (each := task.result()) is not None])
        self._reconcile()
        self._changed(self)

    def _replace(self, coming: Sequence[Replica]) -> None:
        """Have `coming` take the calls, if there are any, in place of those that do."""
        if not coming:
            return
        before, self._serving = self._serving, []
        for replica in coming:
            self._admit(replica)
        for replica in before:
            self._retire(replica)
        self._journal.tell(self._deployment.key, "renewed")

    # Starts ---------------------------------------------------------------------------------

    def _wake(self) -> None:
        """See `Admission`: start what a call needs, or say why nothing will."""
        if self._closed is not None:
            raise NoReplica(*self._closed)
        if self._serving or self._starts:
            if not self.desired:  # it was put to sleep with one on its way, which is wanted again
                self.scale_to(max(1, self._deployment.scale.wake), "a call waits")
            return
        refusal = self._health.refusal(self._loop.time())
        if refusal is not None:
            raise refusal
        if self.desired == 0:
            self.scale_to(max(1, self._deployment.scale.wake), "a call waits")
        else:
            self._reconcile()

    def _reconcile(self) -> None:
        """Start what is missing, and let go of what is too much."""
        if self._closed is not None or self._renewal is not None:
            return
        missing = self.desired - len(self._serving) - len(self._starts)
        if missing < 0:
            for replica in sorted(self._serving, key=lambda each: each.in_flight)[:-missing]:
                self._retire(replica)
        if missing <= 0:
            return
        pause_s = self._health.backoff.left(self._loop.time())
        if pause_s > 0:
            self._reconcile_in(pause_s)
            return
        for _ in range(missing):
            task = self._spawn(self._start())
            self._starts.add(task)
            task.add_done_callback(self._starts.discard)

    def _reconcile_in(self, pause_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(pause_s, self._reconcile)

    async def _start(self) -> None:
        this = asyncio.current_task()
        replica = await self._begin()
        if this is not None:
            self._starts.discard(this)
        if replica is not None:
            self._admit(replica)
        elif not self._serving and not self._starts:
            self.desired = self._deployment.scale.least
            refusal = self._health.last_refusal()
            self._refuse_waiting(refusal.status, refusal.reason)
        self._reconcile()
        self._changed(self)

    async def _begin(self) -> Replica | None:
        """A replica that is ready; None where it does not get so, which is told."""
        try:
            return await start(self._launcher, self._deployment, self._journal, self._start_s)
        except StartFailed as failure:
            self._health.backoff.fail(self._loop.time())
            self._health.fail(failure.message, serves=bool(self._serving))
            return None

    def _admit(self, replica: Replica) -> None:
        self._health.recover()
        self._serving.append(replica)
        self._ready_at[replica] = self._loop.time()
        self._spawn(self._mourn(replica))
        self._seat()

    # Ends -----------------------------------------------------------------------------------

    async def _mourn(self, replica: Replica) -> None:
        """Wait for an end that nobody asked for, and see to a successor."""
        await replica.gone()
        was_serving = replica in self._serving
        if was_serving:
            self._serving.remove(replica)
        code = await replica.wait()
        well_s = self._loop.time() - self._ready_at.pop(replica)
        if not was_serving:
            return
        if code != EXIT_WORN or well_s < _WORN_S:
            pause_s = self._health.backoff.fail(self._loop.time(), well_s=well_s)
            self._journal.tell(
                self._deployment.key,
                f"{replica.name}: {ending(code)}; another starts in {pause_s:.1f} s",
            )
        self._reconcile()
        self._changed(self)

    def _retire(self, replica: Replica) -> None:
        """Give it no more calls, and end it when it has finished what it has."""
        if replica in self._serving:
            self._serving.remove(replica)
        self._leaving[replica] = asyncio.Event()
        if not replica.in_flight:
            self._note_idle(replica)
        self._spawn(self._leave(replica, self._deployment.timeout_s + 1.0))

    async def _leave(self, replica: Replica, grace_s: float) -> None:
        idle = self._spawn(self._leaving[replica].wait())
        end = self._spawn(replica.wait())
        await asyncio.wait({idle, end}, timeout=grace_s, return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()
        await replica.stop(grace_s + _KILL_S)
        del self._leaving[replica]
        self._changed(self)

    async def _discard(self, start: asyncio.Task[Replica | None]) -> None:
        """End a replica that was started in vain."""
        await asyncio.wait({start})
        if not start.cancelled() and (replica := start.result()) is not None:
            replica.kill()
            await replica.wait()

    def close(self, status: int, reason: str) -> None:
        """Take no more calls, and let the replicas end when they have finished what they have.

        Args:
            status: What callers are answered from now on.
            reason: Why.
        """
        if self._closed is not None:
            return
        self._closed = (status, reason)
        self.desired = 0
        if self._timer is not None:
            self._timer.cancel()
        self._give_up_starts()
        self._refuse_waiting(status, reason)
        for replica in list(self._serving):
            self._retire(replica)

    async def stop(self, grace_s: float) -> None:
        """Close it, and wait until every replica has ended; after `grace_s` they are killed."""
        self.close(503, "the platform ends")
        deadline = self._loop.time() + grace_s
        while self._tasks and self._loop.time() < deadline:
            await asyncio.wait(self._tasks, timeout=deadline - self._loop.time())
        self.kill()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def kill(self) -> None:
        """End every replica at once."""
        for replica in self._ready_at:  # those that leave are among them until they have ended
            replica.kill()

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
