"""Which function is parliament's, and how it is called and answers.

`main(context)` is also one of ours, with our own `Context`. It is taken when its parameter is
annotated with parliament's, or when its source reads of it what only that one has: `request` or
`cloud_event`. This module must not know sockets or limits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloudevents.v1.conversion import to_binary
from cloudevents.v1.http import CloudEvent, from_http

from wherry import parameters
from wherry.adapters import candidates
from wherry.adapters.adapter import Adapted, Source
from wherry.adapters.parliament.api import Context
from wherry.declarations import declaration_of
from wherry.errors import ResponseError
from wherry.flask_request import flask_request
from wherry.request import Request

SIGNATURES = ("parliament",)
_OF_CONTEXT = frozenset({"request", "cloud_event"})


def find(source: Source, signature: str | None) -> Adapted | None:
    """The function; see `wherry.adapters.Adapter`."""
    function = candidates.named(source, "main", is_asked=signature is not None)
    name = source.name or "main"
    if signature is not None:
        if not callable(function) or not candidates.accepts(function, 1):
            raise candidates.misfit(source, name, "a function of (context)")
    elif not _is_of_parliament(function):
        return None
    hooks = candidates.declared_hooks(source)
    return Adapted(function=_serving(function), name=name, hooks=hooks)


def _is_of_parliament(function: Any) -> bool:
    taken = candidates.parameters(function) if callable(function) else None
    if taken is None or len(taken) != 1 or candidates.is_async(function):
        return False
    annotation = parameters.resolve(function).get(taken[0])
    if annotation is not None:
        return _is_context(annotation)
    if taken != ("context",) or declaration_of(function) is not None:
        return False
    use = candidates.use_of(function, "context")
    return not _OF_CONTEXT.isdisjoint(use.attributes | use.keys)


def _is_context(annotation: Any) -> bool:
    if annotation is Context:
        return True
    # The installed one, where it is.
    module = getattr(annotation, "__module__", "")
    return getattr(annotation, "__name__", "") == "Context" and module.startswith("parliament")


def _serving(function: Callable[[Context], Any]) -> Callable[[Request], Any]:
    def serve(request: Request) -> Any:
        context = Context(flask_request(request))
        if request.method == "POST":
            context.cloud_event = _event(request)
        result = function(context)
        if not isinstance(result, CloudEvent):
            return result
        try:
            headers, body = to_binary(result)
        except Exception as error:
            raise ResponseError("the function returned an event that cannot be sent") from error
        # The SDK names no type for data that it writes as JSON, and a page is no event.
        return body, {"content-type": "application/json", **headers}

    return serve


def _event(request: Request) -> CloudEvent | None:
    """The event of `request`; None where it carries none, whatever is wrong with it."""
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in request.headers}
    try:
        return from_http(headers, request.body)
    except Exception:
        return None
