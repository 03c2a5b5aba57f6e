"""How a handler's parameters are filled, decided once when it is loaded.

Every parameter becomes a filler, a small function from request and event to a value; what is left
for a call is to run them. A fault of the request found here is a RequestRefused. This module must
not know how handlers are found, called or answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wherry import parameters
from wherry.callables import EMPTY, Parameter, parameters_of
from wherry.declarations import Declaration, Kind
from wherry.errors import HandlerSignatureError, PayloadError
from wherry.parameters import ACCEPTED, STREAMS, Match, Role
from wherry.values import frozen

if TYPE_CHECKING:
    from wherry.request import Request

Filler = Callable[["Request", Any], Any]
Bind = Callable[["Request", Any], tuple[Any, ...]]
_EVENTS = (Role.EVENT, Role.BATCH)


@frozen
class Plan:
    """How one handler is called.

    Attributes:
        kind: HTTP or EVENT.
        bind: From the request, and the event or list of events, to all arguments in order.
        keywords: Names of the last arguments, those that go by keyword.
        roles: What the parameters take.
        takes_batch: Whether it takes a whole batch in one call.
        wants_stream: Whether it takes the body as it arrives.
    """

    kind: Kind
    bind: Bind
    keywords: tuple[str, ...]
    roles: frozenset[Role]
    takes_batch: bool
    wants_stream: bool


def plan(function: Callable[..., Any], name: str, declaration: Declaration | None) -> Plan:
    """Match every parameter of `function`, which messages call `name`.

    Raises:
        HandlerSignatureError: Nothing fills a parameter, or two cannot be had together.
    """
    matches = _matches(function, name)
    roles = frozenset(match.role for _, match in matches if match is not None)
    kind = _kind(name, declaration, roles)
    _check_together(name, kind, [match.role for _, match in matches if match is not None])
    fillers: list[Filler] = []
    keywords: list[str] = []
    for parameter, match in matches:
        if match is not None:
            fillers.append(_filler(name, parameter, match, kind))
        elif not parameter.is_keyword:
            fillers.append(_constant(parameter.default))
        else:
            continue
        if parameter.is_keyword:
            keywords.append(parameter.name)
    return Plan(
        kind=kind,
        bind=_together(fillers),
        keywords=tuple(keywords),
        roles=roles,
        takes_batch=Role.BATCH in roles,
        wants_stream=not STREAMS.isdisjoint(roles),
    )


def _matches(function: Callable[..., Any], name: str) -> list[tuple[Parameter, Match | None]]:
    try:
        declared = parameters_of(function)
    except (TypeError, ValueError) as error:
        raise HandlerSignatureError(f"handler {name!r}: its parameters cannot be read") from error
    hints = parameters.resolve(function)
    found: list[tuple[Parameter, Match | None]] = []
    for parameter in declared:
        annotation = hints.get(parameter.name, parameter.annotation)
        match = parameters.match(parameter.name, annotation)
        if match is None and parameter.default is EMPTY:
            raise _unfilled(name, parameter.name, annotation)
        found.append((parameter, match))
    return found


def _unfilled(name: str, parameter: str, annotation: Any) -> HandlerSignatureError:
    if annotation is EMPTY:
        said = "has no annotation and no name that says what it takes"
        hint = "name it request, event, context or body, or annotate it with one of these types"
    elif isinstance(annotation, str):
        said = f"is annotated {annotation!r}, which does not resolve in its module"
        hint = "import that type where it is seen at run time, not under TYPE_CHECKING"
    else:
        import inspect  # only who fails needs it

        said = f"is annotated {inspect.formatannotation(annotation)}"
        hint = "give it a default, or annotate it with one of these types"
    return HandlerSignatureError(
        f"handler {name!r}: parameter {parameter!r} {said}; expected {ACCEPTED}", hint=hint
    )


def _kind(name: str, declaration: Declaration | None, roles: frozenset[Role]) -> Kind:
    takes_events = not roles.isdisjoint(_EVENTS)
    if declaration is None:
        return Kind.EVENT if takes_events else Kind.HTTP
    if declaration.kind is Kind.HTTP and takes_events:
        raise HandlerSignatureError(
            f"handler {name!r}: declared by @http, and a parameter takes CloudEvents",
            hint="declare it by @cloud_event, or take a flask.Request",
        )
    return declaration.kind


def _check_together(name: str, kind: Kind, roles: list[Role]) -> None:
    if roles.count(Role.TYPED) > 1:
        raise HandlerSignatureError(f"handler {name!r}: two parameters are read from one body")
    if Role.EVENT in roles and Role.BATCH in roles:
        raise HandlerSignatureError(f"handler {name!r}: takes an event and a whole batch")
    streams = [role for role in roles if role in STREAMS]
    whole = {Role.BODY, Role.TEXT, Role.TYPED}.intersection(roles)
    if streams and kind is Kind.EVENT:
        raise HandlerSignatureError(f"handler {name!r}: events do not come as a stream")
    if len(streams) > 1 or (streams and whole):
        raise HandlerSignatureError(f"handler {name!r}: takes the body twice, once as a stream")
    if Role.BATCH in roles and whole:
        raise HandlerSignatureError(f"handler {name!r}: takes a batch and the body of one event")


def _filler(name: str, parameter: Parameter, match: Match, kind: Kind) -> Filler:
    role = match.role
    if role is Role.TYPED:
        return _typed(name, parameter, match, kind)
    if role in _EVENTS:
        return _event(match)
    if role is Role.FLASK:
        from wherry.flask_request import flask_request

        return flask_request
    if role in STREAMS:
        return _stream(role)
    of_request, of_event = _PLAIN[role]
    return of_event if kind is Kind.EVENT else of_request


def _stream(role: Role) -> Filler:
    from wherry import streams  # few handlers take one

    if role is Role.ASYNC_ITERATOR:
        return streams.async_iterator
    return streams.file if role is Role.FILE else streams.iterator


def _constant(value: Any) -> Filler:
    return lambda _request, _event: value


def _context(request: Request, _event: Any) -> Any:
    return request.context


def _raw(request: Request, _event: Any) -> Request:
    return request


def _body(request: Request, _event: Any) -> bytes:
    return request.body


def _text(request: Request, _event: Any) -> str:
    return _utf8(request.body)


def _data_bytes(_request: Request, event: Any) -> bytes:
    return event.data_bytes or b""


def _data_text(_request: Request, event: Any) -> str:
    return _utf8(event.data_bytes or b"")


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise PayloadError("the body must be text in UTF-8", status=400) from None


_PLAIN: dict[Role, tuple[Filler, Filler]] = {
    Role.BODY: (_body, _data_bytes),
    Role.TEXT: (_text, _data_text),
    Role.CONTEXT: (_context, _context),
    Role.RAW: (_raw, _raw),
}


def _event(match: Match) -> Filler:
    from wherry.cloudevents import CloudEvent

    asked = match.sdk_event
    if asked is None or asked in CloudEvent.__mro__:
        return lambda _request, event: event

    # Version 1 of the SDK has `create` for what its classes take each in their own way.
    create = getattr(asked, "create", None)

    def of_sdk(event: CloudEvent) -> Any:
        if create is not None:
            return create(event.wire_attributes(), event.data)
        return asked(event.get_attributes(), event.data)

    if match.role is Role.BATCH:
        return lambda _request, events: [of_sdk(event) for event in events]
    return lambda _request, event: of_sdk(event)


def _typed(name: str, parameter: Parameter, match: Match, kind: Kind) -> Filler:
    from wherry import typed  # only who takes a typed parameter needs it
    from wherry.conversion import UnsupportedType

    try:
        decoder = typed.decoder_of(match.annotation)
    except UnsupportedType as error:
        raise HandlerSignatureError(
            f"handler {name!r}: parameter {parameter.name!r} holds {error}, which JSON does not"
        ) from error
    default = parameter.default
    is_optional = default is not EMPTY

    def of_event(_request: Request, event: Any) -> Any:
        if is_optional and event.data_bytes is None:
            return default
        return decoder.from_value(event.data)

    def of_body(request: Request, _event: Any) -> Any:
        body = request.body
        if not body:
            if is_optional:
                return default
            raise PayloadError("a JSON body is required", status=400)
        typed.check_content_type(request.content_type)
        return decoder.from_json(body)

    return of_event if kind is Kind.EVENT else of_body


def _together(fillers: list[Filler]) -> Bind:
    if not fillers:
        return lambda _request, _event: ()
    if len(fillers) == 1:
        only = fillers[0]
        return lambda request, event: (only(request, event),)
    if len(fillers) == 2:
        first, second = fillers
        return lambda request, event: (first(request, event), second(request, event))
    each = tuple(fillers)
    return lambda request, event: tuple([fill(request, event) for fill in each])
