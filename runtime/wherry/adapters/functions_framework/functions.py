"""Functions of functions_framework as functions of ours: HTTP, CloudEvent and typed.

What each takes and answers is the framework's; what a bad request is answered with is ours. This
module must not know how functions are found.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wherry.adapters.functions_framework.declarations import Declaration
from wherry.declarations import DECLARATION, Kind
from wherry.declarations import Declaration as OurDeclaration
from wherry.errors import HandlerSignatureError
from wherry.parameters import resolve
from wherry.problem import Problem
from wherry.reply import Reply

if TYPE_CHECKING:
    import flask
    from cloudevents.v1.http import CloudEvent as MappingEvent

    from wherry.cloudevents import CloudEvent

_NEVER_THE_FUNCTION = frozenset({"/robots.txt", "/favicon.ico"})
_OK = "OK"
_POST = frozenset({"POST"})


def http(function: Callable[..., Any]) -> Callable[..., Any]:
    """An HTTP function: takes the request, and answers what Flask would take."""
    if inspect.iscoroutinefunction(function):

        async def call_async(request: flask.Request) -> Any:
            if is_never_the_function(request.path):
                return not_found()
            return await function(request)

        return call_async

    def call(request: flask.Request) -> Any:
        if is_never_the_function(request.path):
            return not_found()
        return function(request)

    return call


def cloud_event(function: Callable[..., Any]) -> Callable[..., Any]:
    """A CloudEvent function: takes each event in turn, and what it returns is not looked at."""
    from cloudevents.v1.http import CloudEvent as MappingEvent

    if inspect.iscoroutinefunction(function):

        async def call_async(events: list[CloudEvent]) -> str:
            for event in events:
                await function(mapping_event(event, MappingEvent))
            return _OK

        return posted(call_async, Kind.EVENT)

    def call(events: list[CloudEvent]) -> str:
        for event in events:
            function(mapping_event(event, MappingEvent))
        return _OK

    return posted(call, Kind.EVENT)


def typed(function: Callable[..., Any], input_type: Any) -> Callable[..., Any]:
    """A typed function: its input is made by `from_dict`, what it returns read by `to_dict`."""
    if inspect.iscoroutinefunction(function):

        async def call_async(value: dict[str, Any]) -> Any:
            return _typed_answer(await function(input_type.from_dict(value)))

        return posted(call_async, Kind.HTTP)

    def call(value: dict[str, Any]) -> Any:
        return _typed_answer(function(input_type.from_dict(value)))

    return posted(call, Kind.HTTP)


def input_type_of(function: Callable[..., Any], declaration: Declaration, shown: str) -> Any:
    """The type that a typed function takes.

    Raises:
        HandlerSignatureError: There is none, two disagree, or it has no `from_dict`.
    """
    names = list(inspect.signature(function).parameters)
    if not names:
        raise HandlerSignatureError(f"{shown} takes nothing, expected the typed input")
    annotation = resolve(function).get(names[0])
    given = declaration.input_type
    if given is not None and annotation is not None and given is not annotation:
        raise HandlerSignatureError(
            f"{shown} is declared for {_named(given)}, and its parameter {names[0]!r} is "
            f"annotated {_named(annotation)}"
        )
    kind = given or annotation
    if not callable(getattr(kind, "from_dict", None)):
        raise HandlerSignatureError(
            f"{shown} takes {_named(kind)}, expected a class with a static method `from_dict`",
            hint="annotate the parameter with it, or declare the function by @typed(TheClass)",
        )
    return kind


def mapping_event(event: CloudEvent, kind: type[MappingEvent]) -> MappingEvent:
    """`event` as version 1 of the SDK has it: data that came as bytes is JSON, else bytes."""
    data = event.data
    raw = None if event.payload is None else event.payload.raw
    if raw is not None and isinstance(data, (str, bytes)):
        data = _json_or_bytes(raw)
    return kind(event.wire_attributes(), data)  # type: ignore[arg-type]


def posted(call: Callable[..., Any], kind: Kind) -> Callable[..., Any]:
    """`call`, declared to answer POST alone."""
    setattr(call, DECLARATION, OurDeclaration(kind=kind, methods=_POST))
    return call


def _json_or_bytes(raw: bytes) -> Any:
    from wherry.cloudevents import jsontext
    from wherry.errors import EventError

    try:
        return jsontext.loads_data(raw) if raw else None
    except EventError:
        return raw


def _typed_answer(result: Any) -> Any:
    if result is None:
        return "", 200
    if type(result).__module__ == "builtins":
        return result
    # With the blanks of the standard library: tests of such functions compare the text.
    return json.dumps(result.to_dict()), 200, {"content-type": "application/json"}


def is_never_the_function(path: str) -> bool:
    """Whether the framework answers `path` itself: what browsers and crawlers ask for."""
    return path in _NEVER_THE_FUNCTION


def not_found() -> Reply:
    """The answer at such a path."""
    return Reply.of_problem(Problem(status=404, detail="not a path of the function"))


def _named(kind: Any) -> str:
    return "nothing" if kind is None else getattr(kind, "__qualname__", None) or repr(kind)
