"""Background functions, `def f(data, context)`, for legacy events and for CloudEvents.

A request is one of four: a CloudEvent; a push of Pub/Sub as its subscriptions send it; data with a
context; data with the context's members beside it. This module must not know how functions are
found.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from wherry import events, typed
from wherry.adapters.functions_framework import google_events
from wherry.adapters.functions_framework.context import Context
from wherry.adapters.functions_framework.functions import mapping_event
from wherry.cloudevents import Mode, mode_of
from wherry.context import Platform
from wherry.declarations import DECLARATION, Declaration, Kind
from wherry.errors import PayloadError, RequestRefused
from wherry.reply import Reply
from wherry.request import Request

_MEMBERS = ("eventId", "timestamp", "eventType", "resource")


def event(function: Callable[..., Any]) -> Callable[..., Any]:
    """A background function: takes data and context, and what it returns is not looked at."""
    if inspect.iscoroutinefunction(function):

        async def call_async(request: Request) -> Any:
            try:
                calls = _arguments(request)
            except RequestRefused as error:
                return Reply.of_problem(error.problem, request.context.call_id)
            for data, context in calls:
                await function(data, context)
            return "OK" if calls else ""

        return _declared(call_async)

    def call(request: Request) -> Any:
        try:
            calls = _arguments(request)
        except RequestRefused as error:
            return Reply.of_problem(error.problem, request.context.call_id)
        for data, context in calls:
            function(data, context)
        return "OK" if calls else ""

    return _declared(call)


def _declared(call: Callable[..., Any]) -> Callable[..., Any]:
    methods = frozenset({"GET", "HEAD", "POST"})
    setattr(call, DECLARATION, Declaration(kind=Kind.HTTP, methods=methods))
    return call


def _arguments(request: Request) -> list[tuple[Any, Context]]:
    """What the function is called with, once for each event; empty for a GET, which is a probe."""
    if request.method != "POST":
        return []
    if _is_event(request):
        is_knative = request.context.identity.platform is Platform.KNATIVE
        _, found = events.read(request, frozenset(), "knative" if is_knative else "strict")
        return [google_events.background_of(_mapping(each)) for each in found]
    typed.check_content_type(request.content_type)
    document = typed.loads(request.body)
    if not isinstance(document, dict):
        raise PayloadError("the body must be an event with its context, a JSON object")
    if google_events.is_push(document):
        return [google_events.background_of_push(document, request.path)]
    return [_of_document(document)]


def _is_event(request: Request) -> bool:
    has_ce_headers = bool(request.event_attributes)
    mode = mode_of(request.content_type, has_ce_headers=has_ce_headers)
    return mode in {Mode.BINARY, Mode.STRUCTURED, Mode.BATCH}


def _mapping(found: Any) -> Any:
    from cloudevents.v1.http import CloudEvent

    return mapping_event(found, CloudEvent)


def _of_document(document: dict[str, Any]) -> tuple[Any, Context]:
    given = document.get("context") or document
    if not isinstance(given, dict) or not any(name in given for name in _MEMBERS):
        raise PayloadError(
            "the body must be an event: data, and a context with eventId, timestamp, eventType "
            "and resource"
        )
    members = {name: given[name] for name in _MEMBERS if name in given}
    return document.get("data", ""), Context(**members)
