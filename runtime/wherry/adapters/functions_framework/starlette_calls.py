"""Requests and responses as Starlette has them, for functions of `functions_framework.aio`.

The only module of this folder that imports starlette, but for the application that is made of it.
This module must not know how functions are found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from wherry.chunks import AsyncChunks
from wherry.reply import Reply
from wherry.request import Request
from wherry.response_headers import headers_of, sendable

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

_tasks: set[asyncio.Task[None]] = set()


def request_of(request: Request) -> StarletteRequest:
    """The Starlette request of `request`, its body read."""
    return StarletteRequest(_scope(request), _receive(request.body))


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


async def _reply(response: Response, request: Request) -> Reply:
    chunks = getattr(response, "body_iterator", None)
    if chunks is None and type(response).__call__ is not Response.__call__:
        return await _replayed(response, request)  # a file, or a class of the user's own
    if response.background is not None:
        task = asyncio.get_running_loop().create_task(response.background())
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
    made = _whole(response)
    if chunks is not None:
        made.body = AsyncChunks(chunks, request)
    return made


def _whole(response: Response) -> Reply:
    headers = sendable(headers_of(response.raw_headers))
    return Reply(response.status_code, headers, bytes(getattr(response, "body", b"")))


async def _replayed(response: Response, request: Request) -> Reply:
    made, sent = Reply(response.status_code, []), bytearray()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            made.status = message["status"]
            made.headers = sendable(headers_of(list(message.get("headers", []))))
        elif message["type"] == "http.response.body":
            sent.extend(message.get("body", b""))

    await response(_scope(request), _receive(b""), send)
    made.body = bytes(sent)
    return made


def _scope(request: Request) -> dict[str, Any]:
    path = unquote(request.path) if "%" in request.path else request.path
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": request.http_version,
        "method": request.method,
        "scheme": request.scheme,
        "path": path,
        "raw_path": request.path.encode("latin-1"),
        "query_string": request.query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers],
        "client": (request.client_address, 0),
        "server": ("localhost", 80),
        "state": {},
    }


def _receive(body: bytes) -> Receive:
    given = iter([body])

    async def receive() -> Message:
        for each in given:
            return {"type": "http.request", "body": each, "more_body": False}
        await asyncio.Event().wait()  # the connection is the server's: it cancels the call
        return {"type": "http.disconnect"}

    return receive
