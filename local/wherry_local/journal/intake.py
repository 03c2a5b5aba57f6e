"""Takes what a replica writes from its pipe to the journal, line by line.

A replica that writes more than is read is held up at its pipe: nothing gathers here but one line
that is not ended yet.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

from wherry_local.journal.chunk import Chunk

_READ_BYTES = 65_536
_LINE_BYTES = 65_536
_FLOOD_REST_S = 0.01


class Intake:
    """Reads one pipe until its end.

    Args:
        descriptor: The reading end, which is ours from now on.
        replica: Who writes.
        stream: `stdout` or `stderr`.
        keep: Takes whole lines.
        redact: Replaces in whole lines what must not be kept.
    """

    def __init__(
        self,
        descriptor: int,
        *,
        replica: str,
        stream: str,
        keep: Callable[[Chunk], object],
        redact: Callable[[bytes], bytes] = bytes,
    ) -> None:
        os.set_blocking(descriptor, False)
        self._loop = asyncio.get_running_loop()
        self._descriptor = descriptor
        self._replica = replica
        self._stream = stream
        self._keep = keep
        self._redact = redact
        self._rest = b""
        self._is_over = False
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(descriptor, self._read)

    def close(self) -> None:
        """Read what is there, and no more: whoever holds the pipe now is no business of ours."""
        while not self._is_over and self._take():
            continue
        self._end()

    def _read(self) -> None:
        if self._take() >= _READ_BYTES and not self._is_over:  # a flood: the others come first
            self._loop.remove_reader(self._descriptor)
            self._loop.call_later(_FLOOD_REST_S, self._resume)

    def _resume(self) -> None:
        if not self._is_over:
            self._loop.add_reader(self._descriptor, self._read)

    def _take(self) -> int:
        """Read once; the number of bytes."""
        try:
            content = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return 0
        except OSError:
            content = b""
        if not content:
            self._end()
            return 0
        *_, rest = parts = (self._rest + content).rpartition(b"\n")
        self._rest = rest
        self._put(parts[0] + parts[1])
        while len(self._rest) >= _LINE_BYTES:
            self._put(self._rest[:_LINE_BYTES] + b"\n")
            self._rest = self._rest[_LINE_BYTES:]
        return len(content)

    def _put(self, lines: bytes) -> None:
        if lines:
            self._keep(Chunk(time.time(), self._replica, self._stream, self._redact(lines)))

    def _end(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        if self._rest:
            self._put(self._rest + b"\n")
        self.ended.set_result(None)
