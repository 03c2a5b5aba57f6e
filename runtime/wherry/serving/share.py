"""One function's share of the threads that several functions have in common.

As many of its calls are with the pool as may run at once; the others wait here, so that a function
that is slow takes no thread from another. Rights and calls are taken by one operation of the
interpreter each, and there is nothing to lock. It must not know requests.
"""

from __future__ import annotations

from collections import deque

from wherry.metrics import Shard
from wherry.serving.driver import Job, Pool, Running


class Share:
    """A `Pool` of at most `size` calls at once, inside another.

    Args:
        pool: The threads.
        size: Calls of this function that run at once.
        function: Key of the function that its calls are counted for.
    """

    def __init__(self, pool: Pool, size: int, function: int) -> None:
        self._pool = pool
        self._function = function
        self._rights: list[None] = [None] * size
        self._jobs: deque[Job] = deque()

    @property
    def waiting(self) -> int:
        """Calls that may not run yet."""
        return len(self._jobs)

    def submit(self, job: Job) -> None:
        """Have a thread run `job` as soon as the function's share allows."""
        self._jobs.append(job)
        self._pass_on()

    def running(self) -> list[Running]:
        """What threads are at for this function."""
        return [
            each._replace(job=each.job.job)
            for each in self._pool.running()
            if isinstance(each.job, _Turn) and each.job.share is self
        ]

    def give_back(self) -> None:
        """A call has ended; another may run."""
        self._rights.append(None)
        self._pass_on()

    def _pass_on(self) -> None:
        """Give calls to the pool while there are rights.

        Whoever adds a call or a right does so first and looks for the other second, so one of two
        threads always sees both.
        """
        while self._jobs:
            try:
                self._rights.pop()
            except IndexError:
                return
            try:
                job = self._jobs.popleft()
            except IndexError:
                self._rights.append(None)
                continue
            self._pool.submit(_Turn(self, job, self._function))


class _Turn:
    """A call that holds a right of its function's share."""

    __slots__ = ("_function", "job", "share")

    def __init__(self, share: Share, job: Job, function: int) -> None:
        self.share = share
        self.job = job
        self._function = function

    def run(self, shard: Shard) -> float:
        try:
            return self.job.run(shard.of(self._function))
        finally:
            self.share.give_back()

    def answer(self, shard: Shard) -> None:
        self.job.answer(shard.of(self._function))
