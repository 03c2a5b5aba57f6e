"""`/system/calls`: the asynchronous calls of the platform, and calling again."""

from __future__ import annotations

from typing import Any

from wherry.reply import Reply
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.gateway import names
from wherry_local.gateway.answers import Refused, document, in_problems, number_in
from wherry_local.gateway.call_record import call_row
from wherry_local.gateway.callbacks import is_callback
from wherry_local.gateway.calls import Calls
from wherry_local.gateway.deployments import Deployments
from wherry_local.gateway.function_routes import namespace_of
from wherry_local.queue.contract import Queue
from wherry_local.queue.delivery import Kind, State

_USUAL = 50
_MOST = 500
_MOST_POSITION = (1 << 63) - 1
_PAGE = 200
_MOST_PAGES = 50


class CallRoutes:
    """Shows the calls in a queue."""

    def __init__(self, queue: Queue, calls: Calls, deployments: Deployments) -> None:
        self._queue = queue
        self._calls = calls
        self._deployments = deployments

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(methods=("GET",), pattern="/system/calls", answer=in_problems(self._list)),
            Route(
                methods=("POST",),
                pattern="/system/calls/{id}/replay",
                answer=in_problems(self._replay),
            ),
        ]

    async def _list(self, asked: Asked) -> Reply:
        arguments = asked.arguments()
        limit = number_in(arguments, "limit", _USUAL, most=_MOST) or _USUAL
        before: int | None = number_in(arguments, "before", 0, most=_MOST_POSITION) or None
        states = _states(arguments.get("state", ""))
        scope = self._scope(asked, arguments.get("function", ""))
        rows: list[dict[str, Any]] = []
        # Callbacks are kept beside the calls, and are no rows of their own.
        for _ in range(_MOST_PAGES):
            page = await self._queue.messages(
                kind=Kind.CALL, scope=scope, states=states, before=before, most=_PAGE
            )
            for position, message, deliveries in page:
                before = position
                if is_callback(message):
                    continue
                rows.append(call_row(message, deliveries))
                if len(rows) == limit:
                    return document(200, {"calls": rows, "next": before})
            if len(page) < _PAGE:
                before = None
                break
        return document(200, {"calls": rows, "next": before})

    async def _replay(self, asked: Asked) -> Reply:
        return document(202, {"id": await self._calls.replay(asked.named["id"])})

    def _scope(self, asked: Asked, function: str) -> str:
        if not function:
            return ""
        named = names.key_in_path(function)
        namespace = namespace_of(asked, {}) or named.namespace
        try:
            return str(self._deployments.locate(named.name, namespace))
        except Refused:
            # Its calls outlive a function.
            return f"{named.name}.{namespace or self._deployments.home}"


def _states(said: str) -> tuple[State, ...]:
    if not said:
        return ()
    try:
        return (State(said),)
    except ValueError:
        there = ", ".join(each.value for each in State)
        raise Refused(400, f"state: got {said[:40]!a}, expected one of {there}") from None
