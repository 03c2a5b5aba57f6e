"""What a function says about itself: `@http`, `@cloud_event`, and the hooks of its life.

A decorator returns the function unchanged but for one attribute that holds a frozen declaration;
there is no registry, so what a process serves is decided by the loader alone. This module must
not know how functions are found, called or served.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from wherry.errors import HandlerSignatureError
from wherry.values import frozen

DECLARATION = "__wherry_declaration__"
HOOK = "__wherry_hook__"
# Compiled at first use: few functions say either.
_METHOD = r"[A-Za-z!#$%&'*+.^_`|~0-9-]{1,32}"

# Segments of unreserved and a few other characters: what no proxy in front rewrites on its way.
_PATH = r"/|(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)+"
_PATH_CHARS = 1024

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


@frozen
class Bounds:
    """What a function allows itself; None where the process's setting holds.

    Attributes:
        max_inflight: Calls that run at once in one worker.
        max_queue: Calls that wait for their turn in one worker; more are refused.
        timeout_s: Time until an answer must begin; 0 for none.
    """

    max_inflight: int | None = None
    max_queue: int | None = None
    timeout_s: float | None = None


UNBOUNDED = Bounds()
"""The bounds of a function that says nothing of itself."""


@frozen
class Declaration:
    """What a decorator was told.

    Attributes:
        kind: HTTP or EVENT.
        event_types: Accepted `type`s; empty for every type.
        methods: Accepted methods, upper case; None for every method.
        path: Where it answers when it is served together with others; None for `/NAME`.
        bounds: Its own limits.
    """

    kind: Kind
    event_types: frozenset[str] = frozenset()
    methods: frozenset[str] | None = None
    path: str | None = None
    bounds: Bounds = UNBOUNDED


@overload
def http(function: F, /) -> F: ...
@overload
def http(
    *,
    methods: Iterable[str] | None = None,
    path: str | None = None,
    max_inflight: int | None = None,
    max_queue: int | None = None,
    timeout_s: float | None = None,
) -> Callable[[F], F]: ...
def http(
    function: F | None = None,
    /,
    *,
    methods: Iterable[str] | None = None,
    path: str | None = None,
    max_inflight: int | None = None,
    max_queue: int | None = None,
    timeout_s: float | None = None,
) -> F | Callable[[F], F]:
    """Declare a function that answers HTTP requests.

    Args:
        function: The function, when used bare.
        methods: Methods it answers, `["GET", "POST"]`; any other gets a 405 that names these.
            `GET` brings `HEAD` with it. None for every method.
        path: Where it answers when it is served together with others, that path and all below
            it; `/NAME` when None. Alone it answers every path.
        max_inflight: Calls that run at once in one worker; `WHERRY_MAX_INFLIGHT` when None.
        max_queue: Calls that wait for their turn in one worker; `WHERRY_MAX_QUEUE` when None.
        timeout_s: Time until an answer must begin, 0 for none; `WHERRY_TIMEOUT` when None.

    Raises:
        HandlerSignatureError: A method is no token, the path is no path, or a limit no number.
    """
    accepted = None if methods is None else _methods(methods)
    bounds = _bounds("@http", max_inflight, max_queue, timeout_s)
    declared = Declaration(
        kind=Kind.HTTP, methods=accepted, path=_path("@http", path), bounds=bounds
    )
    return _declaring(function, declared)


@overload
def cloud_event(function: F, /) -> F: ...
@overload
def cloud_event(
    *,
    type: str | Iterable[str] | None = None,
    path: str | None = None,
    max_inflight: int | None = None,
    max_queue: int | None = None,
    timeout_s: float | None = None,
) -> Callable[[F], F]: ...
def cloud_event(
    function: F | None = None,
    /,
    *,
    type: str | Iterable[str] | None = None,  # noqa: A002 - the attribute's own name
    path: str | None = None,
    max_inflight: int | None = None,
    max_queue: int | None = None,
    timeout_s: float | None = None,
) -> F | Callable[[F], F]:
    """Declare a function that receives CloudEvents.

    Args:
        function: The function, when used bare.
        type: Event types it accepts, one or several; an event of another type is answered with
            a 422 problem that names these. None for every type.
        path: As for `http`. Served together with others, it also gets the events of its types
            that are posted to a path which is no function's.
        max_inflight: As for `http`.
        max_queue: As for `http`.
        timeout_s: As for `http`.

    Raises:
        HandlerSignatureError: A type is empty or no text, the path is no path, or a limit no
            number.
    """
    types = () if type is None else (type,) if isinstance(type, str) else tuple(type)
    for each in types:
        if not isinstance(each, str) or not each:
            raise HandlerSignatureError(f"@cloud_event type: got {each!r}, expected an event type")
    declared = Declaration(
        kind=Kind.EVENT,
        event_types=frozenset(types),
        path=_path("@cloud_event", path),
        bounds=_bounds("@cloud_event", max_inflight, max_queue, timeout_s),
    )
    return _declaring(function, declared)


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
        if not isinstance(name, str) or re.fullmatch(_METHOD, name) is None:
            raise HandlerSignatureError(f"@http methods: got {name!r}, expected a method as GET")
    accepted = {name.upper() for name in names}
    return frozenset(accepted | {"HEAD"} if "GET" in accepted else accepted)


def _path(where: str, path: str | None) -> str | None:
    if path is None:
        return None
    if not isinstance(path, str) or len(path) > _PATH_CHARS or re.fullmatch(_PATH, path) is None:
        raise HandlerSignatureError(
            f"{where} path: got {path!r}, expected a path as /orders, without percent-encoding, "
            "query or / at its end"
        )
    return path


def _bounds(
    where: str, max_inflight: int | None, max_queue: int | None, timeout_s: float | None
) -> Bounds:
    for name, value, least in (("max_inflight", max_inflight, 1), ("max_queue", max_queue, 0)):
        if value is not None and (type(value) is not int or value < least):
            raise HandlerSignatureError(
                f"{where} {name}: got {value!r}, expected a whole number from {least}"
            )
    is_time = isinstance(timeout_s, (int, float)) and 0 <= timeout_s < float("inf")
    if timeout_s is not None and (not is_time or isinstance(timeout_s, bool)):
        raise HandlerSignatureError(
            f"{where} timeout_s: got {timeout_s!r}, expected seconds, or 0 for no limit"
        )
    return Bounds(max_inflight=max_inflight, max_queue=max_queue, timeout_s=timeout_s)


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
