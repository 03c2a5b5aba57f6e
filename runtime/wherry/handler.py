"""A handler: the user's function with everything about it decided.

Its style, what it takes, which hooks belong to it; found out once, so that a call need not ask.
This module must not know files, requests or replies.
"""

from __future__ import annotations

import enum
import functools
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from wherry import binding
from wherry.callables import (
    EMPTY,
    is_async_generator_function,
    is_coroutine_function,
    is_generator_function,
    is_plain,
    is_routine,
    parameters_of,
    unwrapped,
)
from wherry.declarations import UNBOUNDED, Bounds, Hook, Kind, declaration_of, hook_of
from wherry.errors import HandlerSignatureError
from wherry.parameters import Role
from wherry.values import frozen

__all__ = ["Handler", "Hooks", "Kind", "Style", "of"]


class Style(enum.Enum):
    """How a function is called, and how it answers."""

    SYNC = "sync"
    ASYNC = "async"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"


_ASYNC = frozenset({Style.ASYNC, Style.ASYNC_GENERATOR})


@frozen
class Hooks:
    """What the function wants to be asked in its life; each sync or async, without arguments."""

    start: Callable[[], Any] | None = None
    stop: Callable[[], Any] | None = None
    ready: Callable[[], Any] | None = None
    alive: Callable[[], Any] | None = None


@frozen
class Handler:
    """A function that can be served.

    Attributes:
        function: The function as the user wrote it.
        name: Qualified name for messages, `handler.handle`.
        kind: HTTP or EVENT.
        style: How it is called, and how it answers.
        is_async: Whether it runs on the event loop.
        wants_stream: Whether it takes the body as it arrives.
        event_types: Event types it accepts; empty for all.
        methods: HTTP methods it accepts, upper case; None for all.
        needs_flask: Whether flask must be imported before it is called.
        needs_flask_context: Whether its module uses flask's `request`, `g`, `current_app` or
            functions that do.
        hooks: Its hooks.
        plan: How its parameters are filled.
        target: What is called, with the positional arguments that `plan.bind` made.
        event_headers: How attributes of events stand in headers: `strict` is percent-encoded as
            the specification has it, `knative` literal as Knative has it.
        path: Where it answers when it is served together with others; None for `/NAME`.
        bounds: Its own limits.
        on_mount: Told the path when it is served together with others; None for who need not know.
    """

    function: Callable[..., Any]
    name: str
    kind: Kind
    style: Style
    is_async: bool
    wants_stream: bool
    event_types: frozenset[str]
    methods: frozenset[str] | None
    needs_flask: bool
    needs_flask_context: bool
    hooks: Hooks
    plan: binding.Plan
    target: Callable[..., Any]
    event_headers: str = "strict"
    path: str | None = None
    bounds: Bounds = UNBOUNDED
    on_mount: Callable[[str], None] | None = None


def of(
    function: Callable[..., Any] | Handler,
    *,
    name: str | None = None,
    module: ModuleType | None = None,
    hooks: Hooks | None = None,
) -> Handler:
    """Make the handler of `function`.

    Args:
        function: A function, method or object with `__call__`, sync, async or a generator; a
            handler is returned as it is.
        name: Name for messages; the qualified name when None.
        module: Where its hooks are; the module that defines it when None.
        hooks: Its hooks, where they are known; those of `module` when None.

    Raises:
        HandlerSignatureError: It is no function, or nothing fills one of its parameters.
    """
    if isinstance(function, Handler):
        return function
    shown = name or _qualified(function)
    if not callable(function) or isinstance(function, type):
        raise HandlerSignatureError(
            f"handler {shown!r}: got {_what(function)}, expected a function"
        )
    declaration = declaration_of(function)
    found = binding.plan(function, shown, declaration)
    style = style_of(function)
    _check_style(shown, style, found)
    module = module or sys.modules.get(getattr(function, "__module__", None) or "")
    uses_flask = _uses_flask(getattr(unwrapped(function), "__globals__", {}), module)
    if hooks is None:
        hooks = Hooks() if module is None else hooks_of(module, function)
    return Handler(
        function=function,
        name=shown,
        kind=found.kind,
        style=style,
        is_async=style in _ASYNC,
        wants_stream=found.wants_stream,
        event_types=declaration.event_types if declaration else frozenset(),
        methods=declaration.methods if declaration else None,
        needs_flask=uses_flask or Role.FLASK in found.roles,
        needs_flask_context=uses_flask,
        hooks=hooks,
        plan=found,
        target=_positional(function, found.keywords),
        path=declaration.path if declaration else None,
        bounds=declaration.bounds if declaration else UNBOUNDED,
    )


