"""Requests and responses as Starlette has them, for functions of `functions_framework.aio`.

The only module of this folder that imports starlette, but for the application that is made of it.
This module must not know how functions are found.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from wherry.adapters.asgi.call import GRACE_S, Application, HttpCall, Message, Tasks
from wherry.adapters.asgi.scope import http_scope
from wherry.chunks import AsyncChunks
from wherry.reply import Reply
from wherry.request import Request
from wherry.response_headers import headers_of, sendable

_tasks = Tasks()


def request_of(request: Request) -> StarletteRequest:
    """The Starlette request of `request`, its body read."""
    return StarletteRequest(http_scope(request, {}), _receive(request.body))


async def answer_of(result: Any, request: Request) -> Any:
    """What a function returned, as a Reply, or as it is where only our own rules know it."""
    if isinstance(result, tuple) and len(result) == 2 and not isinstance(result[1], (dict, list)):
        content, status = result
        kind = JSONResponse if isinstance(content, dict) else Response
        result = kind(content, status_code=status)
    elif isinstance(result, str):
        result = Response(result)
    elif isinstance(result, dict):
        result = JSONResponse(result)
    if not isinstance(result, Response):
        return result
    return await _reply(result, request)


def refusal_of(error: HTTPException) -> Reply:
    """The answer that Starlette gives for its exception, raised on purpose."""
    headers = None if error.headers is None else dict(error.headers)
    if error.status_code in {204, 304}:
        return _whole(Response(status_code=error.status_code, headers=headers))
    return _whole(PlainTextResponse(error.detail, status_code=error.status_code, headers=headers))


async def finish() -> None:
    """Wait for background tasks that outlived their answers, as long as they are given."""
    await _tasks.wait(GRACE_S)


async def _reply(response: Response, request: Request) -> Reply:
    called = type(response).__call__
    if response.background is None and called is Response.__call__:
        return _whole(response)
    if response.background is None and called is StreamingResponse.__call__:
        made = _whole(response)
        made.body = AsyncChunks(
            cast("StreamingResponse", response).body_iterator.__aiter__(), request
        )
        return made
    # A file, a background task, or a class of the user's own: it sends itself.
    call = HttpCall(http_scope(request, {}), _nothing(), _tasks)
    return await call.answer(cast("Application", response))


def _whole(response: Response) -> Reply:
    headers = sendable(headers_of(response.raw_headers))
    return Reply(response.status_code, headers, bytes(getattr(response, "body", b"")))


def _receive(body: bytes) -> Callable[[], Awaitable[Message]]:
    given = iter([body])

    async def receive() -> Message:
        for each in given:
            return {"type": "http.request", "body": each, "more_body": False}
        await asyncio.Event().wait()  # the connection is the server's: it cancels the call
        return {"type": "http.disconnect"}

    return receive


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield
