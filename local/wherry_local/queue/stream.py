"""The stream of NATS JetStream that a queue is kept in: subjects, writes with a condition, reads.

Knows payloads, not what they mean. Of each subject the stream keeps the newest record alone; a
write may demand that the record before it is the one that the writer knows, which is what fences
one writer from another.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from wherry_local.queue.contract import StorageFailed

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js.api import RawStreamMsg
    from nats.js.client import JetStreamContext

logger = logging.getLogger(__name__)

T = TypeVar("T")

WRONG_LAST_SEQUENCE = 10071  # the server's code of the error
EXPECTED_SEQUENCE = "Nats-Expected-Last-Subject-Sequence"
TIMEOUT_S = 10.0
CONNECT_S = 5
OVERHEAD_BYTES = 64 * 1024
"""Kept free of the server's largest payload for what is not the body."""
MOST_REQUESTS = 32
"""Requests under way at once."""


class Outdated(Exception):  # noqa: N818 - named for the state
    """The subject has a newer record than the writer knows; nothing was written."""


class Stream:
    """One stream; made where there is none."""

    def __init__(self, connection: Client, context: JetStreamContext, name: str) -> None:
        """Use `open`."""
        self._connection = connection
        self._context = context
        self._name = name
        self._applied = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = itertools.count()
        self.piece_bytes = connection.max_payload - OVERHEAD_BYTES

    @classmethod
    async def open(cls, url: str, name: str) -> Stream:
        """Connect to a server.

        Raises:
            StorageFailed: It is not there, has no JetStream, or nats-py is not installed.
        """
        try:
            from nats.aio.client import Client
        except ImportError as error:
            raise StorageFailed(
                "a queue on NATS needs nats-py, which is not installed",
                hint="pip install 'wherry[nats]'",
            ) from error
        connection = Client()
        try:
            await _connect(connection, url)
            context = connection.jetstream(timeout=TIMEOUT_S)
            stream = cls(connection, context, name)
            await stream._make()
        except BaseException:
            await connection.close()
            raise
        return stream

    async def _make(self) -> None:
        """Have the stream there; one that was made before is used as it is, with its replicas."""
        from nats.js.api import StorageType

        found = await self._if_there(self._context.stream_info(self._name))
        if found is None:
            await self._said(
                self._context.add_stream(
                    name=self._name,
                    subjects=[f"{self._name}.>"],
                    max_msgs_per_subject=1,
                    storage=StorageType.FILE,
                    allow_direct=True,
                )
            )
            return
        config = found.config
        subjects = [f"{self._name}.>"]
        if config.subjects != subjects or config.max_msgs_per_subject != 1:
            raise StorageFailed(
                f"the stream {self._name} is not that of a queue: it has {config.subjects}, and"
                f" {config.max_msgs_per_subject} records of each; expected {subjects} and 1",
                hint=f"nats stream info {self._name}",
            )
        if not config.allow_direct:
            raise StorageFailed(
                f"the stream {self._name} does not allow direct reads",
                hint=f"nats stream edit {self._name} --allow-direct",
            )

    # Subjects.

    def message(self, key: str) -> str:
        """Of the record of a message."""
        return f"{self._name}.log.message.{_token(key)}"

    def body(self, key: str, piece: str) -> str:
        """Of the pieces of a body that its message's record does not hold."""
        return f"{self._name}.body.{_token(key)}.{piece}"

    def pieces(self, key: str, pieces: tuple[str, int]) -> Sequence[str]:
        """Of each piece of a body, of which there are so many under that name."""
        name, count = pieces
        return [self.body(key, f"{name}.{number}") for number in range(count)]

    def delivery(self, position: int, index: int) -> str:
        """Of the record of a delivery."""
        return f"{self._name}.log.delivery.{position}.{index}"

    def answer(self, position: int, index: int | str) -> str:
        """Of what a delivery was answered with."""
        return f"{self._name}.answer.{position}.{index}"

    # Writing.

    async def write(self, subject: str, payload: bytes, expected: int | None = None) -> int:
        """Put a record, if that before it is `expected` (0 is none at all); its sequence.

        Raises:
            Outdated: It is not.
            StorageFailed: The server did not say that it has it.
        """
        headers = None if expected is None else {EXPECTED_SEQUENCE: str(expected)}
        ack = await self._said(self._context.publish(subject, payload, headers=headers))
        return int(ack.seq)

    async def delete(self, subject: str) -> None:
        """Delete the record of a subject of the log, if there is one.

        By its sequence: a purge of subjects makes nats-server 2.9 pass over others in the log.
        """
        request = self._context.get_msg(self._name, subject=subject, direct=True)
        record = await self._if_there(request)
        if record is not None:
            await self._if_there(self._context.delete_msg(self._name, record.seq or 0))

    async def purge(self, subject: str) -> None:
        """Delete the records of subjects outside the log."""
        await self._said(self._context.purge_stream(self._name, subject=subject))

    # Reading.

    async def record(self, sequence: int) -> bytes | None:
        """The record with a sequence, if it is there."""
        request = self._context.get_msg(self._name, seq=sequence, direct=True)
        return _payload(await self._if_there(request))

    async def newest(self, subject: str) -> bytes | None:
        """The record of a subject, if there is one."""
        request = self._context.get_msg(self._name, subject=subject, direct=True)
        return _payload(await self._if_there(request))

    async def watch(self, apply: Callable[[str, bytes, int], Awaitable[None]]) -> None:
        """Have `apply` called with the subject, payload and sequence of each record of the log.

        Returns when it has seen what is there now; those that come later it sees in their order.
        """

        async def seen(message: Msg) -> None:
            sequence = message.metadata.sequence.stream
            if sequence > self._applied:
                await apply(message.subject, message.data, sequence)
                self._advance(sequence)

        log = f"{self._name}.log.>"
        await self._said(self._context.subscribe(log, cb=seen, ordered_consumer=True))
        last = await self._if_there(self._context.get_msg(self._name, subject=log))
        if last is not None:
            await self.applied(last.seq or 0)

    async def applied(self, sequence: int) -> None:
        """Wait until the record with this sequence, or a later one, was seen.

        Raises:
            StorageFailed: That does not come.
        """
        if sequence <= self._applied:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (sequence, next(self._count), future))
        try:
            await asyncio.wait_for(future, TIMEOUT_S)
        except asyncio.TimeoutError as error:
            raise StorageFailed("the server of NATS does not tell what it has stored") from error

    async def close(self) -> None:
        """Let go of the server."""
        await self._connection.close()

    def _advance(self, sequence: int) -> None:
        self._applied = sequence
        while self._waiting and self._waiting[0][0] <= sequence:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)

    async def _if_there(self, request: Awaitable[T]) -> T | None:
        """What the server says, or None where it has no such thing."""
        import nats.js.errors

        try:
            return await self._said(request)
        except StorageFailed as error:
            if isinstance(error.__cause__, nats.js.errors.NotFoundError):
                return None
            raise

    @staticmethod
    async def _said(request: Awaitable[T]) -> T:
        """What the server says, with its errors as ours."""
        import nats.errors
        import nats.js.errors

        try:
            return await request
        except nats.js.errors.APIError as error:
            if error.err_code == WRONG_LAST_SEQUENCE:
                raise Outdated from error
            raise _failure(error) from error
        except (nats.errors.Error, OSError, asyncio.TimeoutError) as error:
            raise _failure(error) from error


