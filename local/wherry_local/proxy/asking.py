"""One request to a replica, and the second try that it may have."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from wherry_local.proxy.response_head import ResponseHead

if TYPE_CHECKING:
    from wherry_local.fleet.replica import Replica, Replicas
    from wherry_local.proxy.pool import Pool
    from wherry_local.proxy.upstream import Upstream

_log = logging.getLogger("wherry.local")
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
"""Methods that may be sent twice (RFC 9110 section 9.2.2)."""


class Asking(ABC):
    """Asks a replica; a `Receiver` of what its connection tells.

    A kept connection may end the moment that it is used again. Where not a byte of an answer came
    the request is sent once more on a new one, unless it may have been done already.
    """

    # What most calls never set has its usual value in the class.
    __slots__ = ("__dict__", "_method", "_pool", "_replica", "_replicas", "_request", "_upstream")
    _streams = False
    _tried = False
    _replica: Replica | None
    _upstream: Upstream | None

    def __init__(self, pool: Pool, replicas: Replicas, method: str, request: bytes) -> None:
        self._pool = pool
        self._replicas = replicas
        self._method = method
        self._request = request
        self._replica = self._upstream = None

    def _ask(self, replica: Replica) -> None:
        """Send the request to a replica that is claimed."""
        self._replica = replica
        # A body that flows cannot be sent twice, so it gets a connection that nobody is closing.
        connect = self._pool.fresh if self._streams else self._pool.take
        try:
            upstream = self._upstream = connect(replica.address)
        except OSError as error:
            self._no_socket(error)
            return
        upstream.ask(self, self._request, is_head=self._method == "HEAD", asked=not self._streams)

    def _release(self) -> None:
        """Let go of the replica, and of a connection whose answer is not complete."""
        upstream, self._upstream = self._upstream, None
        if upstream is not None and upstream.receiver is self:
            upstream.close()
        replica, self._replica = self._replica, None
        if replica is not None:
            self._replicas.release(replica)

    def on_broken(self) -> None:
        """Try again where that is safe, else give up."""
        upstream, replica = self._upstream, self._replica
        if upstream is None or replica is None:
            return
        if self._tried or self._streams or upstream.began:
            self._give_up(began=upstream.began)
        elif upstream.uses and (not upstream.sent or self._method in IDEMPOTENT):
            self._tried = True
            try:
                self._upstream = upstream = self._pool.fresh(replica.address)
            except OSError as error:
                self._no_socket(error)
                return
            upstream.ask(self, self._request, is_head=self._method == "HEAD", asked=True)
        elif not upstream.sent:
            self._tried = True
            self._release()
            self._ask_another()
        else:
            self._give_up(began=False)

    def _no_socket(self, error: OSError) -> None:
        """No connection can be made at all, as where too many are open."""
        _log.warning("no connection can be made to a replica: %s", error.strerror)
        self._give_up(began=False)

    @abstractmethod
    def on_answer(self, head: ResponseHead, body: bytes, *, complete: bool) -> None:
        """The head of the answer has come."""

    @abstractmethod
    def on_body(self, body: bytes, *, complete: bool) -> None:
        """More of its body has come."""

    def on_room(self) -> None:  # noqa: B027 - what most want
        """Nothing waits: the request is whole."""

    @abstractmethod
    def _ask_another(self) -> None:
        """The replica is not there: claim one once more."""

    @abstractmethod
    def _give_up(self, *, began: bool) -> None:
        """There will be no (more of the) answer."""
