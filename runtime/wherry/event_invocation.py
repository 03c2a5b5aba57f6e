"""The calls of a handler that takes CloudEvents: one, or one for each event of a batch.

Events are taken in turn, in their order, by async handlers too. This module must not know
sockets, threads, limits or deadlines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherry import events, response
from wherry.cloudevents import Mode
from wherry.handler import Handler, Style
from wherry.invocation import (
    Arguments,
    answered,
    answered_async,
    check_method,
    filled,
    on_purpose,
)
from wherry.reply import Reply

if TYPE_CHECKING:
    from wherry.request import Request

_BATCH = Mode.BATCH


def call(handler: Handler, request: Request) -> Reply:
    """Call a handler that is not async; raises as `invocation.call`."""
    if handler.methods is not None:
        check_method(handler, request)
    arrival, found = events.read(request, handler.event_types, handler.event_headers)
    plan = handler.plan
    if arrival.mode is not _BATCH or plan.takes_batch:
        arguments = filled(handler, request, found if plan.takes_batch else found[0])
        if handler.style is Style.SYNC and not handler.needs_flask_context:
            return answered(handler, request, arguments, arrival)
        return response.settle(
            response.reply(_outcome(handler, request, arguments), request, arrival)
        )
    outcomes = []
    for arguments in [filled(handler, request, event) for event in found]:
        outcome = _outcome(handler, request, arguments)
        if isinstance(outcome, Reply):
            return outcome
        outcomes.append(outcome)
    return events.answer(outcomes, arrival, request)


async def call_async(handler: Handler, request: Request) -> Reply:
    """Call an async handler; raises as `invocation.call_async`."""
    check_method(handler, request)
    arrival, found = events.read(request, handler.event_types, handler.event_headers)
    plan = handler.plan
    if arrival.mode is not _BATCH or plan.takes_batch:
        arguments = filled(handler, request, found if plan.takes_batch else found[0])
        if handler.style is Style.ASYNC and not handler.needs_flask_context:
            return await answered_async(handler, request, arguments, arrival)
        outcome = await _outcome_async(handler, request, arguments)
        return await response.settle_async(response.reply(outcome, request, arrival))
    outcomes = []
    for arguments in [filled(handler, request, event) for event in found]:
        outcome = await _outcome_async(handler, request, arguments)
        if isinstance(outcome, Reply):
            return outcome
        outcomes.append(outcome)
    return events.answer(outcomes, arrival, request)


def _outcome(handler: Handler, request: Request, arguments: Arguments) -> Any:
    """What the handler made of one event; what a generator yields is a list of events.

    A Reply where it answered the whole request on purpose.
    """
    if handler.needs_flask_context:
        from wherry.flask_request import FlaskContext

        with FlaskContext(request, arguments):
            return _outcome_here(handler, request, arguments)
    return _outcome_here(handler, request, arguments)


def _outcome_here(handler: Handler, request: Request, arguments: Arguments) -> Any:
    try:
        result = handler.target(*arguments)
        return list(result) if handler.style is Style.GENERATOR else result
    except BaseException as error:
        return response.reply(on_purpose(handler, request, error), request)


async def _outcome_async(handler: Handler, request: Request, arguments: Arguments) -> Any:
    if handler.needs_flask_context:
        from wherry.flask_request import FlaskContext

        with FlaskContext(request, arguments):
            return await _outcome_here_async(handler, request, arguments)
    return await _outcome_here_async(handler, request, arguments)


async def _outcome_here_async(handler: Handler, request: Request, arguments: Arguments) -> Any:
    try:
        result = handler.target(*arguments)
        if handler.style is Style.ASYNC:
            return await result
        return [each async for each in result]
    except BaseException as error:
        return response.reply(on_purpose(handler, request, error), request)
