"""From a request on a door to who answers it: the guard, the routes, whole services.

The `Service` behind a door's edge. It knows no socket; connections are the runtime's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry.reply import Reply
from wherry.serving.answer import send
from wherry.serving.edge import Service
from wherry_local.front.asked import Asked
from wherry_local.front.call_ids import CallIds
from wherry_local.front.routing import Place, Routing
from wherry_local.front.streamed import Streamed
from wherry_local.front.whole_body import WholeBody

if TYPE_CHECKING:
    from wherry.serving.body import BodyStream
    from wherry.serving.edge import Edge
    from wherry.serving.exchange import Exchange
    from wherry_local.front.guard import Guard
    from wherry_local.front.route import Route

_log = logging.getLogger("wherry.local")
_UNKNOWN_HOST = Problem(
    status=421,
    detail="the platform does not go by this Host; `--listen` with `--allow-host` adds one",
)
_FAILED = Problem(status=500, detail="the platform failed; its log says how")


class PrefixService(Service, Protocol):
    """Who answers everything below a prefix.

    Attributes:
        draining: Whether each answer says `Connection: close`; the door sets it.
        in_flight: Calls that are not answered, those that have left HTTP not counted.
    """

    draining: bool

    @property
    def in_flight(self) -> int:
        """How many."""
        ...

    def tick(self, now: float) -> None:
        """Keep the time; often while anything is in flight."""
        ...

    def close(self) -> None:
        """Give up what is in flight."""
        ...


class Dispatch:
    """Answers the requests of one door.

    Attributes:
        takes_streams: False: a body that has come whole is not asked about.
        draining: Whether each answer says `Connection: close`.
        tasks: Routes that are being answered.
        streams: Answers among them that are made piece by piece.
    """

    takes_streams = False
    edge: Edge

    def __init__(
        self,
        routes: Iterable[Route],
        services: Mapping[str, PrefixService],
        guard: Guard | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._routing: Routing[PrefixService] = Routing(routes, services)
        self._guard = guard
        self._loop = loop
        self._call_ids = CallIds()
        self.draining = False
        self.tasks: set[asyncio.Task[None]] = set()
        self.streams: dict[Exchange, Streamed] = {}

    # Service --------------------------------------------------------------------------------

    def begin(self, exchange: Exchange) -> None:
        """Hand a request to its service, or begin to answer its route."""
        if exchange.verdict is not None:
            self._refuse(exchange, exchange.verdict)
            return
        guard = self._guard
        if guard is not None:
            for name, value in exchange.headers:
                if len(name) == 4 and name.lower() == b"host":
                    if not (guard.known_hosts.get(value) or guard.knows_host(value)):
                        self._refuse(exchange, _UNKNOWN_HOST)
                        return
                    break
        routing = self._routing
        place = routing.places.get(exchange.path) or routing.find(exchange.path)
        if place.service is not None:
            place.service.begin(exchange)
        else:
            self._begin_route(exchange, place)

    def open_stream(self, exchange: Exchange, resume: Callable[[], None]) -> BodyStream | None:
        """Where a body flows that has not come whole."""
        place = self._routing.find(exchange.path)
        if place.service is not None:
            return place.service.open_stream(exchange, resume)
        route = place.routes.get(exchange.method)
        return WholeBody(0 if route is None else route.limit_bytes)

    def on_gone(self, exchange: Exchange) -> None:
        """The caller is gone: whoever still reads for it stops; a route that acts goes on."""
        place = self._routing.find(exchange.path)
        if place.service is not None:
            place.service.on_gone(exchange)
        elif exchange in self.streams and exchange.task is not None:
            exchange.task.cancel()

    # Routes ---------------------------------------------------------------------------------

    def _begin_route(self, exchange: Exchange, place: Place[PrefixService]) -> None:
        if place.problem is not None:
            self._refuse(exchange, place.problem)
            return
        route = place.routes.get(exchange.method)
        if route is None:
            allow = ", ".join(sorted(place.routes))
            self._refuse(exchange, Problem(status=405, allow=allow))
            return
        if not exchange.call_id:
            exchange.call_id = self._call_ids.take()
        asked = Asked(
            method=exchange.method,
            path=exchange.path,
            query=exchange.query,
            headers=exchange.headers,
            body=exchange.body,
            peer=exchange.peer,
            call_id=exchange.call_id,
            named=place.named,
        )
        if route.guarded and self._guard is not None:
            refusal = self._guard.judge(route, asked)
            if refusal is not None:
                self._send(exchange, refusal)
                return
        if exchange.incoming is None:
            if len(exchange.body) > route.limit_bytes:
                detail = f"the body is over {route.limit_bytes} bytes"
                self._refuse(exchange, Problem(status=413, detail=detail))
                return
            self._start(exchange, route, asked)
            return

        def whole(body: bytes | Problem) -> None:
            if isinstance(body, Problem):
                self._refuse(exchange, exchange.verdict or body)
            else:
                self._start(exchange, route, asked._replace(body=body))

        assert isinstance(exchange.incoming, WholeBody)  # noqa: S101 - `open_stream` gave it
        exchange.incoming.when_whole(whole)

    def _start(self, exchange: Exchange, route: Route, asked: Asked) -> None:
        task = exchange.task = self._loop.create_task(self._answer(exchange, route, asked))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer(self, exchange: Exchange, route: Route, asked: Asked) -> None:
        try:
            reply = await route.answer(asked)
        except RequestRefused as error:
            reply = Reply.of_problem(error.problem, exchange.call_id)
        except asyncio.CancelledError:  # the end of the platform
            exchange.connection.release(keep_alive=False)
            raise
        except Exception:  # noqa: BLE001 - it costs this answer only
            _log.exception("call %s to %s failed", exchange.call_id, route.pattern)
            reply = Reply.of_problem(_FAILED, exchange.call_id)
        _adopt_call_id(exchange, reply)
        if isinstance(reply.body, bytes):
            self._send(exchange, reply)
            return
        keep_alive = exchange.keep_alive and not self.draining
        streamed = Streamed(exchange, reply, date=self.edge.date, keep_alive=keep_alive)
        self.streams[exchange] = streamed
        try:
            await streamed.run()
        finally:
            del self.streams[exchange]

    # Answers --------------------------------------------------------------------------------

    def _refuse(self, exchange: Exchange, problem: Problem) -> None:
        if not exchange.call_id:
            exchange.call_id = self._call_ids.take()
        self._send(exchange, Reply.of_problem(problem, exchange.call_id))

    def _send(self, exchange: Exchange, reply: Reply) -> None:
        keep_alive = exchange.keep_alive and not self.draining
        send(self.edge.date, exchange, reply, keep_alive=keep_alive)


def _adopt_call_id(exchange: Exchange, reply: Reply) -> None:
    """Answer with the call id that a route has said, and with that one alone."""
    for at, (name, value) in enumerate(reply.headers):
        if name.lower() == b"x-call-id":
            exchange.call_id = value.decode("ascii")
            del reply.headers[at]
            return
