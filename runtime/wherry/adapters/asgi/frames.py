"""A websocket that is open: frames on its connection, messages for the application.

The `wsproto` library reads and writes frames. Messages wait one at a time for the application, so a
slow one slows its caller down and memory stays bounded. A caller that is silent is pinged, and one
that does not answer is gone. At the end of the process the websocket is closed with 1001. This
module must not know the handshake.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage
from wsproto.events import Message as Part

from wherry.adapters.asgi.call import Message, is_of_the_end
from wherry.reply import ByteStream

MESSAGE_BYTES = 16 * 1024 * 1024
"""The largest message that is taken; a larger one closes the websocket with 1009."""

PING_S = 20.0
_ANSWER_S = 2.0
_AFTER_S = 10.0
_NORMAL, _GOING_AWAY, _GONE, _TOO_BIG, _FAILED = 1000, 1001, 1006, 1009, 1011
_log = logging.getLogger("wherry.adapters.asgi")


class Frames:
    """One open websocket.

    Attributes:
        task: The task of the application; set by whoever started it.
    """

    task: asyncio.Task[None]

    def __init__(self) -> None:
        self._connection = Connection(ConnectionType.SERVER)
        self._stream: ByteStream
        self._open = asyncio.Event()
        self._inbox: deque[Message] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._farewell: Message | None = None
        self._code = _NORMAL
        self._parts: list[str | bytes] = []
        self._size = 0

    async def run(self, stream: ByteStream) -> None:
        """Own the connection until both ends have closed the websocket."""
        self._stream = stream
        self._open.set()
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait({reading, self.task}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                await asyncio.wait({self.task}, timeout=_AFTER_S)
            else:
                await asyncio.wait({reading}, timeout=_ANSWER_S)
        except asyncio.CancelledError:
            await self._take_leave(reading)
        finally:
            self._say_farewell(_GONE, "")
            reading.cancel()
            self.task.cancel()

    async def _take_leave(self, reading: asyncio.Task[None]) -> None:
        closing = asyncio.create_task(self._close(_GOING_AWAY))
        await asyncio.wait({reading, self.task, closing}, timeout=_ANSWER_S)
        closing.cancel()

    # What the application is given ----------------------------------------------------------

    async def receive(self) -> Message:
        """The next message; at the end, and ever after, that the websocket is closed."""
        while not self._inbox:
            if self._farewell is not None:
                return self._farewell
            self._news.clear()
            await self._news.wait()
        message = self._inbox.popleft()
        self._room.set()
        return message

    async def send(self, message: Message) -> None:
        """Send a message, or close.

        Raises:
            ConnectionResetError: The websocket is closed.
            RuntimeError: The message is out of order.
        """
        await self._open.wait()
        kind = message["type"]
        if kind == "websocket.close":
            code, reason = message.get("code", _NORMAL), message.get("reason") or ""
            await self._close(code, reason)
        elif kind != "websocket.send":
            raise RuntimeError(f"the application sent {kind!r} out of order")
        elif self._farewell is not None:
            raise ConnectionResetError("the websocket is closed")
        elif message.get("bytes") is not None:
            await self._transmit(BytesMessage(data=bytes(message["bytes"])))
        else:
            await self._transmit(TextMessage(data=message["text"]))

    async def application_ended(self, error: BaseException | None) -> None:
        """The application has returned or raised: close, unless that is done."""
        await self._open.wait()
        if error is not None and not (self._farewell is not None and is_of_the_end(error)):
            _log.error("the application failed", exc_info=error)
        await self._close(_NORMAL if error is None else _FAILED)

    # What arrives ---------------------------------------------------------------------------

    async def _read(self) -> None:
        while self._connection.state is not ConnectionState.CLOSED:
            data = await self._arrival()
            self._connection.receive_data(data or None)
            for event in self._connection.events():
                if isinstance(event, CloseConnection):
                    # The other end closes, is gone, or has sent what is no frame; why is for
                    # the application alone.
                    self._say_farewell(event.code, event.reason or "")
                    await self._close(event.code)
                    return
                await self._take(event)

    async def _arrival(self) -> bytes:
        """The bytes that come next; none when the other end has gone, or does not answer."""
        data = await self._within(PING_S)
        if data is None:
            await self._transmit(Ping())
            data = await self._within(PING_S)
        return data or b""

    async def _within(self, timeout_s: float) -> bytes | None:
        """The bytes that come within a time, or None."""
        try:
            return await asyncio.wait_for(self._stream.receive(), timeout_s)
        except asyncio.TimeoutError:
            return None

    async def _take(self, event: Event) -> None:
        if isinstance(event, Ping):
            await self._transmit(event.response())
        elif isinstance(event, Part) and not isinstance(event, Pong):
            self._size += len(event.data)
            if self._size > MESSAGE_BYTES:
                await self._close(_TOO_BIG)
            elif self._farewell is None:
                if event.data:  # or endless empty parts would fill the memory
                    self._parts.append(event.data)
                if event.message_finished:
                    await self._deliver(is_text=isinstance(event, TextMessage))

    async def _deliver(self, *, is_text: bool) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        while self._inbox:
            self._room.clear()
            await self._room.wait()
        message: Message = {"type": "websocket.receive"}
        if is_text:
            message["text"] = "".join(part for part in parts if isinstance(part, str))
        else:
            message["bytes"] = b"".join(part for part in parts if not isinstance(part, str))
        self._inbox.append(message)
        self._news.set()

    # What is sent ---------------------------------------------------------------------------

    async def _close(self, code: int, reason: str = "") -> None:
        """Close, unless that is done; the first code holds, here and there."""
        told = None if self._farewell is not None else reason or None
        self._say_farewell(code, reason)
        if self._connection.state in {ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING}:
            await self._transmit(CloseConnection(code=self._code, reason=told))

    async def _transmit(self, event: Event) -> None:
        try:
            await self._stream.send(self._connection.send(event))
        except ConnectionError:
            self._say_farewell(_GONE, "")
            if not isinstance(event, CloseConnection):
                raise

    def _say_farewell(self, code: int, reason: str) -> None:
        """What the application receives from now on; the first reason holds."""
        if self._farewell is None:
            self._code = int(code)
            self._farewell = {
                "type": "websocket.disconnect",
                "code": self._code,
                "reason": reason,
            }
            self._news.set()
