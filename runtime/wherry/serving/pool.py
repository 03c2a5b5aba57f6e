"""Threads for sync handlers, as few awake as the work needs.

A job goes to a thread that is awake and between jobs, if there is one; only when every thread
that is awake has been at its job for longer than `PATIENCE_S` is another woken. Fast handlers are
so served by one warm thread, which costs a fifth of what waking a cold one for each call does,
and slow handlers get a thread each. A job that was left to a thread which then got stuck is
found by `check`, which the server's loop calls while jobs wait.

`submit` and `check` are called from the loop's thread alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from wherry.metrics import Ledger, Shard

Job = TypeVar("Job")
PATIENCE_S = 0.0005


class Worker(Generic[Job]):
    """One thread, and the moment at which it began its present job (0 between jobs)."""

    __slots__ = ("bell", "shard", "since")

    def __init__(self, shard: Shard) -> None:
        self.bell = threading.Lock()
        self.bell.acquire()
        self.shard = shard
        self.since = 0.0


class Pool(Generic[Job]):
    """At most `size` threads that run `work(job, shard)`, which must not raise."""

    def __init__(self, size: int, work: Callable[[Job, Shard], None], ledger: Ledger) -> None:
        self._size = size
        self._work = work
        self._ledger = ledger
        self._jobs: deque[Job] = deque()
        self._awake: list[Worker[Job]] = []
        self._asleep: list[Worker[Job]] = []
        self._started = 0

    @property
    def waiting(self) -> int:
        """Jobs that no thread has taken yet."""
        return len(self._jobs)

    def submit(self, job: Job) -> None:
        """Have a thread run `job`."""
        self._jobs.append(job)
        patience = monotonic() - PATIENCE_S
        for worker in self._awake:
            if worker.since == 0.0 or worker.since > patience:
                return
        self._wake_one()

    def check(self) -> bool:
        """Wake a thread if jobs wait for stuck ones; returns whether jobs wait."""
        if not self._jobs:
            return False
        patience = monotonic() - PATIENCE_S
        if all(0.0 < worker.since < patience for worker in list(self._awake)):
            self._wake_one()
        return True

    def _wake_one(self) -> None:
        try:
            worker = self._asleep.pop()
        except IndexError:
            if self._started < self._size:
                self._started += 1
                self._start()
            return
        self._awake.append(worker)
        worker.bell.release()

    def _start(self) -> None:
        worker: Worker[Job] = Worker(self._ledger.shard())
        self._awake.append(worker)
        threading.Thread(
            target=self._run, args=(worker,), name=f"handler-{self._started}", daemon=True
        ).start()

    def _run(self, worker: Worker[Job]) -> None:
        take, work, shard = self._jobs.popleft, self._work, worker.shard
        while True:
            try:
                job = take()
            except IndexError:
                if self._rest(worker):
                    worker.bell.acquire()
                continue
            worker.since = monotonic()
            work(job, shard)
            worker.since = 0.0

    def _rest(self, worker: Worker[Job]) -> bool:
        """Lie down; False when there turned out to be a job after all.

        The order matters: first asleep, then a last look. `submit` appends its job first and
        looks for who is awake second, so one of the two always sees the other.
        """
        self._awake.remove(worker)
        self._asleep.append(worker)
        if not self._jobs:
            return True
        try:
            self._asleep.remove(worker)
        except ValueError:
            return True  # somebody has just rung for us
        self._awake.append(worker)
        return False
