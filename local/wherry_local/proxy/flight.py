"""One call that is forwarded: from the caller's exchange to a replica and back.

The usual call has its request whole and gets its answer whole: one write, one read, one write.
Everything else flows, at the pace of the slower side.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING

from wherry.reply import Reply
from wherry.serving.body import BodyInterrupted
from wherry.serving.head import BODILESS
from wherry_local.fleet.replica import NoReplica
from wherry_local.proxy import plain
from wherry_local.proxy.answer_head import composed
from wherry_local.proxy.asking import Asking
from wherry_local.proxy.inflow import Inflow
from wherry_local.proxy.tunnel import Tunnel

if TYPE_CHECKING:
    from wherry.serving.exchange import Exchange
    from wherry_local.fleet.replica import Replica, Replicas
    from wherry_local.proxy.forward import Forwarder
    from wherry_local.proxy.request_head import RequestHead
    from wherry_local.proxy.response_head import ResponseHead

_log = logging.getLogger("wherry.local")
_NEVER = float("inf")
_GRACE_S = 1.0
"""A function that is late says so itself; only after that does the gateway."""
_CLIENT_CLOSED = 499  # for metrics only, as NGINX counts it
_LAST_CHUNK = b"0\r\n\r\n"


class Flight(Asking):
    """One call.

    Attributes:
        key: Which function, as it is counted.
        exchange: The caller's request.
        due: Monotonic seconds at which it is answered 504.
        tunnelled: Whether it has left HTTP.
    """

    # What most calls never set has its usual value in the class.
    __slots__ = ("_forwarder", "_ident", "_quick", "due", "exchange", "key")
    _answered = _over = _chunks_in = _chunks_out = tunnelled = False
    _keep_alive = True
    _claiming: asyncio.Task[None] | None = None
    _incoming: Inflow | None = None
    _tunnel: Tunnel | None = None
    _wants = b""

    def __init__(
        self,
        forwarder: Forwarder,
        exchange: Exchange,
        replicas: Replicas,
        path: bytes,
        head: RequestHead,
        ident: bytes,
    ) -> None:
        self._forwarder = forwarder
        self.exchange = exchange
        self._ident = ident
        self.key = replicas.deployment.key
        self.due = _NEVER
        method, body = exchange.method, exchange.body
        self._quick = (
            exchange.keep_alive and exchange.incoming is None and exchange.http_version == "1.1"
        )
        if body or head.length is not None or head.named or not self._quick:
            framing = self._framed(head, body)
        else:
            framing = b""
        parts = (
            *(method.encode(), b" ", path),
            *((b"?", exchange.query.encode()) if exchange.query else ()),
            b" HTTP/1.1\r\n",
            *head.parts,
            *(ident, b"\r\nx-wherry-hops: %d\r\n" % (head.hops + 1), framing, b"\r\n", body),
        )
        super().__init__(forwarder.pool, replicas, method, b"".join(parts))

    def _framed(self, head: RequestHead, body: bytes) -> bytes:
        """How the request's body is framed, and what is asked of the connection."""
        if isinstance(self.exchange.incoming, Inflow):
            self._incoming = self.exchange.incoming
            self._streams = True
            self._chunks_in = head.length is None
            if self._chunks_in:
                return b"Transfer-Encoding: chunked\r\n"
            return b"Content-Length: %s\r\n" % head.length
        framing = b"Content-Length: %d\r\n" % len(body) if body or head.length is not None else b""
        if head.named and head.upgrade == b"websocket":
            self._wants = head.upgrade
            self._quick = False
            framing += b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        return framing

    # To the replica -------------------------------------------------------------------------

    def start(self) -> None:
        """Ask a replica, at once where one has room."""
        replica = self._replicas.claim_now()
        if replica is None:
            self._ask_another()
        else:
            self._ask(replica)

    def _ask(self, replica: Replica) -> None:
        timeout_s = self._replicas.deployment.timeout_s
        if timeout_s > 0:
            self.due = monotonic() + timeout_s + _GRACE_S
        if self._incoming is None:
            self._replica = replica
            try:
                upstream = self._upstream = self._pool.take(replica.address)
            except OSError as error:
                self._no_socket(error)
                return
            upstream.ask(self, self._request, is_head=self._method == "HEAD", asked=True)
            return
        super()._ask(replica)
        self._incoming.pump = self._pump
        self._pump()

    def _ask_another(self) -> None:
        self.due = _NEVER  # how long it may wait for a replica is the replica set's to say
        self._claiming = self._pool.reactor.loop.create_task(self._claim())

    async def _claim(self) -> None:
        """Wait for a replica, as long as the caller does."""
        try:
            replica = self._replicas.claim_now() or await self._replicas.claim()
        except NoReplica as error:
            self._claiming = None
            self._answer_plainly(plain.no_replica(self.key, error.status, error.reason))
        except Exception:  # noqa: BLE001 - it costs this call only
            self._claiming = None
            _log.exception("no replica of %s could be claimed", self.key)
            self._answer_plainly(plain.unreachable(self.key))
        else:
            self._claiming = None
            self._ask(replica)

    def on_room(self) -> None:
        """The replica takes more."""
        if self._tunnel is not None:
            self._tunnel.pump()
        elif self._incoming is not None:
            self._pump()

    def _pump(self) -> None:
        """Hand on what has come of the request's body."""
        upstream, incoming = self._upstream, self._incoming
        while upstream is not None and incoming is not None and upstream.has_room:
            if upstream.receiver is not self or upstream.asked:
                return
            piece = incoming.take()
            if piece is None:
                return
            if isinstance(piece, BodyInterrupted):
                self._body_failed(piece)
                return
            if self.due < _NEVER:
                self.due = monotonic() + self._replicas.deployment.timeout_s + _GRACE_S
            upstream.asked = not piece
            if self._chunks_in:
                upstream.send(b"%x\r\n%s\r\n" % (len(piece), piece) if piece else _LAST_CHUNK)
            elif piece:
                upstream.send(piece)

    def _body_failed(self, fault: BodyInterrupted) -> None:
        """The caller's body ends before its time, and with it the call."""
        problem = self.exchange.verdict or fault.problem
        if self._answered:
            self._break_off()
        else:
            self._answer_plainly(Reply.of_problem(problem, self.exchange.call_id))

    # To the caller --------------------------------------------------------------------------

    def on_answer(self, head: ResponseHead, body: bytes, *, complete: bool) -> None:
        """The head has come, and nearly always all of the body."""
        exchange, forwarder = self.exchange, self._forwarder
        status = exchange.status = head.status
        if (
            (complete and self._quick and head.dated and status not in BODILESS)
            and self._method != "HEAD"
            and not forwarder.draining
        ):
            self._over = True
            del forwarder.flights[exchange]
            replica = self._replica
            assert replica is not None  # noqa: S101 - it has answered
            self._replicas.release(replica)
            connection = exchange.connection
            size = b"content-length: %d" % len(body)
            lines = (head.line, *head.lines, self._ident, forwarder.served_by, size, b"", body)
            if connection.write(b"\r\n".join(lines)):
                connection.release_kept()
            else:
                connection.when_flushed(connection.release_kept)
            forwarder.note(self.key, status, monotonic() - exchange.started)
            return
        self._begin_answer(head, body, complete=complete)

    def _begin_answer(self, head: ResponseHead, body: bytes, *, complete: bool) -> None:
        """The head of an answer that is not as most are."""
        exchange = self.exchange
        self._answered = True
        self.due = _NEVER
        if head.status == 101:
            self._change_protocol(head, body)
            return
        if not head.dated:
            head.lines.append(self._forwarder.date())
        incoming = exchange.incoming
        lines, self._chunks_out, self._keep_alive = composed(
            head,
            whole_bytes=len(body) if complete else None,
            method=self._method,
            http_1_0=exchange.http_version == "1.0",
            keep_alive=exchange.keep_alive
            and not self._forwarder.draining
            and (incoming is None or incoming.complete),
        )
        if self._chunks_out and body:
            body = b"%x\r\n%s\r\n" % (len(body), body)
        exchange.size = len(body)
        answer = (*lines, self._ident, self._forwarder.served_by, b"", body)
        self._write(b"\r\n".join(answer), last=complete)

    def on_body(self, body: bytes, *, complete: bool) -> None:
        """More of the body."""
        if self._tunnel is not None:
            self._tunnel.give(body, ended=complete)
            return
        self.exchange.size += len(body)
        if self._chunks_out:
            body = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
            if complete:
                body += _LAST_CHUNK
        self._write(body, last=complete)

    def _write(self, data: bytes, *, last: bool) -> None:
        connection = self.exchange.connection
        if not data or connection.write(data):
            if last or connection.broken:
                self._end()
        elif last:
            self._forwarder.leave(self)
            self._release()
            connection.when_flushed(self._end)
        else:
            upstream = self._upstream
            if upstream is not None:
                upstream.pause()
            connection.when_flushed(self._flushed)

    def _flushed(self) -> None:
        """The caller has taken what there was; or is gone."""
        if self.exchange.connection.broken:
            self._end()
        elif self._upstream is not None:
            self._upstream.resume()

    def _end(self) -> None:
        """The answer has been written in full, or its caller is gone."""
        if self._over:
            return
        self._over = True
        exchange = self.exchange
        connection = exchange.connection
        self._forwarder.leave(self)
        self._release()
        status = _CLIENT_CLOSED if connection.broken else exchange.status
        if self._keep_alive and self._incoming is None:
            connection.release_kept()
        else:
            connection.release(keep_alive=self._keep_alive)
        self._forwarder.note(self.key, status, monotonic() - exchange.started)

    def _break_off(self) -> None:
        """The answer will not be complete, and must not look so."""
        self._keep_alive = False
        self._end()

    def _answer_plainly(self, reply: Reply) -> None:
        """An answer of the gateway's own."""
        if self._over:
            return
        self._over = True
        exchange, forwarder = self.exchange, self._forwarder
        forwarder.leave(self)
        self._release()
        forwarder.send(exchange, reply)
        forwarder.note(self.key, exchange.status, monotonic() - exchange.started)

    def _give_up(self, *, began: bool) -> None:
        if self._tunnel is not None or self._answered:
            self._break_off()
        else:
            _log.warning(
                "%s %s",
                self.key,
                "gave no HTTP answer" if began else "ended before it answered a call",
            )
            self._answer_plainly(plain.unreachable(self.key))

    # Its end --------------------------------------------------------------------------------

    def expire(self) -> None:
        """It has not begun to answer in time."""
        self._answer_plainly(plain.late(self.key))

    def on_gone(self, *, by_force: bool = False) -> None:
        """The caller is gone; what works for it need not."""
        connection = self.exchange.connection
        if self.tunnelled and not (connection.broken or by_force):
            return  # it has only ended its side
        if self._claiming is not None:
            self._claiming.cancel()
        connection.broken = True
        self._keep_alive = False
        self._end()

    def _change_protocol(self, head: ResponseHead, rest: bytes) -> None:
        """Another protocol from here on, for those who asked for it."""
        if not self._wants or head.upgrade != self._wants:
            self._answered = False
            self._give_up(began=True)
            return
        self._keep_alive = False
        self.tunnelled = True
        upstream = self._upstream
        assert upstream is not None  # noqa: S101 - it has answered
        lines = (head.line, *head.lines, self._ident, b"connection: Upgrade")
        said = b"\r\n".join((*lines, b"upgrade: websocket", b"", b""))
        self._tunnel = Tunnel(self.exchange, upstream, self._pool.reactor, self._end)
        self._tunnel.begin(said + rest)
