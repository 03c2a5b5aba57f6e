"""The connections to replicas that are kept between calls, of one loop."""

from __future__ import annotations

import asyncio
import weakref
from time import monotonic
from typing import TYPE_CHECKING

from wherry_local.front.reactor import Reactor
from wherry_local.proxy.response_head import Memory
from wherry_local.proxy.upstream import Upstream

if TYPE_CHECKING:
    from wherry_local.fleet.replica import Address

_MOST_IDLE = 256
_IDLE_S = 30.0
"""Shorter than replicas keep a connection, so that it is seldom theirs to end."""
_FRESH_S = 1.0
_POOLS: weakref.WeakKeyDictionary[Reactor, Pool] = weakref.WeakKeyDictionary()


class Pool:
    """Gives connections to addresses and takes them back.

    Attributes:
        reactor: Watches them.
    """

    def __init__(self, reactor: Reactor) -> None:
        self.reactor = reactor
        self._idle: dict[Address, list[Upstream]] = {}
        self._open: set[Upstream] = set()
        self._memory = Memory()
        reactor.on_close(self.close)

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Pool:
        """The one of `loop`, made at first use."""
        reactor = Reactor.of(loop)
        found = _POOLS.get(reactor)
        if found is None:
            found = _POOLS[reactor] = cls(reactor)
        return found

    def take(self, address: Address) -> Upstream:
        """A connection that was kept, or a new one."""
        idle = self._idle.get(address)
        while idle:
            upstream = idle.pop()
            rested_s = monotonic() - upstream.idle_since
            if rested_s < _FRESH_S or (rested_s < _IDLE_S and upstream.is_alive):
                return upstream
            upstream.close()
        return self.fresh(address)

    def fresh(self, address: Address) -> Upstream:
        """A new connection."""
        upstream = Upstream(self, address, self._memory)
        self._open.add(upstream)
        return upstream

    def give(self, upstream: Upstream) -> None:
        """Keep a connection for the next call."""
        idle = self._idle.get(upstream.address)
        if idle is None:
            idle = self._idle[upstream.address] = []
        if len(idle) >= _MOST_IDLE:
            upstream.close()
            return
        upstream.idle_since = monotonic()
        idle.append(upstream)

    def forget(self, upstream: Upstream) -> None:
        """A connection is closing; its descriptor is still open."""
        self._open.discard(upstream)
        self.reactor.poller.remove(upstream)
        idle = self._idle.get(upstream.address)
        if idle is not None and upstream in idle:
            idle.remove(upstream)
            if not idle:
                del self._idle[upstream.address]

    def close(self) -> None:
        """Close every connection."""
        for upstream in tuple(self._open):
            upstream.close()
        _POOLS.pop(self.reactor, None)
