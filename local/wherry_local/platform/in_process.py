"""The admin API without a socket: the console's way to it, through the very routes of the door.

A page has been let in by the door already, so that nothing is asked for a password here.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from wherry.errors import RequestRefused
from wherry.reply import Reply
from wherry_local.console.api import ApiRefused, Invocation, Invoked
from wherry_local.deployment import FunctionKey
from wherry_local.fleet.replica import Functions, NoReplica
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.front.routing import Routing
from wherry_local.proxy.call import CallFailed, Fault, Outbound, call

_PEER = "console"
_INVOKE_S = 310.0
_LIMIT_BYTES = 10 * 1024 * 1024
_LIMIT_SHOWN = 300


class InProcessApi:
    """A `wherry_local.console.api.Api`.

    Args:
        routes: The admin API.
        functions: Every function that is served.
    """

    def __init__(self, routes: Iterable[Route], functions: Functions) -> None:
        self._routing: Routing[None] = Routing(routes, {})
        self._functions = functions

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """See `Api.get`."""
        return await self._ask("GET", path, urlencode(query or {}), b"")

    async def send(self, method: str, path: str, document: object = None) -> Any:
        """See `Api.send`."""
        body = b"" if document is None else orjson.dumps(document)
        return await self._ask(method, path, "", body)

    async def invoke(self, invocation: Invocation) -> Invoked:
        """See `Api.invoke`."""
        key = FunctionKey(invocation.function, invocation.namespace)
        replicas = self._functions.find(key)
        if replicas is None:
            raise ApiRefused(404, f"there is no function {key}")
        query = f"?{invocation.query}" if invocation.query else ""
        headers = [(name.encode("ascii"), value.encode()) for name, value in invocation.headers]
        outbound = Outbound(
            method=invocation.method,
            target=f"{invocation.path}{query}",
            headers=[*headers, (b"X-Call-Id", invocation.call_id.encode("ascii"))],
            body=invocation.body,
        )
        began = time.monotonic()
        try:
            inbound = await call(replicas, outbound, timeout_s=_INVOKE_S, limit_bytes=_LIMIT_BYTES)
        except NoReplica as refused:
            raise ApiRefused(refused.status, refused.reason) from None
        except CallFailed as failed:
            status = 504 if failed.kind is Fault.TIMEOUT else 502
            raise ApiRefused(status, failed.reason) from None
        return Invoked(
            status=inbound.status,
            headers=[(n.decode("latin-1"), v.decode("latin-1")) for n, v in inbound.headers],
            body=inbound.body,
            took_s=time.monotonic() - began,
        )

    async def _ask(self, method: str, path: str, query: str, body: bytes) -> Any:
        place = self._routing.find(path)
        route = place.routes.get(method)
        if route is None:
            raise ApiRefused(404, "the platform has no such address")
        headers = [(b"content-type", b"application/json")] if body else []
        asked = Asked(
            method=method,
            path=path,
            query=query,
            headers=headers,
            body=body,
            peer=_PEER,
            named=place.named,
        )
        try:
            reply = await route.answer(asked)
        except RequestRefused as refused:
            raise ApiRefused(refused.problem.status, refused.problem.detail) from None
        content = await _whole(reply)
        if reply.status >= 400:
            raise ApiRefused(reply.status, _detail(content))
        return _value(reply, content)


async def _whole(reply: Reply) -> bytes:
    body = reply.body
    if isinstance(body, bytes):
        return body
    if isinstance(body, AsyncIterator):
        return b"".join([chunk async for chunk in body])
    return b"".join(body)


def _value(reply: Reply, content: bytes) -> Any:
    kind = next((value for name, value in reply.headers if name.lower() == b"content-type"), b"")
    if b"ndjson" in kind:
        return [orjson.loads(line) for line in content.splitlines() if line]
    return orjson.loads(content) if content and b"json" in kind else None


def _detail(content: bytes) -> str:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        return content.decode("utf-8", "replace")[:_LIMIT_SHOWN]
    detail = document.get("detail") if isinstance(document, dict) else None
    return str(detail or "it was refused")[:_LIMIT_SHOWN]
