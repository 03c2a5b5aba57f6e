"""A call from inside the platform to a function: the broker's deliveries, asynchronous calls.

The connections are those of the gateway. It knows no caller's connection.
"""

from __future__ import annotations

import asyncio
import re
from time import monotonic
from typing import TYPE_CHECKING

from wherry_local.proxy.asking import Asking
from wherry_local.proxy.message import CallFailed, Fault, Inbound, Outbound, fields_of
from wherry_local.proxy.pool import Pool
from wherry_local.proxy.response_head import ResponseHead

if TYPE_CHECKING:
    from wherry_local.fleet.replica import Replica, Replicas

__all__ = ["CallFailed", "Fault", "Inbound", "Outbound", "call"]

_HOST = re.compile(rb"^host:", re.IGNORECASE | re.MULTILINE)


async def call(
    replicas: Replicas, outbound: Outbound, *, timeout_s: float, limit_bytes: int
) -> Inbound:
    """Call a function and wait for its whole answer, a replica to start first included.

    Args:
        replicas: The function's.
        outbound: What is sent; fields of the connection among its headers are left out.
        timeout_s: Time for all of it.
        limit_bytes: Longest body of the answer.

    Raises:
        CallFailed: There is no answer: unreachable, timeout or too_large.
        NoReplica: No replica takes the call.
    """
    loop = asyncio.get_running_loop()
    calling = _Calling(Pool.of(loop), replicas, outbound, limit_bytes)
    until = monotonic() + timeout_s
    timer = loop.call_later(timeout_s, calling.expire)
    try:
        calling.ask(replicas.claim_now() or await _claimed(replicas, until))
        return await calling.answer
    finally:
        timer.cancel()
        calling.stop()


async def _claimed(replicas: Replicas, until: float) -> Replica:
    # No `wait_for`, which before Python 3.12 loses a cancellation that comes with the replica.
    claiming = asyncio.ensure_future(replicas.claim())
    try:
        await asyncio.wait({claiming}, timeout=max(until - monotonic(), 0.0))
    except asyncio.CancelledError:
        _disclaim(replicas, claiming)
        raise
    if not claiming.done():
        _disclaim(replicas, claiming)
        raise CallFailed(Fault.TIMEOUT, "no replica was ready in time")
    return claiming.result()


def _disclaim(replicas: Replicas, claiming: asyncio.Future[Replica]) -> None:
    """Give up a claim, and let go of the replica if one comes all the same."""

    def ended(claimed: asyncio.Future[Replica]) -> None:
        if not claimed.cancelled() and claimed.exception() is None:
            replicas.release(claimed.result())

    claiming.cancel()
    claiming.add_done_callback(ended)


class _Calling(Asking):
    """One call: collects the answer.

    Attributes:
        answer: Is done when it is there.
    """

    __slots__ = ("_body", "_claiming", "_fields", "_limit_bytes", "_loop", "_status", "answer")

    def __init__(
        self, pool: Pool, replicas: Replicas, outbound: Outbound, limit_bytes: int
    ) -> None:
        super().__init__(pool, replicas, outbound.method, _encoded(outbound))
        self._limit_bytes = limit_bytes
        self._loop = pool.reactor.loop
        self.answer: asyncio.Future[Inbound] = self._loop.create_future()
        self._claiming: asyncio.Task[None] | None = None
        self._body = bytearray()
        self._status = 0
        self._fields: list[tuple[bytes, bytes]] = []

    def ask(self, replica: Replica) -> None:
        """Ask; `answer` will tell."""
        self._ask(replica)

    def stop(self) -> None:
        """It is over, whatever became of it."""
        self._release()
        if self._claiming is not None:
            self._claiming.cancel()
        if not self.answer.done():
            self.answer.cancel()
        elif not self.answer.cancelled():
            self.answer.exception()  # whoever waited was cancelled before it came

    def expire(self) -> None:
        """Its time has run out."""
        self._fail(CallFailed(Fault.TIMEOUT, "no answer in time"))

    def on_answer(self, head: ResponseHead, body: bytes, *, complete: bool) -> None:
        """The head has come."""
        if head.status == 101:
            self._fail(CallFailed(Fault.UNREACHABLE, "the function changed to another protocol"))
            return
        self._status, self._fields = head.status, head.fields()
        self.on_body(body, complete=complete)

    def on_body(self, body: bytes, *, complete: bool) -> None:
        """Part of the body."""
        self._body += body
        if len(self._body) > self._limit_bytes:
            self._fail(CallFailed(Fault.TOO_LARGE, f"the answer is over {self._limit_bytes} bytes"))
        elif complete and not self.answer.done():
            self.answer.set_result(
                Inbound(status=self._status, headers=self._fields, body=bytes(self._body))
            )

    def _ask_another(self) -> None:
        async def ask() -> None:
            try:
                self._ask(self._replicas.claim_now() or await self._replicas.claim())
            except Exception as error:  # noqa: BLE001 - it is whoever waits who is told
                self._fail(error)

        self._claiming = self._loop.create_task(ask())

    def _give_up(self, *, began: bool) -> None:
        reason = "the answer broke off" if began else "the function cannot be reached"
        self._fail(CallFailed(Fault.UNREACHABLE, reason))

    def _fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


def _encoded(outbound: Outbound) -> bytes:
    """The request on the wire."""
    method, target, headers, fields, body = outbound
    if headers:
        fields = fields_of(headers) + fields
    if _HOST.search(fields) is None:
        fields += b"Host: localhost\r\n"
    line = f"{method} {target} HTTP/1.1\r\n".encode()
    return b"%s%sContent-Length: %d\r\n\r\n%s" % (line, fields, len(body), body)
