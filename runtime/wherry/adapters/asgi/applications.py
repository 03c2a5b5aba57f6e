"""Which object of a module is an ASGI application, and how requests and websockets reach it.

An application is named `app`, `application` or `asgi` and called with (scope, receive, send). A
module that also has a handler of ours is ours. This module must not know sockets or limits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from wherry.adapters import candidates
from wherry.adapters.adapter import Adapted, Source
from wherry.adapters.asgi.call import Application, HttpCall, Tasks
from wherry.adapters.asgi.lifespan import Lifespan
from wherry.adapters.asgi.scope import http_scope
from wherry.reply import Reply
from wherry.request import Request
from wherry.values import replaced

SIGNATURES = ("asgi",)
NAMES = ("app", "application", "asgi")
_PARAMETERS = ("scope", "receive", "send")
_BACKGROUND_S = 10.0


def find(source: Source, signature: str | None) -> Adapted | None:
    """The application; see `wherry.adapters.Adapter`."""
    found = candidates.application(source, NAMES, is_application, is_asked=signature is not None)
    if found is None:
        return None
    name, application = found
    life, tasks, root = Lifespan(application), Tasks(), candidates.Root()

    async def stop() -> None:
        await tasks.wait(_BACKGROUND_S)
        await life.stop()

    hooks = replaced(candidates.declared_hooks(source), start=life.start, stop=stop)
    serve = _serving(application, life, tasks, root)
    return Adapted(function=serve, name=name, hooks=hooks, on_mount=root.mount)


def is_application(value: Any) -> bool:
    """Whether `value` is called as the specification has it: awaited, with three arguments."""
    if isinstance(value, type) or not callable(value) or not candidates.is_async(value):
        return False
    return candidates.accepts(value, len(_PARAMETERS))


def _serving(
    application: Application, life: Lifespan, tasks: Tasks, root: candidates.Root
) -> Callable[[Request, AsyncIterator[bytes]], Any]:
    async def serve(request: Request, body: AsyncIterator[bytes]) -> Reply:
        scope = http_scope(request, life.state, root.path)
        if _asks_for_websocket(request):
            from wherry.adapters.asgi import websocket  # few requests ask for one

            return await websocket.answer(application, request, scope, tasks)
        return await HttpCall(scope, body, tasks).answer(application)

    return serve


def _asks_for_websocket(request: Request) -> bool:
    return any(
        name.lower() == b"upgrade" and value.lower() == b"websocket"
        for name, value in request.headers
    )
