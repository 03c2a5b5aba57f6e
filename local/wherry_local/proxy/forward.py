"""The gateway to functions: every request below `/function/`, to a replica and back.

What is looked at is the head alone; bodies pass as they come. It knows no process: replicas are
claimed from whoever keeps them, and released.
"""

from __future__ import annotations

from collections.abc import Callable
from time import time, time_ns
from typing import TYPE_CHECKING

from wherry._version import __version__
from wherry.problem import Problem
from wherry.reply import Reply
from wherry.serving.answer import send
from wherry.serving.head import date_line, http_date
from wherry_local.deployment import DEFAULT_NAMESPACE, FunctionKey
from wherry_local.front.call_ids import CallIds
from wherry_local.front.reactor import Reactor
from wherry_local.proxy import plain, request_head
from wherry_local.proxy.flight import Flight
from wherry_local.proxy.inflow import Inflow
from wherry_local.proxy.pool import Pool
from wherry_local.proxy.target import Targets

if TYPE_CHECKING:
    import asyncio

    from wherry.serving.body import BodyStream
    from wherry.serving.exchange import Exchange
    from wherry_local.fleet.replica import Functions, Replicas

PREFIX = "/function/"
_PIECE_S = 30.0

Count = Callable[[FunctionKey, int, float], object]
"""Is told of each call that is over: the function, the status, the seconds."""


class Forwarder:
    """Forwards calls; the service of a door for the prefix `/function/`.

    Args:
        functions: Who is called.
        loop: The loop of the door.
        count: Is told of each call that is over.
        namespace: Where a function is looked for, too, that names no namespace or the default one.

    Attributes:
        takes_streams: False: a body that has come whole is not asked about.
        draining: Whether each answer says `Connection: close`.
        pool: The connections to replicas.
        flights: The calls that are not over.
        note: Is told of each call that is over.
        served_by: The field that says who forwarded.
    """

    takes_streams = False
    served_by = b"x-served-by: wherry/" + __version__.encode()

    def __init__(
        self,
        functions: Functions,
        *,
        loop: asyncio.AbstractEventLoop,
        count: Count | None = None,
        namespace: str = DEFAULT_NAMESPACE,
        prefix: str = PREFIX,
    ) -> None:
        self._functions = functions
        self.note: Count = count or _nobody
        self._namespace = namespace
        self._reactor = Reactor.of(loop)
        self.pool = Pool.of(loop)
        self.draining = False
        self._targets = Targets(prefix)
        self._names = request_head.Names()
        self._call_ids = CallIds()
        self.flights: dict[Exchange, Flight] = {}

    @property
    def in_flight(self) -> int:
        """Calls that are not answered; those that have left HTTP are not among them."""
        return sum(not each.tunnelled for each in self.flights.values())

    # Service --------------------------------------------------------------------------------

    def begin(self, exchange: Exchange) -> None:
        """Forward a call."""
        target = self._targets[exchange.path]
        replicas = None if target is None else self._find(target.key)
        if target is None or replicas is None:
            self._answer_unknown(exchange, None if target is None else target.key)
            return
        head = request_head.read(exchange.headers, self._names, exchange.peer.encode())
        if head.hops >= request_head.MOST_HOPS:
            self.send(exchange, plain.looping(replicas.deployment.key))
            return
        call_id = exchange.call_id
        if not call_id:
            call_id = exchange.call_id = self._call_ids.take()
        ident = b"x-call-id: %s\r\nx-start-time: %d" % (call_id.encode(), time_ns())
        flight = Flight(self, exchange, replicas, target.path, head, ident)
        self.flights[exchange] = flight
        flight.start()

    def open_stream(self, exchange: Exchange, resume: Callable[[], None]) -> BodyStream | None:
        """The body flows."""
        return Inflow(resume, exchange, self._reactor, _PIECE_S)

    def on_gone(self, exchange: Exchange) -> None:
        """The caller is gone."""
        flight = self.flights.get(exchange)
        if flight is not None:
            flight.on_gone()

    def tick(self, now: float) -> None:
        """Answer 504 to what has waited too long."""
        for flight in [each for each in self.flights.values() if each.due <= now]:
            flight.expire()

    def close(self) -> None:
        """Give up every call."""
        for flight in tuple(self.flights.values()):
            flight.on_gone(by_force=True)

    # For flights ----------------------------------------------------------------------------

    def leave(self, flight: Flight) -> None:
        """A flight is over."""
        self.flights.pop(flight.exchange, None)

    def send(self, exchange: Exchange, reply: Reply) -> None:
        """An answer of the gateway's own."""
        if not exchange.call_id:
            exchange.call_id = self._call_ids.take()
        keep_alive = exchange.keep_alive and not self.draining
        send(date_line(time()), exchange, reply, keep_alive=keep_alive)

    @staticmethod
    def date() -> bytes:
        """A `Date` for an answer that has none."""
        return b"date: " + http_date(time()).encode("ascii")

    def _find(self, key: FunctionKey) -> Replicas | None:
        found = self._functions.find(key)
        if found is None and key.namespace == DEFAULT_NAMESPACE != self._namespace:
            found = self._functions.find(FunctionKey(key.name, self._namespace))
        return found

    def _answer_unknown(self, exchange: Exchange, key: FunctionKey | None) -> None:
        if key is None:
            problem = Problem(status=404, detail="no function can have that name")
            if not exchange.call_id:
                exchange.call_id = self._call_ids.take()
            self.send(exchange, Reply.of_problem(problem, exchange.call_id))
        else:
            self.send(exchange, plain.unknown(key))


def _nobody(_key: FunctionKey, _status: int, _seconds: float) -> None:
    """Nobody counts."""
