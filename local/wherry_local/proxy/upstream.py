"""One connection to a replica: requests out, answers in, one at a time.

It frames and parses what comes back; what goes out is `wherry_local.proxy.link`. Who asked is a
`Receiver`, which is told as parts of the answer come. It knows neither callers nor functions.
Everything happens on the loop's thread.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from wherry_local.proxy.chunked import BadCoding, ChunkedReader
from wherry_local.proxy.link import Link
from wherry_local.proxy.receiver import Receiver
from wherry_local.proxy.response_head import BadAnswer, Memory, ResponseHead, read

if TYPE_CHECKING:
    from wherry_local.fleet.replica import Address
    from wherry_local.proxy.pool import Pool

_BUFFER_BYTES = 65536
_BUFFER = bytearray(_BUFFER_BYTES)
_VIEW = memoryview(_BUFFER)
_HEAD_BYTES = 65536
_BODILESS = frozenset({204, 304})


class _State(enum.Enum):
    IDLE = enum.auto()
    HEAD = enum.auto()
    LENGTH = enum.auto()
    CHUNKED = enum.auto()
    UNTIL_END = enum.auto()
    RAW = enum.auto()
    CLOSED = enum.auto()


# What every call looks at; a member of an enumeration takes longer to find.
_IDLE, _HEAD, _CLOSED = _State.IDLE, _State.HEAD, _State.CLOSED


class Upstream(Link):
    """A connection to one address.

    Attributes:
        receiver: Who has asked, or None while nobody has.
        uses: Requests before this one.
        began: Whether a byte of the answer has come.
        asked: Whether the whole request has been given to `send`.
        idle_since: Monotonic seconds of the last answer's end.
    """

    __slots__ = (
        *("_chunks", "_held", "_is_head", "_keep_alive", "_left", "_memory", "_paused", "_pool"),
        *("_state", "asked", "began", "idle_since", "receiver", "uses"),
    )

    def __init__(self, pool: Pool, address: Address, memory: Memory) -> None:
        super().__init__(pool.reactor, address)
        self._pool = pool
        self._memory = memory
        self._chunks: ChunkedReader | None = None
        self._held = b""
        self._left = 0
        self._state = _IDLE
        self._paused = self._is_head = False
        self._keep_alive = True
        self.receiver: Receiver | None = None
        self.uses = -1
        self.began = self.asked = False
        self.idle_since = 0.0
        self._connect()

    def ask(self, receiver: Receiver, data: bytes, *, is_head: bool, asked: bool) -> None:
        """Begin a request; `asked` where `data` is all of it."""
        self.receiver = receiver
        self._state = _HEAD
        self._is_head = is_head
        self.uses += 1
        self.began = False
        self.asked = asked
        self.sent = False
        self.send(data)

    # The answer -----------------------------------------------------------------------------

    def pause(self) -> None:
        """Its bytes are not wanted now."""
        self._paused = True
        self._reactor.poller.pause(self)

    def resume(self) -> None:
        """They are wanted again."""
        if self._paused and self._state is not _CLOSED:
            self._paused = False
            self._reactor.poller.resume(self)
            self.on_readable()

    def on_readable(self, ended: bool = False) -> None:
        """Read and parse what there is."""
        while not self._paused and self._state is not _CLOSED:
            try:
                count = self._sock.recv_into(_BUFFER)
            except BlockingIOError:
                if ended and self._connecting:
                    self._break()
                return
            except OSError:
                self._break()
                return
            if not count:
                self._on_end()
                return
            try:
                if self._state is _HEAD and not self._held:
                    self.began = True
                    self._take_head(bytes(_VIEW[:count]))
                else:
                    self._take(bytes(_VIEW[:count]))
            except (BadAnswer, BadCoding):
                self._break()
                return
            if count < _BUFFER_BYTES and not ended:
                return

    def _take(self, data: bytes) -> None:
        """Some bytes of the answer.

        Raises:
            BadAnswer, BadCoding: They are none.
        """
        state, receiver = self._state, self.receiver
        if receiver is None:
            raise BadAnswer  # nobody has asked
        self.began = True
        if state is _HEAD:
            self._take_head(self._held + data if self._held else data)
        elif state is _State.LENGTH:
            left = self._left = self._left - len(data)
            if left > 0:
                receiver.on_body(data, complete=False)
            else:
                if left:
                    data, self._keep_alive = data[:left], False
                self._finish()
                receiver.on_body(data, complete=True)
        elif state is _State.CHUNKED:
            body, complete = self._unchunked(data)
            if complete:
                self._finish()
            if body or complete:
                receiver.on_body(body, complete=complete)
        else:
            receiver.on_body(data, complete=False)

    def _take_head(self, data: bytes) -> None:
        while True:  # there may be many before the one that counts
            end = data.find(b"\r\n\r\n")
            if end < 0 or end > _HEAD_BYTES:
                if len(data) > _HEAD_BYTES:
                    raise BadAnswer
                self._held = data
                return
            self._held = b""
            head = read(data[:end], self._memory)
            body = data[end + 4 :]
            if head.status >= 200:
                break
            if head.status == 101:
                self._leave_http(head, body)
                return
            data = body
        receiver = self.receiver
        assert receiver is not None  # noqa: S101 - `_take` has looked
        self._keep_alive = head.keep_alive
        if head.length == len(body) and not self._is_head and head.status not in _BODILESS:
            self._finish()
            receiver.on_answer(head, body, complete=True)
            return
        complete = self._begin_body(head, len(body))
        if self._state is _State.CHUNKED:
            body, complete = self._unchunked(body)
        elif complete and self._left < 0:
            body, self._keep_alive = body[: self._left], False
        if complete:
            self._finish()
        receiver.on_answer(head, body, complete=complete)

    def _leave_http(self, head: ResponseHead, rest: bytes) -> None:
        """Another protocol from here on."""
        receiver = self.receiver
        assert receiver is not None  # noqa: S101 - as above
        self._state = _State.RAW
        self._keep_alive = False
        receiver.on_answer(head, rest, complete=False)

    def _begin_body(self, head: ResponseHead, there: int) -> bool:
        """How the body is read; whether all of it is there. `_left` is below 0 by what is over."""
        if self._is_head or head.status in _BODILESS:
            self._left = -there
            return True
        if head.chunked:
            self._state = _State.CHUNKED
            self._chunks = ChunkedReader()
            return False
        if head.length is None:
            self._state = _State.UNTIL_END
            self._keep_alive = False
            return False
        self._state = _State.LENGTH
        self._left = head.length - there
        return self._left <= 0

    def _unchunked(self, data: bytes) -> tuple[bytes, bool]:
        chunks = self._chunks
        assert chunks is not None  # noqa: S101 - the state says so
        body = chunks.feed(data)
        if chunks.complete and chunks.rest:
            self._keep_alive = False
        return body, chunks.complete

    def _finish(self) -> None:
        """The answer is complete: the next request may have the connection."""
        self.receiver = None
        self._chunks = None
        if self._keep_alive and self.asked and not self._unsent:
            self._state = _IDLE
            self._paused = False
            self._pool.give(self)
        else:
            self.close()

    def _on_end(self) -> None:
        """The other end has sent its last byte."""
        if self._state in {_State.UNTIL_END, _State.RAW}:
            receiver, self.receiver = self.receiver, None
            if self._state is _State.UNTIL_END:
                self.close()
            if receiver is not None:
                receiver.on_body(b"", complete=True)
        else:
            self._break()

    def _on_room(self) -> None:
        if self.receiver is not None:
            self.receiver.on_room()

    def _break(self) -> None:
        receiver, self.receiver = self.receiver, None
        self.close()
        if receiver is not None:
            receiver.on_broken()

    # Its end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the socket; the receiver is not told."""
        if self._state is _CLOSED:
            return
        self._state = _CLOSED
        self.closed = True
        self.receiver = None
        self._unsent = self._held = b""
        self._pool.forget(self)
        self._sock.close()
