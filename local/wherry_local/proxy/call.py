"""A call from inside the platform to a function: the broker's deliveries, asynchronous calls."""

from __future__ import annotations

import asyncio
import io
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING

from wherry_local.proxy.message import CallFailed, Fault, Inbound, Outbound

if TYPE_CHECKING:
    from wherry_local.fleet.replica import Address, Replicas

__all__ = ["CallFailed", "Fault", "Inbound", "Outbound", "call"]


async def call(
    replicas: Replicas, outbound: Outbound, *, timeout_s: float, limit_bytes: int
) -> Inbound:
    """Call a function and wait for its whole answer, a replica to start first included.

    Args:
        replicas: The function's.
        outbound: What is sent.
        timeout_s: Time for all of it.
        limit_bytes: Longest body of the answer.

    Raises:
        CallFailed: There is no answer: unreachable, timeout or too_large.
        NoReplica: No replica takes the call.
    """
    try:
        return await asyncio.wait_for(_call(replicas, outbound, limit_bytes), timeout_s)
    except (TimeoutError, asyncio.TimeoutError):
        raise CallFailed(Fault.TIMEOUT, f"no answer within {timeout_s:g} s") from None
    except (OSError, HTTPException):
        raise CallFailed(Fault.UNREACHABLE, "the function cannot be reached") from None


class _Received:
    """What `HTTPResponse` reads as if it were a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        """The content as a file."""
        return io.BytesIO(self._content)


async def _call(replicas: Replicas, outbound: Outbound, limit_bytes: int) -> Inbound:
    replica = replicas.claim_now() or await replicas.claim()
    try:
        content = await _exchange(replica.address, outbound)
    finally:
        replicas.release(replica)
    response = HTTPResponse(_Received(content), method=outbound.method)  # type: ignore[arg-type]
    response.begin()
    body = response.read()
    if len(body) > limit_bytes:
        raise CallFailed(Fault.TOO_LARGE, f"the answer is over {limit_bytes} bytes")
    headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in response.getheaders()]
    return Inbound(status=response.status, headers=headers, body=body)


async def _exchange(address: Address, outbound: Outbound) -> bytes:
    if isinstance(address, str):
        reader, writer = await asyncio.open_unix_connection(address)
    else:
        reader, writer = await asyncio.open_connection(*address)
    try:
        lines = [f"{outbound.method} {outbound.target} HTTP/1.1".encode()]
        lines += [b"%s: %s" % field for field in outbound.headers]
        if not any(name.lower() == b"host" for name, _ in outbound.headers):
            lines.append(b"Host: localhost")
        lines += [b"Content-Length: %d" % len(outbound.body), b"Connection: close", b"", b""]
        writer.write(b"\r\n".join(lines) + outbound.body)
        return await reader.read()
    finally:
        writer.close()