async def _connect(connection: Client, url: str) -> None:
    """Connect, and again whenever the connection is lost; only the first time it is given up."""
    from nats.errors import Error

    is_first = True

    async def failed(error: Exception) -> None:
        # Of the first time the caller is told, once.
        if not is_first:
            logger.warning("the server of NATS: %s", error or type(error).__name__)

    connecting = connection.connect(
        url, name="wherry", max_reconnect_attempts=-1, connect_timeout=CONNECT_S, error_cb=failed
    )
    try:
        await asyncio.wait_for(connecting, CONNECT_S)
    except (Error, OSError, asyncio.TimeoutError) as error:
        raise StorageFailed(
            f"no server of NATS answers at {url}", hint="nats-server -js"
        ) from error
    is_first = False


async def at_once(requests: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Ask for several things, some at a time."""
    limit = asyncio.Semaphore(MOST_REQUESTS)

    async def one(request: Coroutine[Any, Any, T]) -> T:
        with contextlib.closing(request):  # one that has not begun when nobody waits any more
            async with limit:
                return await request

    return await asyncio.gather(*(one(request) for request in requests))


def _payload(record: RawStreamMsg | None) -> bytes | None:
    return None if record is None else record.data or b""


def _failure(error: BaseException) -> StorageFailed:
    from nats.js.errors import ServiceUnavailableError

    if isinstance(error, ServiceUnavailableError):
        return StorageFailed(
            f"the server of NATS has no JetStream, or no room in it: {error}",
            hint="nats-server -js",
        )
    return StorageFailed(f"the server of NATS did not store or tell it: {error or type(error)}")


def _token(key: str) -> str:
    """A key as a part of a subject, whatever it is."""
    text = base64.urlsafe_b64encode(key.encode("utf-8", "surrogatepass")).decode()
    return f"k{text.rstrip('=')}"
