"""One call of a handler, from request to reply.

Parameters are filled first, and a fault there is the caller's (RequestRefused). From then on
whatever comes up is the handler's and leaves as InvocationFailed, so that no error of its own can
pass for a bad request; the exceptions are those that answer on purpose (`Refuse`, flask's
`abort`) and a body that did not arrive whole. This module must not know sockets, threads, limits
or deadlines.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wherry import response
from wherry.content_coding import why_unread
from wherry.context import CURRENT
from wherry.declarations import Kind
from wherry.errors import InvocationFailed, RequestRefused
from wherry.handler import Handler, Style
from wherry.outcomes import Refuse
from wherry.problem import Problem
from wherry.reply import Reply

if TYPE_CHECKING:
    from wherry.events import Arrival
    from wherry.request import Request

Arguments = tuple[Any, ...]
_EVENT = Kind.EVENT


@cache
def _events() -> ModuleType:
    """The calls of event handlers: an HTTP handler needs none of it, and a call no import."""
    return import_module("wherry.event_invocation")


def call(handler: Handler, request: Request) -> Reply:
    """Call a handler that is not async, in this thread.

    Sets `context.CURRENT` and leaves it: whoever calls does so in a contextvars.Context of its
    own for each call.

    Raises:
        RequestRefused: The request does not fit the handler; the problem says why.
        InvocationFailed: The handler raised.
        ResponseError: The handler returned what cannot be sent.
    """
    CURRENT.set(request.context)
    if handler.kind is _EVENT:
        reply: Reply = _events().call(handler, request)
        return reply
    if handler.methods is not None:
        check_method(handler, request)
    arguments = filled(handler, request, None)
    if not handler.needs_flask_context:
        return answered(handler, request, arguments, None)
    from wherry.flask_request import FlaskContext

    with FlaskContext(request, arguments):
        made = answered(handler, request, arguments, None, settling=False)
    # Not before: `stream_with_context` enters flask's context anew, and who came last goes first.
    return response.settle(made)


async def call_async(handler: Handler, request: Request) -> Reply:
    """Call an async handler, in this task; otherwise as `call`."""
    CURRENT.set(request.context)
    if handler.kind is Kind.EVENT:
        reply: Reply = await _events().call_async(handler, request)
        return reply
    check_method(handler, request)
    arguments = filled(handler, request, None)
    if not handler.needs_flask_context:
        return await answered_async(handler, request, arguments, None)
    from wherry.flask_request import FlaskContext

    with FlaskContext(request, arguments):
        made = await answered_async(handler, request, arguments, None, settling=False)
    return await response.settle_async(made)


def answered(
    handler: Handler,
    request: Request,
    arguments: Arguments,
    arrival: Arrival | None,
    *,
    settling: bool = True,
) -> Reply:
    """Call a handler that is not async, and make the reply of what it returns.

    Settled, unless the caller does that.
    """
    try:
        result = handler.target(*arguments)
    except BaseException as error:
        result = on_purpose(handler, request, error)
    made = response.reply(result, request, arrival)
    return made if made.body.__class__ is bytes or not settling else response.settle(made)


async def answered_async(
    handler: Handler,
    request: Request,
    arguments: Arguments,
    arrival: Arrival | None,
    *,
    settling: bool = True,
) -> Reply:
    """Call an async handler, and make the reply of what it returns; otherwise as `answered`."""
    try:
        result = handler.target(*arguments)
        if handler.style is Style.ASYNC:
            result = await result
    except BaseException as error:
        result = on_purpose(handler, request, error)
    made = response.reply(result, request, arrival)
    if made.body.__class__ is bytes or not settling:
        return made
    return await response.settle_async(made)


def check_method(handler: Handler, request: Request) -> None:
    """RequestRefused 405 where the handler does not answer this method."""
    methods = handler.methods
    if methods is not None and request.method not in methods:
        allow = ", ".join(sorted(methods))
        raise RequestRefused(
            Problem(status=405, detail=f"the function answers {allow}", allow=allow)
        )


def filled(handler: Handler, request: Request, event: Any) -> Arguments:
    """All arguments of the handler; RequestRefused where the request does not fit."""
    try:
        return handler.plan.bind(request, event)
    except RequestRefused as refusal:
        raise why_unread(request, refusal) from None
    except Exception as error:  # a validator of the user's own types
        raise InvocationFailed(
            f"handler {handler.name!r}: {type(error).__name__} while its parameters were made"
        ) from error


def on_purpose(handler: Handler, request: Request, error: BaseException) -> Any:
    """The answer that the handler's `error` stands for; raises where it stands for none."""
    if isinstance(error, Refuse):
        return Reply.of_problem(error.problem, request.context.call_id)
    if isinstance(error, GeneratorExit) or _is_cancellation(error):
        raise error
    aborted = getattr(sys.modules.get("werkzeug.exceptions"), "HTTPException", None)
    if aborted is not None and isinstance(error, aborted):
        return error
    fault: RequestRefused | None = getattr(request.stream, "fault", None)
    if fault is not None:
        raise fault
    raise InvocationFailed(f"handler {handler.name!r} raised {type(error).__name__}") from error


def _is_cancellation(error: BaseException) -> bool:
    cancelled = getattr(sys.modules.get("asyncio"), "CancelledError", None)
    return cancelled is not None and isinstance(error, cancelled)
