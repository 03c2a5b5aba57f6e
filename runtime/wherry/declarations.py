"""What a function says about itself: `@http`, `@cloud_event`, and the hooks of its life.

A decorator returns the function unchanged but for one attribute that holds a frozen declaration;
there is no registry, so what a process serves is decided by the loader alone. This module must
not know how functions are found, called or served.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from wherry.errors import HandlerSignatureError

DECLARATION = "__wherry_declaration__"
HOOK = "__wherry_hook__"
_METHOD = re.compile(r"[A-Za-z!#$%&'*+.^_`|~0-9-]{1,32}")

F = TypeVar("F", bound=Callable[..., Any])


class Kind(enum.Enum):
    """What a function is called with: a plain HTTP request, or CloudEvents."""

    HTTP = "http"
    EVENT = "event"


class Hook(enum.Enum):
    """A moment in the life of a process at which the function may be asked."""

    START = "start"
    STOP = "stop"
    READY = "ready"
    ALIVE = "alive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a decorator was told.

    Attributes:
        kind: HTTP or EVENT.
        event_types: Accepted `type`s; empty for every type.
        methods: Accepted methods, upper case; None for every method.
    """

    kind: Kind
    event_types: frozenset[str] = frozenset()
    methods: frozenset[str] | None = None


@overload
def http(function: F, /) -> F: ...
@overload
def http(*, methods: Iterable[str] | None = None) -> Callable[[F], F]: ...
def http(
    function: F | None = None, /, *, methods: Iterable[str] | None = None
) -> F | Callable[[F], F]:
    """Declare a function that answers HTTP requests.

    Args:
        function: The function, when used bare.
        methods: Methods it answers, `["GET", "POST"]`; any other gets a 405 that names these.
            `GET` brings `HEAD` with it. None for every method.

    Raises:
        HandlerSignatureError: A method is no token.
    """
    accepted = None if methods is None else _methods(methods)
    return _declaring(function, Declaration(kind=Kind.HTTP, methods=accepted))


@overload
def cloud_event(function: F, /) -> F: ...
@overload
def cloud_event(*, type: str | Iterable[str] | None = None) -> Callable[[F], F]: ...
def cloud_event(
    function: F | None = None,
    /,
    *,
    type: str | Iterable[str] | None = None,  # noqa: A002 - the attribute's own name
) -> F | Callable[[F], F]:
    """Declare a function that receives CloudEvents.

    Args:
        function: The function, when used bare.
        type: Event types it accepts, one or several; an event of another type is answered with
            a 422 problem that names these. None for every type.

    Raises:
        HandlerSignatureError: A type is empty or no text.
    """
    types = () if type is None else (type,) if isinstance(type, str) else tuple(type)
    for each in types:
        if not isinstance(each, str) or not each:
            raise HandlerSignatureError(f"@cloud_event type: got {each!r}, expected an event type")
    return _declaring(function, Declaration(kind=Kind.EVENT, event_types=frozenset(types)))


def start(function: F) -> F:
    """Declare the hook that runs once in each process before it is ready; sync or async.

    A process whose `start` raises is never ready, and exits with 3.
    """
    return _mark(function, HOOK, Hook.START)


def stop(function: F) -> F:
    """Declare the hook that runs once after the last call of a process; sync or async."""
    return _mark(function, HOOK, Hook.STOP)


def ready(function: F) -> F:
    """Declare the hook that readiness probes ask; it returns a bool or `(bool, message)`."""
    return _mark(function, HOOK, Hook.READY)


def alive(function: F) -> F:
    """Declare the hook that liveness probes ask; it returns a bool or `(bool, message)`."""
    return _mark(function, HOOK, Hook.ALIVE)


def declaration_of(function: object) -> Declaration | None:
    """What a decorator said of `function`, or None for an undecorated one."""
    found = _attribute(function, DECLARATION)
    return found if isinstance(found, Declaration) else None


def hook_of(function: object) -> Hook | None:
    """Which hook `function` was declared to be, or None."""
    found = _attribute(function, HOOK)
    return found if isinstance(found, Hook) else None


def _attribute(value: object, name: str) -> object:
    try:
        return getattr(value, name, None)
    except Exception:  # such as flask's proxies outside of a request
        return None


def _methods(methods: Iterable[str]) -> frozenset[str]:
    names = [methods] if isinstance(methods, str) else list(methods)
    for name in names:
        if not isinstance(name, str) or _METHOD.fullmatch(name) is None:
            raise HandlerSignatureError(f"@http methods: got {name!r}, expected a method as GET")
    accepted = {name.upper() for name in names}
    return frozenset(accepted | {"HEAD"} if "GET" in accepted else accepted)


def _declaring(function: F | None, declaration: Declaration) -> F | Callable[[F], F]:
    if function is not None:
        return _mark(function, DECLARATION, declaration)
    return lambda late: _mark(late, DECLARATION, declaration)


def _mark(function: F, attribute: str, value: object) -> F:
    if not callable(function):
        raise HandlerSignatureError(
            f"decorator of a handler: got {type(function).__name__}, expected a function",
            hint="options go by keyword: @cloud_event(type=...), @http(methods=[...])",
        )
    try:
        setattr(function, attribute, value)
    except AttributeError:
        raise HandlerSignatureError(
            f"decorator of a handler: {function!r} takes no attributes, expected a function"
        ) from None
    return function
