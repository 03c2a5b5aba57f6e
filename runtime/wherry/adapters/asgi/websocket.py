"""A websocket to an ASGI application: the request for it, and what the application answers.

The handshake is read here (RFC 6455 section 4.2); frames are the `wsproto` library's, in
`wherry.adapters.asgi.frames`. An application that refuses answers 403 or what it likes; one that
accepts is handed the connection. This module must not know sockets.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING

from wherry.adapters.asgi.call import Application, Message, Tasks
from wherry.adapters.asgi.scope import Scope, websocket_scope
from wherry.errors import ResponseError
from wherry.problem import Problem
from wherry.reply import Reply, Upgraded
from wherry.request import Request
from wherry.response_headers import headers_of, sendable, status_of

if TYPE_CHECKING:
    from wherry.adapters.asgi.frames import Frames

_log = logging.getLogger("wherry.adapters.asgi")
_VERSION = b"13"
_KEY_BYTES = 16
_ABSENT = Problem(
    status=501,
    title="Websockets are not installed",
    detail="the function takes websockets and the server has no library for them; "
    "install wherry[websocket]",
)
_REFUSED = Problem(status=403, detail="the function refused the websocket")


async def answer(
    application: Application, request: Request, http_scope: Scope, tasks: Tasks
) -> Reply:
    """The answer to a request for a websocket; an `Upgraded` where the application accepts.

    Raises:
        Exception: What the application raised before it had decided.
        ResponseError: It ended without a decision, or its answer cannot be sent.
    """
    if find_spec("wsproto") is None:
        return Reply.of_problem(_ABSENT, request.context.call_id)
    fields = [(name.lower(), value) for name, value in request.headers]
    reply = _fault(request, fields)
    if reply is not None:
        return reply
    offered = [
        each.strip() for each in _all(fields, b"sec-websocket-protocol").split(",") if each.strip()
    ]
    scope = websocket_scope(http_scope, offered)
    key = _all(fields, b"sec-websocket-key")
    return await _Opening(scope, key, request.context.call_id).answer(application, tasks)


def _fault(request: Request, fields: list[tuple[bytes, bytes]]) -> Reply | None:
    """The refusal of a request that is no handshake, or None."""
    problem = None
    options = {each.strip() for each in _all(fields, b"connection").lower().split(",")}
    if request.method != "GET" or request.http_version != "1.1" or "upgrade" not in options:
        problem = Problem(
            status=400, detail="a websocket is asked for by GET, HTTP/1.1 and Upgrade"
        )
    elif not _is_key(_all(fields, b"sec-websocket-key")):
        problem = Problem(status=400, detail="the Sec-WebSocket-Key header is not valid")
    elif _all(fields, b"sec-websocket-version").encode() != _VERSION:
        problem = Problem(status=426, detail="the only websocket version that is spoken is 13")
    if problem is None:
        return None
    reply = Reply.of_problem(problem, request.context.call_id)
    if problem.status == 426:
        reply.headers.append((b"sec-websocket-version", _VERSION))
    return reply


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _all(fields: list[tuple[bytes, bytes]], name: bytes) -> str:
    return ",".join(value.decode("latin-1") for each, value in fields if each == name)


class _Opening:
    """A websocket until the application has decided; then it is the `Frames`'."""

    def __init__(self, scope: Scope, key: str, call_id: str) -> None:
        self._scope = scope
        self._key = key
        self._call_id = call_id
        self._is_connected = False
        self._frames: Frames | None = None
        self._denial: Message | None = None
        self._denial_body: list[bytes] = []
        self._decision: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def answer(self, application: Application, tasks: Tasks) -> Reply:
        """Run the application until it has decided."""
        task = tasks.start(self._run(application))
        try:
            message = await self._decision
            if message["type"] == "websocket.accept":
                return self._accepted(message, task)
        except BaseException:
            task.cancel()
            raise
        if message["type"] == "websocket.close":
            return Reply.of_problem(_REFUSED, self._call_id)
        headers = sendable(headers_of(list(message.get("headers", ()))))
        return Reply(status_of(message["status"]), headers, b"".join(self._denial_body))

    def _accepted(self, message: Message, task: asyncio.Task[None]) -> Upgraded:
        from wsproto.utilities import generate_accept_token

        assert self._frames is not None  # noqa: S101 - made when the application accepted
        headers = [(b"sec-websocket-accept", generate_accept_token(self._key.encode("ascii")))]
        chosen = message.get("subprotocol")
        if chosen is not None:
            if chosen not in self._scope["subprotocols"]:
                raise ResponseError("the application chose a subprotocol that was not offered")
            headers.append((b"sec-websocket-protocol", chosen.encode("ascii")))
        given = sendable(headers_of(list(message.get("headers") or ())))
        headers += [pair for pair in given if not pair[0].startswith(b"sec-websocket-")]
        self._frames.task = task
        return Upgraded(b"websocket", headers, self._frames.run)

    async def _run(self, application: Application) -> None:
        error: BaseException | None = None
        try:
            await application(self._scope, self._receive, self._send)
        except asyncio.CancelledError:
            return  # whoever cancelled it waits for no answer
        except BaseException as raised:  # as where a handler is called: it may raise anything
            error = raised
        if self._frames is not None:
            await self._frames.application_ended(error)
        elif not self._decision.done():
            failed = ResponseError("the application neither accepted nor closed the websocket")
            failed.__cause__ = error
            self._decision.set_exception(error if isinstance(error, Exception) else failed)
        elif error is not None:
            _log.error("the application failed after its answer", exc_info=error)

    async def _receive(self) -> Message:
        if not self._is_connected:
            self._is_connected = True
            return {"type": "websocket.connect"}
        if self._frames is None:
            await asyncio.wait({self._decision})
        if self._frames is None:
            return {"type": "websocket.disconnect", "code": 1006, "reason": ""}
        return await self._frames.receive()

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._frames is not None:
            await self._frames.send(message)
        elif self._decision.done():
            raise ConnectionResetError("the websocket is closed")
        elif kind == "websocket.accept":
            from wherry.adapters.asgi.frames import Frames

            self._frames = Frames()
            self._decision.set_result(message)
        elif kind == "websocket.close":
            self._decision.set_result(message)
        elif kind == "websocket.http.response.start" and self._denial is None:
            self._denial = message
        elif kind == "websocket.http.response.body" and self._denial is not None:
            self._denial_body.append(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                self._decision.set_result(self._denial)
        else:
            raise RuntimeError(f"the application sent {kind!r} out of order")
