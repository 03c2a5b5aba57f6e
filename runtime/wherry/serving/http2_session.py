"""One connection in HTTP/2: its socket, its clock, and the answers of its streams.

The `h2` library is the protocol's state. Streams become exchanges of the same engine that HTTP/1.1
has (`wherry.serving.http2_incoming`). Everything happens in turns of the edge. Every count that a
caller can drive up is bounded: streams, bytes that wait, resets, frames that ask for nothing.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, Event
from h2.exceptions import ProtocolError
from hyperframe.frame import GoAwayFrame

from wherry.serving.http2_guard import Guard
from wherry.serving.http2_incoming import Http2Incoming
from wherry.serving.http2_protocol import protocol_for
from wherry.serving.http2_stream import NOTHING, Http2Stream

if TYPE_CHECKING:
    from wherry.serving.edge import Edge

_log = logging.getLogger("wherry.serving")
_FOREVER = float("inf")
_LINGER_S = 2.0
_LOOK_S = 0.5
_READ_BYTES = 65_536
_UNSENT_BYTES = 256 * 1024
_LAST_STREAM = 2**31 - 1


class Http2Session:
    """One accepted socket that speaks HTTP/2.

    Attributes:
        expires: Monotonic seconds after which `on_expired` is due.
    """

    def __init__(self, edge: Edge, sock: socket.socket, peer: str) -> None:
        self._edge = edge
        self._sock = sock
        self._descriptor = sock.fileno()
        self._protocol = protocol_for(edge.limits)
        self._guard = Guard()
        self._incoming = Http2Incoming(self, edge, self._protocol, self._guard, peer)
        self._streams = self._incoming.streams
        self._out = bytearray()
        self._wrote_at = self._used_at = edge.now
        self._patience_s = edge.limits.head_s
        self._paused = self._leaving = self._closing = self._closed = False
        self.expires = edge.now + _LOOK_S

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._descriptor

    def start(self, early: bytes) -> None:
        """Take part in the edge, beginning with what has been read already."""
        self._edge.connections.add(self)
        self._edge.poller.add(self)
        self._do(self._feed, early)
        self.on_readable()

    def abandon(self) -> None:
        """In a child process: close the descriptor, and touch nothing that the parent shares."""
        self._sock.close()

    def post(self, what: Callable[[Http2Stream], None], stream: Http2Stream) -> None:
        """Have `what` done with `stream` in a turn; from any thread."""
        self._edge.driver.post(self._do, what, stream)

    def _do(self, what: Callable[..., None], *args: object) -> None:
        """A fault of ours, or of the library, costs this connection and not the process."""
        try:
            what(*args)
        except Exception:
            _log.exception("an HTTP/2 connection failed inside Wherry")
            self._break_off()

    # Incoming -------------------------------------------------------------------------------

    def on_readable(self, ended: bool = False) -> None:  # noqa: ARG002 - as the poller calls
        """Read what there is."""
        self._do(self._read)

    def _read(self) -> None:
        while not self._paused and not self._closed:
            try:
                data = self._sock.recv(_READ_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._break_off()
            elif not self._closing:
                self._feed(data)

    def _feed(self, data: bytes) -> None:
        try:
            events = self._protocol.receive_data(data)
        except ProtocolError:  # the library has its GOAWAY ready
            self._end()
            return
        for event in events:
            self._on_event(event)
            if self._closing or self._closed:
                return
        self._flush()

    def _on_event(self, event: Event) -> None:
        self._guard.on_frame(self._edge.now)
        if self._incoming.take(event):
            self._used_at = self._edge.now
        elif isinstance(event, ConnectionTerminated):
            self._on_farewell(event)
        else:
            self._pump_all()  # a window may have grown
        if self._guard.is_abused:
            self._end(ErrorCodes.ENHANCE_YOUR_CALM)

    def _on_farewell(self, event: ConnectionTerminated) -> None:
        """The caller asks nothing more; what it has asked it may still want to be told."""
        self._leaving = True
        if event.error_code or not self._streams:
            self._end()

    def reopen(self, stream: Http2Stream) -> None:
        """The handler has read: the caller may send more of the body."""
        if not self._closed:
            self._incoming.return_window(stream)
            self._flush()

    # Outgoing -------------------------------------------------------------------------------

    def conclude(self, stream: Http2Stream) -> None:
        """Send the whole answer, as far as it can be sent now."""
        self.pump(stream)
        self.finish(stream)

    def pump(self, stream: Http2Stream) -> None:
        """Send what the stream has, as far as the windows and the socket allow."""
        if self._closed or stream.broken:
            stream.unsent = NOTHING
            stream.flushed()
            return
        try:
            self._send_head(stream)
            while stream.unsent and self._send_chunk(stream):
                continue
        except ProtocolError:  # it is closed, and the event that says so is on its way
            self._incoming.abandon(stream)
            return
        self._flush()
        if not stream.unsent:
            stream.flushed()

    def _send_head(self, stream: Http2Stream) -> None:
        head, stream.head = stream.head, None
        if head is not None:
            stream.ended = stream.ends and not stream.unsent
            self._protocol.send_headers(stream.id, head, end_stream=stream.ended)

    def _send_chunk(self, stream: Http2Stream) -> bool:
        """Send one frame; returns whether more may be sent."""
        protocol, now = self._protocol, self._edge.now
        window = protocol.local_flow_control_window(stream.id)
        room = min(window, protocol.max_outbound_frame_size)
        if len(self._out) > _UNSENT_BYTES:
            self._flush()
        if room <= 0 or len(self._out) > _UNSENT_BYTES:
            if stream.blocked_at == _FOREVER:
                stream.blocked_at = now + self._edge.limits.write_s
            return False
        stream.blocked_at = _FOREVER
        chunk, rest = stream.unsent[:room], stream.unsent[room:]
        stream.unsent = rest or NOTHING
        stream.ended = stream.ends and not stream.unsent
        protocol.send_data(stream.id, bytes(chunk), end_stream=stream.ended)
        self._out += protocol.data_to_send()
        self._guard.on_use()
        return True

    def _pump_all(self) -> None:
        for stream in [each for each in self._streams.values() if each.unsent]:
            self.pump(stream)
            if stream.ends and not stream.unsent:
                self.finish(stream)

    def finish(self, stream: Http2Stream) -> None:
        """The stream's answer is given: see it out, then forget it."""
        if stream.unsent and not stream.broken:
            return  # `_pump_all` comes back to it
        if self._streams.get(stream.id) is not stream:
            stream.forget()  # its caller is gone
            return
        del self._streams[stream.id]
        stream.forget()
        self._guard.on_answer()
        self._patience_s = self._edge.limits.keepalive_s
        self._used_at = self._edge.now
        self._incoming.return_window(stream)
        with suppress(ProtocolError):
            self._end_stream(stream)
        if self._edge.draining:
            self._say_farewell()
        self._flush()
        if self._leaving and not self._streams and not self._edge.draining:
            self._end()

    def _end_stream(self, stream: Http2Stream) -> None:
        if stream.ends and not stream.ended:
            self._protocol.end_stream(stream.id)
        if not stream.ends:  # an answer that broke off must not look complete
            self._protocol.reset_stream(stream.id, ErrorCodes.INTERNAL_ERROR)
        elif stream.has_body:  # nobody reads the rest of it (RFC 9113 section 8.1)
            self._protocol.reset_stream(stream.id, ErrorCodes.NO_ERROR)

    def on_writable(self) -> None:
        """The socket may take more."""
        if self._out and not self._closed:
            self._do(self._write)

    def _write(self) -> None:
        self._flush()
        if len(self._out) <= _UNSENT_BYTES:
            self._pump_all()

    def _flush(self) -> None:
        """Give the socket what it takes; read no further while much waits."""
        self._out += self._protocol.data_to_send()
        while self._out and not self._closed:
            try:
                sent = self._sock.send(self._out)
            except BlockingIOError:
                self._edge.poller.want_write(self)
                break
            except OSError:
                self._break_off()
                return
            del self._out[:sent]
            self._wrote_at = self._edge.now
        if not self._out:
            self._wrote_at = self._edge.now
            if self._closing:
                self._shut()
        self._pace()

    def _pace(self) -> None:
        """Read no further while a caller does not take what it makes the server say."""
        if not self._paused and len(self._out) > 2 * _UNSENT_BYTES:
            self._paused = True
            self._edge.poller.pause(self)
        elif self._paused and len(self._out) <= _UNSENT_BYTES and not self._closed:
            self._paused = False
            self._edge.poller.resume(self)
            self._edge.driver.post(self.on_readable)

    # Its end --------------------------------------------------------------------------------

    def on_expired(self) -> None:
        """Look at the clock: of the socket, of each stream, of the idle session."""
        self._do(self._look_at_clock)

    def _look_at_clock(self) -> None:
        now, limits = self._edge.now, self._edge.limits
        self.expires = now + _LOOK_S
        if self._closing or (self._out and now - self._wrote_at > limits.write_s):
            self._break_off()
            return
        for stream in list(self._streams.values()):
            if stream.blocked_at < now:  # a reader that gives no window
                self._cancel(stream)
            elif stream.expires < now:
                self._incoming.expire(stream)
        if not self._streams and not self._out and now - self._used_at >= self._patience_s:
            self._end()

    def _cancel(self, stream: Http2Stream) -> None:
        with suppress(ProtocolError):
            self._protocol.reset_stream(stream.id, ErrorCodes.CANCEL)
        self._incoming.abandon(stream)
        self._flush()

    def close_if_idle(self) -> None:
        """Close, or say that nothing more is taken."""
        self.on_readable()
        self._do(self._close_if_idle)

    def _close_if_idle(self) -> None:
        if self._streams or self._out:
            self._say_farewell()
        else:
            self._end()

    def close(self) -> None:
        """Let go of the socket."""
        if not self._closed:
            self._closed = True
            self._edge.forget(self)
            self._sock.close()

    def _say_farewell(self) -> None:
        """GOAWAY that refuses nothing: what is under way when it arrives is still answered."""
        if not self._leaving:
            self._leaving = True
            frame = GoAwayFrame(stream_id=0, last_stream_id=_LAST_STREAM, error_code=0)
            self._out += self._protocol.data_to_send() + frame.serialize()
            self._flush()

    def _end(self, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """Say which stream was the last, and give the other end a moment to read that."""
        if self._closing or self._closed:
            return
        self._closing = True
        self.expires = self._edge.now + _LINGER_S
        for stream in list(self._streams.values()):
            self._incoming.abandon(stream)
        with suppress(ProtocolError):
            self._protocol.close_connection(code)
        self._flush()

    def _shut(self) -> None:
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def _break_off(self) -> None:
        """The other end is gone."""
        self.close()
        for stream in list(self._streams.values()):
            self._incoming.abandon(stream)
