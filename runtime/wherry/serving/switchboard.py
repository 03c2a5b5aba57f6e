"""Several functions behind one edge: each request to the engine of its function.

The `Service` of a process with more than one function; one alone is its engine's and pays nothing.
What is no function's (probes, malformed requests, paths that nobody has) the front desk answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from wherry.cloudevents import HeaderEncoding
from wherry.events import other_type
from wherry.problem import Problem
from wherry.serving import probes
from wherry.serving.engine import Engine
from wherry.serving.event_types import is_in_body, types_of
from wherry.serving.routes import Routes

if TYPE_CHECKING:
    from wherry.config import Config
    from wherry.serving.body import BodyStream
    from wherry.serving.exchange import Exchange

_NOWHERE = Problem(status=404, detail="no function answers this path")
_APART = Problem(
    status=422,
    title="Event type not accepted",
    detail="the events of this batch belong to several functions; send them apart",
    members={"attribute": "type"},
)


class FrontDesk(Engine):
    """Answers probes and refusals for all functions; no call is ever admitted here.

    Attributes:
        engines: Those of the functions.
        is_loop_blocked: Whether a handler keeps the event loop from turning.
    """

    engines: Sequence[Engine] = ()
    is_loop_blocked: Callable[[], bool] = staticmethod(lambda: False)

    @property
    def is_full(self) -> bool:
        """Whether every function would refuse one more call."""
        return all(engine.is_full for engine in self.engines)

    def _answer_probe(self, exchange: Exchange, probe: probes.Probe) -> None:
        # Where all functions are async nobody could answer; beside a sync one the leader can.
        if self.is_loop_blocked():
            self._identify(exchange)
            self._send_quietly(exchange, probes.BLOCKED)
        else:
            super()._answer_probe(exchange, probe)


class Switchboard:
    """Picks the engine of each request."""

    def __init__(
        self, routes: Routes, engines: Sequence[Engine], front: FrontDesk, config: Config
    ) -> None:
        self._routes = routes
        self._engines = engines
        self._front = front
        self.takes_streams = any(engine.takes_streams for engine in engines)
        self._probes = probes.chosen(config.probes)
        self._encoding = HeaderEncoding(config.event_headers)
        self._other_type = other_type(routes.event_types)

    def begin(self, exchange: Exchange) -> None:
        """Hand the request to its function's engine, or to the front desk."""
        if exchange.verdict is None and exchange.path not in self._probes:
            number = self._function_of(exchange)
            if number is not None:
                self._engines[number].begin(exchange)
                return
        self._front.begin(exchange)

    def open_stream(self, exchange: Exchange, resume: Callable[[], None]) -> BodyStream | None:
        """The stream that its function takes; whole, where the body says whose it is."""
        routes = self._routes
        if exchange.path in self._probes:
            return None
        if routes.takes_events and routes.by_path(exchange.path) is None and is_in_body(exchange):
            return None
        number = self._function_of(exchange)
        exchange.verdict = None  # there is time enough for it when the body has come
        return None if number is None else self._engines[number].open_stream(exchange, resume)

    def on_gone(self, exchange: Exchange) -> None:
        """Tell the engine that has the call."""
        for engine in self._engines:
            if exchange in engine.admitted:
                engine.on_gone(exchange)

    def _function_of(self, exchange: Exchange) -> int | None:
        """The function that is to answer, or None and a verdict that says why there is none."""
        routes = self._routes
        number = routes.by_path(exchange.path)
        if number is None and routes.takes_events:
            number = self._by_event(exchange)
        if number is None:
            number = routes.root
        if number is not None:
            exchange.verdict = None
        elif exchange.verdict is None:
            exchange.verdict = _NOWHERE
        return number

    def _by_event(self, exchange: Exchange) -> int | None:
        """The function for the events of the request, or None; for events with a verdict."""
        if exchange.method == "OPTIONS":  # a sender of events asks whether it may
            return self._routes.by_types(())
        types = types_of(exchange, self._encoding)
        if types is None:
            return None
        number = self._routes.by_types(types)
        if number is None:
            routes = self._routes
            each_is_taken = routes.rest is not None or routes.event_types.issuperset(types)
            exchange.verdict = _APART if each_is_taken else self._other_type
        return number
