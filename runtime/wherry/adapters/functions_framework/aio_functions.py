"""HTTP functions of `functions_framework.aio` as functions of ours.

They take a `starlette.requests.Request`, so starlette is imported here, and only for them; its
absence is told when the function is loaded. This module must not know how functions are found.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from wherry.adapters.functions_framework.functions import is_never_the_function, not_found
from wherry.errors import HandlerImportError
from wherry.handler import Hooks
from wherry.reply import Reply
from wherry.request import Request
from wherry.values import replaced


def http(function: Callable[..., Any], shown: str) -> Callable[..., Any]:
    """An HTTP function; one that is not async runs in a thread, as with the framework.

    Raises:
        HandlerImportError: starlette is not installed.
    """
    try:
        from wherry.adapters.functions_framework import starlette_calls
    except ModuleNotFoundError:
        raise HandlerImportError(
            f"{shown} takes a starlette.requests.Request, and starlette is not installed",
            hint="pip install starlette, and add it to requirements.txt",
        ) from None
    is_async = inspect.iscoroutinefunction(function)

    @refusing
    async def call(request: Request) -> Any:
        if is_never_the_function(request.path):
            return not_found()
        asked = starlette_calls.request_of(request)
        if is_async:
            result = await function(asked)
        else:
            result = await asyncio.to_thread(function, asked)
        return await starlette_calls.answer_of(result, request)

    return call


def finishing(hooks: Hooks) -> Hooks:
    """`hooks`, but that the end of the process waits for what answers have left running."""

    async def stop() -> None:
        from wherry.adapters.functions_framework import starlette_calls

        await starlette_calls.finish()
        stopped = None if hooks.stop is None else hooks.stop()
        if inspect.isawaitable(stopped):
            await stopped

    return replaced(hooks, stop=stop)


def refusing(call: Callable[..., Any]) -> Callable[..., Any]:
    """`call`, but that Starlette's `HTTPException`, raised on purpose, is the answer it names."""
    if inspect.iscoroutinefunction(call):

        @wraps(call)
        async def guard_async(*arguments: Any) -> Any:
            try:
                return await call(*arguments)
            except Exception as error:
                return _refusal(error)

        return guard_async

    @wraps(call)
    def guard(*arguments: Any) -> Any:
        try:
            return call(*arguments)
        except Exception as error:
            return _refusal(error)

    return guard


def _refusal(error: Exception) -> Reply:
    if "starlette.exceptions" not in sys.modules:  # then nothing has raised one
        raise error
    from starlette.exceptions import HTTPException

    from wherry.adapters.functions_framework import starlette_calls

    if not isinstance(error, HTTPException):
        raise error
    return starlette_calls.refusal_of(error)
