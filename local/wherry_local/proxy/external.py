"""Calls to addresses outside: callbacks, subscribers and dead-letter sinks that are URLs.

What a caller may have this machine ask is a danger (server-side request forgery): a host is
resolved once, each of its addresses is judged (`wherry_local.proxy.address_rules`), and one of
those very addresses is connected to. Redirects are not followed. It knows no function and no event.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from wherry_local.proxy.address_rules import AddressRules, Destination, destination_of
from wherry_local.proxy.message import CallFailed, Fault, Headers, Inbound

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse
    from urllib3.connection import HTTPConnection

CONNECT_S = 5.0
ANSWER_BYTES = 64 * 1024
_CONCURRENCY = 16
_PIECE_BYTES = 16 * 1024
_IMPORTING = threading.Lock()
_DROPPED = frozenset(
    {b"connection", b"keep-alive", b"transfer-encoding", b"trailer", b"upgrade", b"te"}
)


class External:
    """Posts to addresses outside, in a bounded number of threads.

    Args:
        allow: Hosts (`name`, `name:port`, `*.domain`) and networks (CIDR) that may be called
            though their addresses are private or their ports unusual.
        allow_private: Whether every address and port may be called.
        concurrency: Calls at once, a thread each. Who bounds the calls to one receiver gives no
            less than all that it has under way, or one that is slow may take every thread.
    """

    def __init__(
        self,
        allow: Sequence[str] = (),
        *,
        allow_private: bool = False,
        concurrency: int = _CONCURRENCY,
    ) -> None:
        self._rules = AddressRules(allow, allow_private=allow_private)
        self._concurrency = concurrency
        self._threads: ThreadPoolExecutor | None = None
        self._tls: ssl.SSLContext | None = None

    async def post(self, url: str, headers: Headers, body: bytes, timeout_s: float) -> Inbound:
        """POST `body` to `url`.

        Args:
            url: Where to; `http` or `https`, without a user.
            headers: Names and values; Host and Content-Length are not among them.
            body: The body.
            timeout_s: Time for all of it, of which connecting may take 5 seconds.

        Raises:
            CallFailed: `refused` where the address is not one to call; unreachable, timeout, or
                too_large for an answer over 64 KiB.
        """
        destination = destination_of(url)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._concurrency, thread_name_prefix="external")
        attempt = _Attempt(self, destination, timeout_s)
        loop = asyncio.get_running_loop()
        posting = loop.run_in_executor(self._threads, attempt.post, headers, body)
        try:
            return await asyncio.wait_for(asyncio.shield(posting), timeout_s)
        except (TimeoutError, asyncio.TimeoutError):
            raise CallFailed(Fault.TIMEOUT, f"no answer within {timeout_s:g} s") from None
        finally:
            if not posting.done():
                posting.add_done_callback(_forget)
                attempt.abort()

    def judge(self, url: str) -> None:
        """Refuse what can be refused without asking the resolver: for whoever accepts a URL.

        Raises:
            CallFailed: `refused`.
        """
        self._rules.judge_literal(destination_of(url))

    def resolve(self, destination: Destination) -> list[str]:
        """The addresses of a host, each of them one that may be called; blocks.

        Raises:
            CallFailed: `refused` or unreachable.
        """
        return self._rules.resolve(destination)

    def tls(self) -> ssl.SSLContext:
        """How the other end is asked to prove itself."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def close(self) -> None:
        """Let the threads end when they have done what they are at."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None


class _Attempt:
    """One call, in a thread; `abort` is the loop's."""

    def __init__(self, external: External, destination: Destination, timeout_s: float) -> None:
        self._external = external
        self._destination = destination
        self._until = monotonic() + timeout_s
        self._connection: HTTPConnection | None = None
        self._aborted = False

    def post(self, headers: Headers, body: bytes) -> Inbound:
        """Connect, send, and read the answer.

        Raises:
            CallFailed: There is no answer.
        """
        from http.client import HTTPException

        with _IMPORTING:  # of two threads that import it at once one may meet half of it
            from urllib3.exceptions import HTTPError

        if self._aborted:  # it has waited for a thread for longer than it may take
            raise CallFailed(Fault.TIMEOUT, "no thread was free in time")
        addresses = self._external.resolve(self._destination)
        try:
            self._connect(addresses)
            return self._ask(headers, body)
        except TimeoutError:
            raise CallFailed(Fault.TIMEOUT, "the other end took too long") from None
        except (OSError, HTTPError, HTTPException, ValueError):
            raise CallFailed(Fault.UNREACHABLE, "the address cannot be reached") from None
        finally:
            if self._connection is not None:
                self._connection.close()

    def abort(self) -> None:
        """Break the connection, so that the thread is free."""
        self._aborted = True
        sock = None if self._connection is None else self._connection.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _connect(self, addresses: list[str]) -> None:
        fault: Exception | None = None
        for address in addresses:
            connection = self._connection = self._made(address)
            try:
                connection.connect()
            except Exception as error:  # noqa: BLE001 - the next address may do; the last is raised
                connection.close()
                fault = error
                if self._aborted:
                    break
            else:
                return
        raise fault if fault is not None else OSError("no address")

    def _made(self, address: str) -> HTTPConnection:
        from urllib3.connection import HTTPConnection, HTTPSConnection

        where = self._destination
        timeout_s = min(CONNECT_S, max(self._until - monotonic(), 0.001))
        if not where.is_https:
            return HTTPConnection(address, where.port, timeout=timeout_s)
        return HTTPSConnection(
            address,
            where.port,
            timeout=timeout_s,
            ssl_context=self._external.tls(),
            server_hostname=where.host,
            assert_hostname=where.host,
        )

    def _ask(self, headers: Headers, body: bytes) -> Inbound:
        from urllib3 import HTTPHeaderDict

        connection = self._connection
        assert connection is not None  # noqa: S101 - `_connect` has made it
        fields = HTTPHeaderDict({"Host": self._destination.authority})
        for name, value in headers:
            fields.add(name.decode("latin-1"), value.decode("latin-1"))
        if "User-Agent" not in fields:
            fields["User-Agent"] = "wherry"
        # What is read from then on has this much time; `_read` looks at the whole.
        connection.timeout = max(self._until - monotonic(), 0.001)
        connection.sock.settimeout(connection.timeout)
        connection.request(
            "POST",
            self._destination.target,
            body=body,
            headers=fields,
            preload_content=False,
            decode_content=False,
        )
        response = connection.getresponse()
        return Inbound(status=response.status, headers=_kept(response), body=self._read(response))

    def _read(self, response: BaseHTTPResponse) -> bytes:
        body = b""
        while piece := response.read1(_PIECE_BYTES, decode_content=False):
            body += piece
            if len(body) > ANSWER_BYTES:
                raise CallFailed(Fault.TOO_LARGE, f"the answer is over {ANSWER_BYTES} bytes")
            if monotonic() > self._until:
                raise TimeoutError
        return body


def _kept(response: BaseHTTPResponse) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, without those of the connection."""
    fields = (
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.iteritems()
    )
    return [field for field in fields if field[0].lower() not in _DROPPED]


def _forget(posting: asyncio.Future[Inbound]) -> None:
    """Nobody waits for it any longer, so nobody need hear how it ended."""
    if not posting.cancelled():
        posting.exception()