def style_of(function: Callable[..., Any]) -> Style:
    """How `function` is called, and how it answers."""
    target: Any = function
    while isinstance(target, functools.partial):
        target = target.func
    if not is_routine(target):
        target = type(target).__call__
    if is_async_generator_function(target):
        return Style.ASYNC_GENERATOR
    if is_coroutine_function(target):
        return Style.ASYNC
    return Style.GENERATOR if is_generator_function(target) else Style.SYNC


def hooks_of(module: ModuleType, handler: Callable[..., Any] | None = None) -> Hooks:
    """The hooks in `module`: by decorator first, then functions it defines by their names.

    Raises:
        HandlerSignatureError: A hook takes arguments, or two are declared for one moment.
    """
    found: dict[str, Callable[[], Any]] = {}
    for value in _unique(vars(module).values()):
        hook = hook_of(value)
        if hook is None or not callable(value):
            continue
        if hook.value in found:
            raise HandlerSignatureError(f"two functions are declared @wherry.{hook.value}")
        found[hook.value] = value
    homes = {module.__name__, getattr(handler, "__module__", None)}
    for hook in Hook:
        named: Any = vars(module).get(hook.value)
        is_function = isinstance(named, FunctionType) and declaration_of(named) is None
        is_function = is_function and named is not handler
        if is_function and named.__module__ in homes and hook.value not in found:
            found[hook.value] = named
    for name, value in found.items():
        _check_hook(name, value)
    return Hooks(**found)


def _check_hook(name: str, hook: Callable[..., Any]) -> None:
    if is_plain(hook) and all(each.default is not EMPTY for each in parameters_of(hook)):
        return
    import inspect

    try:
        inspect.signature(hook).bind()
    except TypeError as error:
        raise HandlerSignatureError(f"hook {name!r}: expected no parameters; {error}") from error


def _check_style(name: str, style: Style, found: binding.Plan) -> None:
    is_async = style in _ASYNC
    if is_async and not found.roles.isdisjoint({Role.ITERATOR, Role.FILE}):
        raise HandlerSignatureError(
            f"handler {name!r}: is async, and takes a body that blocks",
            hint="annotate the body AsyncIterator[bytes]",
        )
    if not is_async and Role.ASYNC_ITERATOR in found.roles:
        raise HandlerSignatureError(
            f"handler {name!r}: is not async, and takes AsyncIterator[bytes]",
            hint="annotate the body Iterator[bytes], or make it `async def`",
        )


def _positional(function: Callable[..., Any], keywords: tuple[str, ...]) -> Callable[..., Any]:
    if not keywords:
        return function
    count = len(keywords)

    def call(*arguments: Any) -> Any:
        return function(*arguments[:-count], **dict(zip(keywords, arguments[-count:], strict=True)))

    return call


def _uses_flask(namespace: dict[str, Any], module: ModuleType | None) -> bool:
    if "flask" not in sys.modules:
        return False
    from wherry.flask_request import uses_flask

    # A function that stands for one of another framework is not defined in the user's module.
    of_module = {} if module is None else vars(module)
    return uses_flask(namespace) or (of_module is not namespace and uses_flask(of_module))


def _unique(values: Any) -> list[Any]:
    return list({id(value): value for value in values}.values())


def _qualified(function: Any) -> str:
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    module = getattr(function, "__module__", None)
    return f"{module}.{name}" if module else name


def _what(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
