"""One event to a function of func-python, and what it sends.

`send(event)` answers with a structured event, `send.binary` with a binary one, `send.http` takes
the messages of ASGI. A function that sends nothing has accepted the event. This module must not
know how functions are found.
"""

from __future__ import annotations

from typing import Any

from wherry.adapters.asgi.call import Message
from wherry.adapters.asgi.scope import http_scope
from wherry.cloudevents import encode_binary, encode_structured
from wherry.errors import ResponseError
from wherry.reply import Reply
from wherry.request import Request
from wherry.response_headers import headers_of, sendable, status_of

_BATCH = "application/cloudevents-batch"


class Sender:
    """What the function gets as `send`."""

    def __init__(self) -> None:
        self.event: Any = None
        self.reply: Reply | None = None
        self._start: Message | None = None
        self._chunks: list[bytes] = []

    async def __call__(self, event: Any, status: int = 200) -> None:
        """Answer with a structured event."""
        await self.structured(event, status)

    async def structured(self, event: Any, status: int = 200) -> None:
        """Answer with a structured event."""
        self._answer(event, status, encode_structured)

    async def binary(self, event: Any, status: int = 200) -> None:
        """Answer with a binary event."""
        self._answer(event, status, encode_binary)

    async def http(self, message: Message) -> None:
        """Answer as plain ASGI does, by a start and a body."""
        kind = message["type"]
        if kind == "http.response.start" and self._start is None and self.reply is None:
            self._start = message
        elif kind == "http.response.body" and self._start is not None and self.reply is None:
            self._chunks.append(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                headers = sendable(headers_of(list(self._start.get("headers", ()))))
                status = status_of(self._start["status"])
                self.reply = Reply(status, headers, b"".join(self._chunks))
        else:
            raise RuntimeError(f"the function sent {kind!r} out of order")

    def _answer(self, event: Any, status: int, encode: Any) -> None:
        if self.reply is not None or self._start is not None:
            raise RuntimeError("the function sent two answers")
        headers, body = encode(event)
        self.event, self.reply = event, Reply(status_of(status), headers, body)

    def finish(self) -> Reply | None:
        """The answer, None where nothing was sent; ResponseError where it is not complete."""
        if self.reply is None and self._start is not None:
            raise ResponseError("the function did not complete its answer")
        return self.reply


class EventCall:
    """One event."""

    def __init__(self, request: Request, event: Any) -> None:
        self._request = request
        self._event = event
        self._is_received = False

    async def answer(self, handle: Any) -> Any:
        """What a handler of ours would return: a reply, None, or an event within a batch."""
        send = Sender()
        scope = http_scope(self._request, None)
        scope["event"] = self._event
        await handle(scope, self._receive, send)
        reply = send.finish()
        # The answers to a batch are put together, so each must be an event there.
        if send.event is not None and (self._request.content_type or "").startswith(_BATCH):
            return send.event
        return reply

    async def _receive(self) -> Message:
        if self._is_received:
            return {"type": "http.disconnect"}
        self._is_received = True
        return {"type": "http.request", "body": self._request.body, "more_body": False}
