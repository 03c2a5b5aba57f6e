"""Which function is func-python's, its hooks, and how its two flavours are called.

`new()` makes an object with `async handle(scope, receive, send)` and, where it likes, `start(cfg)`,
`stop()`, `alive()` and `ready()`; or the module has `handle` itself. In the flavour for CloudEvents
the scope has the event. Which flavour it is the project says in func.yaml, else the source does.
This module must not know sockets or limits.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from cloudevents.core.v1.event import CloudEvent

from wherry.adapters import candidates
from wherry.adapters.adapter import Adapted, Source
from wherry.adapters.asgi.call import Application, HttpCall, Tasks
from wherry.adapters.asgi.scope import http_scope
from wherry.adapters.func_python.event_call import EventCall
from wherry.declarations import declaration_of
from wherry.handler import Hooks
from wherry.request import Request
from wherry.values import replaced

SIGNATURES = ("func-python", "func-python-cloudevent")
_PARAMETERS = ("scope", "receive", "send")
_EVENT_SENDERS = frozenset({"structured", "binary", "http"})
_INVOKE = re.compile(r"^invoke:\s*[\"']?cloudevent[\"']?\s*(?:#.*)?$", re.MULTILINE)
_BACKGROUND_S = 10.0


def find(source: Source, signature: str | None) -> Adapted | None:
    """The function; see `wherry.adapters.Adapter`."""
    is_asked = signature is not None
    made = vars(source.module).get(source.name or "new")
    if _is_maker(source, made, is_asked=is_asked):
        name, instance = source.name or "new", _made(source, made)
        handle = instance.handle
    else:
        name = source.name or "handle"
        instance, handle = None, candidates.named(source, "handle", is_asked=is_asked)
        if not _is_handle(handle):
            if is_asked:
                raise candidates.misfit(
                    source, name, "new(), or async handle(scope, receive, send)"
                )
            return None
    tasks = Tasks()
    takes_events = signature == SIGNATURES[1] or _takes_events(source, handle)
    serve = _serving_events(handle) if takes_events else _serving(handle, tasks)
    hooks = _hooks(instance, tasks) if instance is not None else _finishing(source, tasks)
    return Adapted(function=serve, name=name, hooks=hooks)


def _is_maker(source: Source, made: Any, *, is_asked: bool) -> bool:
    """Whether `made` is `new`: it is called to see, so only where nothing else can be meant."""
    if not candidates.is_function(made) or candidates.parameters(made) != ():
        return False
    if candidates.is_async(made) or declaration_of(made) is not None:
        return False
    if is_asked:
        return True
    handle = vars(source.module).get("handle")
    return (
        source.name in {None, "new"}
        and made.__name__ == "new"
        and (handle is None or _is_handle(handle))
    )


def _made(source: Source, made: Any) -> Any:
    instance = made()
    if not _is_handle(getattr(instance, "handle", None)):
        raise candidates.misfit(
            source, made.__name__, "an object with async handle(scope, receive, send)"
        )
    return instance


def _is_handle(value: Any) -> bool:
    return (
        callable(value)
        and candidates.is_async(value)
        and candidates.parameters(value) == _PARAMETERS
        and declaration_of(value) is None
    )


def _takes_events(source: Source, handle: Any) -> bool:
    project = _project(source)
    if project is not None:
        return _INVOKE.search(project) is not None
    if "event" in candidates.use_of(handle, "scope").keys:
        return True
    return not _EVENT_SENDERS.isdisjoint(candidates.use_of(handle, "send").attributes)


def _project(source: Source) -> str | None:
    """The text of the project's func.yaml, beside the function's file or above; None without."""
    if source.file is None:
        return None
    for folder in Path(source.file).parents[:2]:
        file = folder / "func.yaml"
        if file.is_file():
            return file.read_text("utf-8", "replace")
    return None


def _finishing(source: Source, tasks: Tasks) -> Hooks:
    """The hooks of a function without an instance."""

    async def stopped() -> None:
        await tasks.wait(_BACKGROUND_S)

    return replaced(candidates.declared_hooks(source), stop=stopped)


def _hooks(instance: Any, tasks: Tasks) -> Hooks:
    start, stop = getattr(instance, "start", None), getattr(instance, "stop", None)

    def started() -> Any:
        # The function's own settings are anything that its environment holds.
        return start(dict(os.environ)) if start is not None else None

    async def stopped() -> None:
        await tasks.wait(_BACKGROUND_S)
        result: Any = stop() if stop is not None else None
        if hasattr(result, "__await__"):
            await result

    return Hooks(
        start=started,
        stop=stopped,
        ready=getattr(instance, "ready", None),
        alive=getattr(instance, "alive", None),
    )


def _serving(handle: Application, tasks: Tasks) -> Callable[[Request, AsyncIterator[bytes]], Any]:
    async def serve(request: Request, body: AsyncIterator[bytes]) -> Any:
        return await HttpCall(http_scope(request, None), body, tasks).answer(handle)

    return serve


def _serving_events(handle: Application) -> Callable[[Request, CloudEvent], Any]:
    async def serve(request: Request, event: CloudEvent) -> Any:
        return await EventCall(request, event).answer(handle)

    return serve
