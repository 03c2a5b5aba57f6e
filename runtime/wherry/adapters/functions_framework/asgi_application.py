"""`functions_framework.aio.create_asgi_app`: a function as a Starlette application.

What Wherry's server adds is not here: limits on time and on calls in flight, metrics, draining.
This module must not know how functions are found or called.
"""

from __future__ import annotations

import asyncio
import logging
import os
from random import getrandbits
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from wherry import invocation
from wherry.adapters.functions_framework.application import loaded
from wherry.adapters.functions_framework.declarations import AIO, Signature
from wherry.config import Config
from wherry.context import Context
from wherry.deadline import Deadline
from wherry.errors import InvocationFailed, RequestRefused, ResponseError
from wherry.handler import Handler
from wherry.problem import Problem
from wherry.reply import Reply
from wherry.request import Request

_log = logging.getLogger("wherry.functions_framework")


def create_asgi_app(
    target: str | None, source: str | os.PathLike[str] | None, signature_type: str | None
) -> Starlette:
    """The application; raises as `functions_framework.create_app`."""
    settings = Config.from_environment()
    signature = signature_type or settings.signature or Signature.HTTP.value
    if signature == Signature.HTTP.value:
        signature = AIO
    handler = loaded(settings, target, source, signature)
    return application_of(handler, settings)


def application_of(handler: Handler, settings: Config) -> Starlette:
    """The application that serves `handler` on every path, by every method."""
    endpoint = _Endpoint(handler, settings)
    return Starlette(routes=[Route("/{path:path}", endpoint)])


class _Endpoint:
    """An ASGI application of one function."""

    def __init__(self, handler: Handler, settings: Config) -> None:
        self._handler = handler
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = StarletteRequest(scope, receive)
        context = Context(
            call_id=f"{getrandbits(128):032x}",
            deadline=Deadline.after(self._settings.timeout_s),
            identity=self._settings.identity,
        )
        try:
            reply = await self._reply(_request(asked, await asked.body(), context))
        except RequestRefused as error:
            reply = Reply.of_problem(error.problem, context.call_id)
        except (InvocationFailed, ResponseError) as error:
            _log.error("%s", error, exc_info=error.__cause__ or error)
            reply = Reply.of_problem(Problem(status=500), context.call_id)
        await _response(reply)(scope, receive, send)

    async def _reply(self, request: Request) -> Reply:
        if self._handler.is_async:
            return await invocation.call_async(self._handler, request)
        return await asyncio.to_thread(invocation.call, self._handler, request)


def _request(asked: StarletteRequest, body: bytes, context: Context) -> Request:
    scope = asked.scope
    headers = list(scope["headers"])
    fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    attributes = {name[3:]: value for name, value in fields.items() if name.startswith("ce-")}
    names = [name for name, _ in headers if name.startswith(b"ce-")]
    repeated = next((name for name in names if names.count(name) > 1), None)
    return Request(
        method=asked.method,
        path=scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        context=context,
        content_type=fields.get("content-type"),
        event_attributes=attributes or None,
        repeated_attribute=None if repeated is None else repeated[3:].decode("latin-1"),
        peer=scope["client"][0] if scope.get("client") else "",
        http_version=scope["http_version"],
    )


def _response(reply: Reply) -> Response:
    body: Any = reply.body
    if isinstance(body, bytes):
        made = Response(body, status_code=reply.status)
    else:
        made = StreamingResponse(body, status_code=reply.status)
    length = [pair for pair in made.raw_headers if pair[0] == b"content-length"]
    made.raw_headers = [*reply.headers, *length]
    return made
