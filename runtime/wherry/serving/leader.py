"""Turns on a leading thread, for sync handlers.

This is the leader and followers pattern. One thread of the pool leads: it polls, parses and
gathers calls. While the handler has been fast it then runs the gathered calls itself, which costs
no hand-over between threads. A monitor looks every `WATCH_S`; if the leader is still in the call
that it was in at the last look, the monitor takes the lead away and gives it to another thread. So
a slow or stuck sync handler never stops the others, probes included.

The right to run on the leader is earned: each fast call gives a point, each slow one takes
`SLOW_COSTS`, and `EARNED` points are needed. Only the handler's own time is looked at: writing the
answer gives up the interpreter lock, and getting it back may take longer than the call. A handler
that is slow once in a while keeps the right (a busy machine makes any call slow once in a while),
one that is slow once in twenty loses it. Then calls go to the followers, of which only as many are
awake as the work needs: a call waits for a thread that is between calls, and another is woken when
all have been busy for `PATIENCE_S`.

Calls that the leader runs one after the other are answered together (`driver.TOGETHER_S`). If it is
stuck in one of them, the next leader sends the answers that it has left.

Measured on one core that others kept busy, 32 clients, `flask.Request`: handing each call to a
thread gave 6 to 12 thousand calls a second, depending on how the interpreter lock happened to be
passed around; running it on the leader gave 14 to 27 thousand.
"""

from __future__ import annotations

import _thread
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any

from wherry.metrics import Ledger
from wherry.serving.bell import Bell
from wherry.serving.driver import TOGETHER_S, Job, Running
from wherry.serving.ending import give_up
from wherry.serving.poller import Poller
from wherry.serving.pool_thread import PoolThread

if TYPE_CHECKING:
    import asyncio

_log = logging.getLogger("wherry.serving")
WATCH_S = 0.002
SLOW_S = 0.002
PATIENCE_S = 0.0005
EARNED = 64
SLOW_COSTS = 32
_MOST_POINTS = 128
_PARK_AFTER = 250
_BLOCKS = 4


