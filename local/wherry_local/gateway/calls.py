"""Asynchronous calls: `/async-function/NAME[.NS][/path]` accepts one, and its id is asked later.

A call is answered with 202 when it is stored, not before. The id is the caller's own `X-Call-Id`
where that is free, else a new one; `GET` and `DELETE /async-function/{call-id}` take it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from wherry.reply import Reply
from wherry_local.deployment import FunctionKey
from wherry_local.front.asked import Asked
from wherry_local.front.call_ids import CallIds
from wherry_local.front.route import Route
from wherry_local.gateway.answers import Refused, document, in_problems, in_text, text
from wherry_local.gateway.call_fields import (
    CALL_ID,
    Headers,
    counted,
    forwarded,
    hops,
    without,
)
from wherry_local.gateway.call_record import call_document
from wherry_local.gateway.callbacks import Callbacks, is_callback
from wherry_local.gateway.courier import CALLBACK_NOTE
from wherry_local.gateway.names import key_in_path
from wherry_local.proxy.request_head import MOST_HOPS
from wherry_local.queue.contract import KeyTaken, Queue, QueueFull, StorageFailed
from wherry_local.queue.delivery import Accepted, Delivery, Kind, Message, State

PREFIX = "/async-function/"
LIMIT_BYTES = 1024 * 1024
"""Longest body of an asynchronous call, as OpenFaaS's queue has it."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_OVER = frozenset({State.DELIVERED, State.DEAD, State.CANCELLED})


class Calls:
    """Accepts calls, and knows what became of them.

    Args:
        queue: Where they are kept.
        callbacks: Who judges where an answer may go.
        locate: The function that a caller means, by name and namespace; raises `Refused`.
    """

    def __init__(
        self,
        queue: Queue,
        callbacks: Callbacks,
        locate: Callable[[str, str], FunctionKey],
    ) -> None:
        self._queue = queue
        self._callbacks = callbacks
        self._locate = locate
        self._ids = CallIds()

    def routes(self) -> list[Route]:
        """The routes of asynchronous calls."""
        return [
            # A name alone is a pattern of its own, which the id of a call has as well.
            *(
                Route(
                    methods=("POST",),
                    pattern=f"{PREFIX}{place}",
                    answer=in_text(self.accept),
                    guarded=False,
                    limit_bytes=LIMIT_BYTES,
                )
                for place in ("{id}", "{id}/{rest...}")
            ),
            Route(methods=("GET",), pattern=f"{PREFIX}{{id}}", answer=in_problems(self.show)),
            Route(
                methods=("DELETE",),
                pattern=f"{PREFIX}{{id}}",
                answer=in_problems(self.cancel),
            ),
        ]

    async def accept(self, asked: Asked) -> Reply:
        """Store a call: 202 with its id."""
        said = key_in_path(asked.named["id"])
        key = self._locate(said.name, said.namespace)
        if hops(asked.headers) >= MOST_HOPS:
            raise Refused(508, "the call comes from itself, over and over")
        notes = {}
        url = asked.header("x-callback-url")
        if url:
            await self._callbacks.judge(url)
            notes[CALLBACK_NOTE] = url
        target = f"/{asked.named.get('rest', '')}" + (f"?{asked.query}" if asked.query else "")
        call_id = self._call_id(asked)
        message = Message(
            key=call_id,
            kind=Kind.CALL,
            scope=str(key),
            target=target,
            headers=[*_headers(asked), (b"X-Call-Id", call_id.encode())],
            body=asked.body,
            accepted_at=time.time(),
            notes=notes,
        )
        accepted_id = await self._store(message, key)
        return Reply(202, [(b"X-Call-Id", accepted_id.encode())])

    async def show(self, asked: Asked) -> Reply:
        """Status and result of a call."""
        message, deliveries = await self._call(asked.named["id"])
        return document(200, call_document(message, deliveries))

    async def cancel(self, asked: Asked) -> Reply:
        """Give up a call that is not being tried."""
        message, deliveries = await self._call(asked.named["id"])
        if await self._queue.cancel(message.key):
            return text(202)
        if all(each.state in _OVER for each in deliveries):
            raise Refused(409, "the call is over")
        raise Refused(409, "the call is being tried right now")

    async def replay(self, call_id: str) -> str:
        """Accept a call that is over once more, under a new id, which is returned.

        Raises:
            Refused: There is no such call (404), or it is not over (409).
        """
        message, deliveries = await self._call(call_id)
        if not all(each.state in _OVER for each in deliveries):
            raise Refused(409, "the call is not over")
        called = _called(message, self._ids.take())
        again = called._replace(accepted_at=time.time(), parent=None)
        name, _, namespace = message.scope.partition(".")
        return await self._store(again, self._locate(name, namespace))

    async def _store(self, message: Message, key: FunctionKey) -> str:
        try:
            await self._queue.accept(Accepted(message=message, subscribers=[key.name]))
        except KeyTaken:
            # Functions hand their own call's id on, so two calls may well come with one.
            return await self._store(_called(message, self._ids.take()), key)
        except QueueFull:
            raise Refused(429, "the queue is full; try again later") from None
        except StorageFailed:
            raise Refused(507, "the call could not be stored") from None
        return message.key

    async def _call(self, call_id: str) -> tuple[Message, list[Delivery]]:
        found = await self._queue.message(call_id) if _ID.fullmatch(call_id) else None
        if found is None or found[0].kind is not Kind.CALL or is_callback(found[0]):
            raise Refused(404, "there is no such call, or it is forgotten")
        return found[0], list(found[1])

    def _call_id(self, asked: Asked) -> str:
        said = asked.header("x-call-id") or asked.call_id
        return said if _ID.fullmatch(said) else self._ids.take()


def _called(message: Message, call_id: str) -> Message:
    """`message` under another id, which the function is given as well."""
    headers = [*without(message.headers, CALL_ID), (b"X-Call-Id", call_id.encode())]
    return message._replace(key=call_id, headers=headers)


def _headers(asked: Asked) -> Headers:
    """The headers that the function is given, with those that a gateway adds."""
    headers = counted(without(forwarded(asked.headers), b"host", CALL_ID, b"x-start-time"))
    names = {name.lower() for name, _ in headers}
    if b"x-forwarded-for" not in names and asked.peer:
        headers.append((b"X-Forwarded-For", asked.peer.encode("latin-1", "replace")))
    host = asked.header("host")
    if b"x-forwarded-host" not in names and host:
        headers.append((b"X-Forwarded-Host", host.encode("latin-1", "replace")))
    return [*headers, (b"X-Start-Time", b"%d" % time.time_ns())]
