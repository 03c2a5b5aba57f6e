"""A thread of the pool, as those that give it work see it."""

from __future__ import annotations

import threading

from wherry.metrics import Shard
from wherry.serving.driver import Job


class PoolThread:
    """One thread of the pool, its present call (None between calls), and when that began."""

    __slots__ = ("bell", "ident", "job", "shard", "since")

    def __init__(self, shard: Shard) -> None:
        self.bell = threading.Lock()
        self.bell.acquire()
        self.shard = shard
        self.ident = 0
        self.job: Job | None = None
        self.since = 0.0