class LeaderDriver:
    """Turns on whichever thread leads, for sync handlers; at most `size` calls run at once."""

    on_loop = False

    def __init__(
        self,
        poller: Poller,
        size: int,
        ledger: Ledger,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._loop = loop
        self._poller = poller
        # A thread needs a right to run a call, and there is one thread more than there are rights:
        # when the leader is stuck in a call there is always another to take the lead.
        self._rights: list[None] = [None] * size
        self._most = size + 1
        self._ledger = ledger
        self._jobs: deque[Job] = deque()
        self._unanswered: deque[Job] = deque()
        self._posted: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._awake: list[PoolThread] = []
        self._asleep: list[PoolThread] = []
        self._started = 0
        self._starting = threading.Lock()
        self._vacancies: list[None] = []
        self._token: list[None] = []
        self._leader = 0
        self._leading: PoolThread | None = None
        self._polling = False
        self._generation = 0
        self._points = 0
        self._slow_in_a_row = 0
        self._parked = False
        self._alarm = threading.Event()
        self._bell = Bell()
        self._stopped = self._abandoned = False

    # Driver ---------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Calls that no thread has begun."""
        return len(self._jobs)

    def post(self, what: Callable[..., object], *args: Any) -> None:
        """Have `what` run by the leader, which is woken if it sleeps."""
        self._posted.append((what, args))
        if self._polling and get_ident() != self._leader:
            self._bell.ring()

    def submit(self, job: Job) -> None:
        """Add a call to those that the leader runs or hands out at the end of its turn."""
        self._jobs.append(job)
        if self._polling and get_ident() != self._leader:
            self._bell.ring()

    async def run(self, what: Callable[[], object]) -> None:
        """Run `what` by the leader and wait for it; without a loop the wait blocks."""
        loop = self._loop
        if loop is None:
            done = _thread.allocate_lock()
            done.acquire()
            self.post(_then, what, done.release)
            done.acquire()
            return
        import asyncio

        finished = asyncio.Event()
        self.post(_then, what, partial(loop.call_soon_threadsafe, finished.set))
        await finished.wait()

    def running(self) -> list[Running]:
        """What the threads are at."""
        found = [(thread.job, thread.ident, thread.since) for thread in list(self._awake)]
        return [Running(job, ident, since) for job, ident, since in found if job is not None]

    def start(self) -> None:
        """Start the leader and the monitor."""
        self._poller.add(self._bell)
        self._vacancies.append(None)
        self._wake_one()
        threading.Thread(target=self._monitor, name="monitor", daemon=True).start()

    def stop(self) -> None:
        """The leader leaves its loop; threads in a call are daemons and die with the process."""
        self._stopped = True
        self._alarm.set()
        self._bell.ring()

    def abandon(self) -> None:
        """The thread that forked is the only one left; it ends when its call does."""
        self._stopped = self._abandoned = True
        self._jobs.clear()
        self._unanswered.clear()
        self._posted.clear()
        self._bell.close()

    # Leading --------------------------------------------------------------------------------

    def _lead(self, me: PoolThread) -> None:
        """Give turns until the lead is taken away."""
        poller, jobs, posted = self._poller, self._jobs, self._posted
        token: list[None] = []
        self._token, self._leader = token, get_ident()
        self._answer(me)
        while not self._stopped:
            # First it says that it sleeps, then it looks once more; whoever adds something does so
            # first and looks second. So one of the two always sees the other.
            self._polling = True
            if jobs:
                self._polling = False
                if not self._run_or_hand_out(me, token):
                    return
                self._polling = True
            ready = posted or (jobs and self._rights and self._points >= EARNED)
            poller.poll(0 if ready else None)
            self._polling = False
            while posted:
                what, args = posted.popleft()
                what(*args)
        poller.close()
        self._bell.close()

    def _run_or_hand_out(self, me: PoolThread, token: list[None]) -> bool:
        """Deal with the gathered calls; False when the lead was lost on the way."""
        if self._parked:
            self._parked = False
            self._alarm.set()
        token.append(None)
        if self._points >= EARNED and self._has_right():
            self._run_while_earned(me, token)
            self._give_back()
        if self._points < EARNED and self._jobs and token:
            self._hand_out()
        try:
            token.pop()
        except IndexError:
            return False
        return True

    def _run_while_earned(self, me: PoolThread, token: list[None]) -> None:
        """Run what has gathered, with one right for all, until the lead is lost or not earned."""
        jobs, unanswered = self._jobs, self._unanswered
        began = monotonic()
        while token and self._points >= EARNED:
            try:
                job = jobs.popleft()
            except IndexError:
                break
            if self._run_one(me, job):
                unanswered.append(job)
            if monotonic() - began > TOGETHER_S:
                self._answer(me)
                began = monotonic()
        self._answer(me)

    def _answer(self, me: PoolThread) -> None:
        """Answer the calls that the leader, this one or the last, has run."""
        unanswered = self._unanswered
        while unanswered:
            try:
                job = unanswered.popleft()
            except IndexError:  # the last leader was quicker
                return
            self._answer_one(me, job)

    def _answer_one(self, me: PoolThread, job: Job) -> None:
        self._generation += 1  # whoever answers is not stuck
        try:
            job.answer(me.shard)
        except BaseException:
            _log.exception("an answer ended in a way that Wherry did not foresee")

    def _has_right(self) -> bool:
        """Take the right to run calls; False when all are out."""
        try:
            self._rights.pop()
        except IndexError:
            return False
        return True

    def _give_back(self) -> None:
        self._rights.append(None)
        if self._jobs and self._points >= EARNED and self._polling:
            self._bell.ring()  # the leader may have gone to sleep for want of a right

    def _run_one(self, me: PoolThread, job: Job) -> bool:
        """Run a call; False where nothing came of it that could be answered."""
        self._generation += 1
        since = ended = me.since = monotonic()
        me.job = job
        has_run = True
        try:
            ended = job.run(me.shard)
        except BaseException:  # a thread of the pool must not die of anything
            _log.exception("a call ended in a way that Wherry did not foresee")
            has_run = False
        me.job = None
        if ended - since > SLOW_S:
            self._points = max(0, self._points - SLOW_COSTS)
            self._slow_in_a_row += 1
        elif self._points < _MOST_POINTS:
            self._points += 1
            self._slow_in_a_row = 0
        return has_run

    def _monitor(self) -> None:
        """Take the lead from a leader that is stuck, and wake threads for calls that wait."""
        seen, idle = -1, 0
        while not self._stopped:
            self._alarm.wait(WATCH_S if not self._parked else None)
            self._alarm.clear()
            if self._generation == seen and self._token:
                self._take_lead()
            elif self._generation == seen and not self._jobs:
                idle += 1
                if idle > _PARK_AFTER:
                    idle = 0
                    self._parked = True
                    self._parked = not self._jobs  # one last look, as everywhere here
                continue
            elif self._jobs:
                self._bell.ring() if self._points >= EARNED else self._hand_out()
            seen, idle = self._generation, 0

    def _take_lead(self) -> None:
        try:
            self._token.pop()
        except IndexError:
            return  # it has just come back
        self._vacancies.append(None)
        self._wake_one()

    # Following ------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        """Wake a follower unless one that is awake will take the next call at once.

        Where calls block, whoever is in one will not: each call then has a thread woken for it.
        """
        leader = self._leading
        if self._slow_in_a_row >= _BLOCKS:
            idle = sum(thread.job is None for thread in list(self._awake) if thread is not leader)
            for _ in range(len(self._jobs) - idle):
                self._wake_one()
            return
        patience = monotonic() - PATIENCE_S
        for thread in list(self._awake):
            if thread is not leader and (thread.job is None or thread.since > patience):
                return
        self._wake_one()

    def _wake_one(self) -> None:
        try:
            thread = self._asleep.pop()
        except IndexError:
            with self._starting:  # the leader and the monitor may both be here
                if self._started < self._most:
                    self._started += 1
                    self._start()
            return
        self._awake.append(thread)
        thread.bell.release()

    def _start(self) -> None:
        thread = PoolThread(self._ledger.shard())
        self._awake.append(thread)
        threading.Thread(
            target=self._follow, args=(thread,), name=f"handler-{self._started}", daemon=True
        ).start()

    def _follow(self, me: PoolThread) -> None:
        me.ident = get_ident()
        while not self._stopped:
            if self._vacancies:
                try:
                    self._vacancies.pop()
                except IndexError:
                    continue
                self._leading = me
                try:
                    self._lead(me)
                except BaseException:  # such as a poller that the function has closed
                    give_up("the server itself has failed")
                continue
            if not self._has_work_for_followers():
                if self._rest(me):
                    me.bell.acquire()
                continue
            if self._has_right():
                self._run_next(me)
                self._give_back()
        if self._abandoned:
            os._exit(0)

    def _run_next(self, me: PoolThread) -> None:
        try:
            job = self._jobs.popleft()
        except IndexError:  # another thread was quicker
            return
        if self._run_one(me, job):
            self._answer_one(me, job)

    def _has_work_for_followers(self) -> bool:
        if self._vacancies:
            return True
        return bool(self._jobs and self._rights and self._points < EARNED)

    def _rest(self, me: PoolThread) -> bool:
        """Lie down; False when there turned out to be something to do after all.

        The order matters: first asleep, then a last look. Whoever adds a call or a vacancy does
        so first and looks for who is awake second, so one of the two always sees the other.
        """
        self._awake.remove(me)
        self._asleep.append(me)
        if not self._has_work_for_followers():
            return True
        try:
            self._asleep.remove(me)
        except ValueError:
            return True  # somebody has just rung for us
        self._awake.append(me)
        return False


def _then(what: Callable[[], object], done: Callable[[], object]) -> None:
    try:
        what()
    finally:
        done()
