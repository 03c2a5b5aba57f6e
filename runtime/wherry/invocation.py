"""One call of a handler, from request to reply.

Parameters are filled first, and a fault there is the caller's (RequestRefused). From then on
whatever comes up is the handler's and leaves as InvocationFailed, so that no error of its own can
pass for a bad request; the exceptions are those that answer on purpose (`Refuse`, flask's
`abort`) and a body that did not arrive whole. This module must not know sockets, threads, limits
or deadlines.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from wherry import response
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

_Arguments = tuple[Any, ...]


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
    if handler.kind is Kind.EVENT:
        return _call_with_events(handler, request)
    arguments = _arguments(handler, request, None)
    if not handler.needs_flask_context:
        return _answered(handler, request, arguments, None)
    from wherry.flask_request import FlaskContext

    with FlaskContext(request, arguments):
        return _answered(handler, request, arguments, None)


async def call_async(handler: Handler, request: Request) -> Reply:
    """Call an async handler, in this task; otherwise as `call`."""
    CURRENT.set(request.context)
    if handler.kind is Kind.EVENT:
        return await _call_with_events_async(handler, request)
    arguments = _arguments(handler, request, None)
    if not handler.needs_flask_context:
        return await _answered_async(handler, request, arguments, None)
    from wherry.flask_request import FlaskContext

    with FlaskContext(request, arguments):
        return await _answered_async(handler, request, arguments, None)


def _answered(
    handler: Handler, request: Request, arguments: _Arguments, arrival: Arrival | None
) -> Reply:
    try:
        result = handler.target(*arguments)
    except BaseException as error:
        result = _on_purpose(handler, request, error)
    made = response.reply(result, request, arrival)
    return made if made.body.__class__ is bytes else response.settle(made)


async def _answered_async(
    handler: Handler, request: Request, arguments: _Arguments, arrival: Arrival | None
) -> Reply:
    try:
        result = handler.target(*arguments)
        if handler.style is Style.ASYNC:
            result = await result
    except BaseException as error:
        result = _on_purpose(handler, request, error)
    made = response.reply(result, request, arrival)
    return made if made.body.__class__ is bytes else await response.settle_async(made)


def _call_with_events(handler: Handler, request: Request) -> Reply:
    arrival, calls, is_fanned = _event_calls(handler, request)
    if not is_fanned:
        if handler.style is Style.SYNC and not handler.needs_flask_context:
            return _answered(handler, request, calls[0], arrival)
        made = response.reply(_outcome(handler, request, calls[0]), request, arrival)
        return response.settle(made)
    outcomes = []
    for arguments in calls:
        outcome = _outcome(handler, request, arguments)
        if isinstance(outcome, Reply):
            return outcome
        outcomes.append(outcome)
    from wherry import events

    return events.answer(outcomes, arrival, request)


async def _call_with_events_async(handler: Handler, request: Request) -> Reply:
    arrival, calls, is_fanned = _event_calls(handler, request)
    if not is_fanned:
        outcome = await _outcome_async(handler, request, calls[0])
        return await response.settle_async(response.reply(outcome, request, arrival))
    outcomes = []
    for arguments in calls:
        outcome = await _outcome_async(handler, request, arguments)
        if isinstance(outcome, Reply):
            return outcome
        outcomes.append(outcome)
    from wherry import events

    return events.answer(outcomes, arrival, request)


def _event_calls(handler: Handler, request: Request) -> tuple[Arrival, list[_Arguments], bool]:
    """How the events came, the arguments of each call, and whether a batch was taken apart."""
    from wherry import events
    from wherry.cloudevents import Mode

    _check_method(handler, request)
    arrival, found = events.read(request, handler.event_types, handler.event_headers)
    if handler.plan.takes_batch:
        return arrival, [_filled(handler, request, found)], False
    calls = [_filled(handler, request, event) for event in found]
    return arrival, calls, arrival.mode is Mode.BATCH


def _outcome(handler: Handler, request: Request, arguments: _Arguments) -> Any:
    """What the handler made of one event; what a generator yields is a list of events."""
    if handler.needs_flask_context:
        from wherry.flask_request import FlaskContext

        with FlaskContext(request, arguments):
            return _outcome_here(handler, request, arguments)
    return _outcome_here(handler, request, arguments)


def _outcome_here(handler: Handler, request: Request, arguments: _Arguments) -> Any:
    try:
        result = handler.target(*arguments)
        return list(result) if handler.style is Style.GENERATOR else result
    except BaseException as error:
        return response.reply(_on_purpose(handler, request, error), request)


async def _outcome_async(handler: Handler, request: Request, arguments: _Arguments) -> Any:
    if handler.needs_flask_context:
        from wherry.flask_request import FlaskContext

        with FlaskContext(request, arguments):
            return await _outcome_here_async(handler, request, arguments)
    return await _outcome_here_async(handler, request, arguments)


async def _outcome_here_async(handler: Handler, request: Request, arguments: _Arguments) -> Any:
    try:
        result = handler.target(*arguments)
        if handler.style is Style.ASYNC:
            return await result
        return [each async for each in result]
    except BaseException as error:
        return response.reply(_on_purpose(handler, request, error), request)


def _arguments(handler: Handler, request: Request, event: Any) -> _Arguments:
    if handler.methods is not None:
        _check_method(handler, request)
    return _filled(handler, request, event)


def _check_method(handler: Handler, request: Request) -> None:
    methods = handler.methods
    if methods is not None and request.method not in methods:
        allow = ", ".join(sorted(methods))
        raise RequestRefused(
            Problem(status=405, detail=f"the function answers {allow}", allow=allow)
        )


def _filled(handler: Handler, request: Request, event: Any) -> _Arguments:
    try:
        return handler.plan.bind(request, event)
    except RequestRefused:
        raise
    except Exception as error:  # a validator of the user's own types
        raise InvocationFailed(
            f"handler {handler.name!r}: {type(error).__name__} while its parameters were made"
        ) from error


def _on_purpose(handler: Handler, request: Request, error: BaseException) -> Any:
    """The answer that `error` stands for; raises where it stands for none."""
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
