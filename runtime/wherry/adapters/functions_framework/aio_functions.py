"""HTTP functions of `functions_framework.aio` as functions of ours.

They take a `starlette.requests.Request`, so starlette is imported here, and only for them; its
absence is told when the function is loaded. This module must not know how functions are found.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from wherry.adapters.functions_framework.functions import is_never_the_function, not_found
from wherry.errors import HandlerImportError
from wherry.request import Request


def http(function: Callable[..., Any], shown: str) -> Callable[..., Any]:
    """An HTTP function; one that is not async runs in a thread, as with the framework.

    Raises:
        HandlerImportError: starlette is not installed.
    """
    try:
        from starlette.exceptions import HTTPException

        from wherry.adapters.functions_framework import starlette_calls
    except ModuleNotFoundError:
        raise HandlerImportError(
            f"{shown} takes a starlette.requests.Request, and starlette is not installed",
            hint="pip install starlette, and add it to requirements.txt",
        ) from None
    is_async = inspect.iscoroutinefunction(function)

    async def call(request: Request) -> Any:
        if is_never_the_function(request.path):
            return not_found()
        asked = starlette_calls.request_of(request)
        try:
            if is_async:
                result = await function(asked)
            else:
                result = await asyncio.to_thread(function, asked)
        except HTTPException as error:
            return await starlette_calls.refusal_of(error, request)
        return await starlette_calls.answer_of(result, request)

    return call
