"""The admin API of this very process: its routes are answered here, without a socket.

One more caller of the same routes as the command's and faas-cli's, behind the guard already: who
asks the console has shown the password.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from wherry.errors import RequestRefused
from wherry.problem import phrase
from wherry.reply import Reply
from wherry_local.console.api import ApiRefused, Invocation, Invoked
from wherry_local.deployment import FunctionKey
from wherry_local.fleet.replica import Functions, NoReplica
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.front.routing import Routing
from wherry_local.proxy.call import call
from wherry_local.proxy.message import CallFailed, Fault, Outbound

_START_S = 30.0
_ANSWER_BYTES = 16 * 1024 * 1024
_REPLY_BYTES = 64 * 1024 * 1024
_HEADERS = ((b"content-type", b"application/json"), (b"host", b"localhost"))
_STATUSES = {
    Fault.UNREACHABLE: 502,
    Fault.TIMEOUT: 504,
    Fault.TOO_LARGE: 502,
    Fault.REFUSED: 403,
}


class InProcessApi:
    """A `wherry_local.console.api.Api` of routes and functions.

    Args:
        routes: The routes of the admin API.
        functions: The functions that can be called.
    """

    def __init__(self, routes: Iterable[Route], functions: Functions) -> None:
        self._routing: Routing[None] = Routing(routes, {})
        self._functions = functions

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """As the protocol has it."""
        return await self._ask("GET", path, urlencode(query or {}), b"")

    async def send(self, method: str, path: str, document: object = None) -> Any:
        """As the protocol has it."""
        body = b"" if document is None else orjson.dumps(document)
        return await self._ask(method, path, "", body)

    async def _ask(self, method: str, path: str, query: str, body: bytes) -> Any:
        place = self._routing.find(path)
        if place.problem is not None:
            raise ApiRefused(place.problem.status, place.problem.detail or f"no {path} here")
        route = place.routes.get(method)
        if route is None:
            raise ApiRefused(405, f"{path} does not take {method}")
        asked = Asked(
            method=method, path=path, query=query, headers=_HEADERS, body=body, named=place.named
        )
        try:
            reply = await route.answer(asked)
        except RequestRefused as refused:
            problem = refused.problem
            raise ApiRefused(problem.status, problem.detail or phrase(problem.status)) from None
        return _read(reply, await _whole(reply))

    async def invoke(self, invocation: Invocation) -> Invoked:
        """As the protocol has it."""
        replicas = self._functions.find(FunctionKey(invocation.function, invocation.namespace))
        if replicas is None:
            raise ApiRefused(404, f"there is no function {invocation.function}")
        query = f"?{invocation.query}" if invocation.query else ""
        fields = [*invocation.headers, ("X-Call-Id", invocation.call_id)]
        outbound = Outbound(
            method=invocation.method,
            target=invocation.path + query,
            headers=[(name.encode("ascii"), value.encode()) for name, value in fields],
            body=invocation.body,
        )
        began = time.monotonic()
        try:
            inbound = await call(
                replicas,
                outbound,
                timeout_s=replicas.deployment.timeout_s + _START_S,
                limit_bytes=_ANSWER_BYTES,
            )
        except CallFailed as failed:
            raise ApiRefused(_STATUSES[failed.kind], failed.reason) from None
        except NoReplica as none:
            raise ApiRefused(none.status, none.reason) from None
        return Invoked(
            status=inbound.status,
            headers=[(n.decode("latin-1"), v.decode("latin-1")) for n, v in inbound.headers],
            body=inbound.body,
            took_s=time.monotonic() - began,
        )


async def _whole(reply: Reply) -> bytes:
    if isinstance(reply.body, bytes):
        return reply.body
    found = bytearray()
    if isinstance(reply.body, AsyncIterator):
        async for piece in reply.body:
            found += piece
            _require_short(found)
    else:
        for piece in reply.body:
            found += piece
            _require_short(found)
    return bytes(found)


def _require_short(found: bytearray) -> None:
    if len(found) > _REPLY_BYTES:
        raise ApiRefused(500, "the answer is too long for a page; ask for less")


def _read(reply: Reply, body: bytes) -> Any:
    kind = next((value for name, value in reply.headers if name.lower() == b"content-type"), b"")
    if reply.status >= 400:
        raise ApiRefused(reply.status, _detail(kind, body) or phrase(reply.status))
    if kind.startswith(b"application/x-ndjson"):
        return [orjson.loads(line) for line in body.splitlines() if line]
    return orjson.loads(body) if body else None


def _detail(kind: bytes, body: bytes) -> str:
    if kind.startswith(b"application/problem+json"):
        return str(orjson.loads(body).get("detail", ""))
    return body.decode("utf-8", "replace").strip()
