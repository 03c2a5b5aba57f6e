"""What a handler prints: each line becomes a line of the log that names its call.

Standard output and error are replaced once, when a process begins to serve, by streams that ask at
every write which call the writing code runs for. So calls that run at the same time do not mix,
and threads that a handler starts belong to its call where they take its context along. Whatever
belongs to no call goes through as it is, and so do bytes written to `sys.stdout.buffer` or to a
descriptor. This module must not know handlers, servers or requests.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

from wherry.context import CURRENT
from wherry.log import formatter_of

if TYPE_CHECKING:
    from wherry.config import Config
    from wherry.context import Context
    from wherry.log import LineFormatter

_PIECE_CHARS = 2048
_PENDING_CHARS = 65_536
_PENDING_WRITES = 1024


class CapturedStream:
    """Takes the place of a standard stream; everything but text of a call is the stream's own.

    Attributes:
        captured: The stream behind it.
    """

    def __init__(self, stream: TextIO, name: str, formatter: LineFormatter) -> None:
        self.captured = stream
        self._name = name
        self._formatter = formatter
        self._pending: dict[Context, list[str]] = {}
        # Reentrant: a signal handler that prints may interrupt one that does.
        self._lock = threading.RLock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.captured, name)

    def write(self, text: str) -> int:
        """Write text: whole lines at once, the rest when its line or its call has ended."""
        context = CURRENT.get()
        if context is None or not isinstance(text, str):
            return self.captured.write(text)
        with self._lock:
            pending = self._pending.setdefault(context, [])
            pending.append(text)
            if "\n" in text:
                *lines, rest = "".join(pending).split("\n")
                pending[:] = [rest] if rest else []
                self._put(lines)
            elif len(text) > _PENDING_CHARS or len(pending) > _PENDING_WRITES:
                whole = "".join(pending)
                pending[:] = [] if len(whole) > _PENDING_CHARS else [whole]
                if not pending:
                    self._put([whole])
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each of these texts."""
        for line in lines:
            self.write(line)

    def settle(self, is_running: Callable[[Context], bool]) -> None:
        """Write what calls that have ended left without a newline."""
        if not self._pending:
            return
        with self._lock:
            over = [context for context in self._pending if not is_running(context)]
            for context in over:
                rest = "".join(self._pending.pop(context))
                token = CURRENT.set(context)
                try:
                    self._put([rest])
                finally:
                    CURRENT.reset(token)

    def forget(self) -> None:
        """In a child process: what is pending is its parent's to write, and so is the lock."""
        self._lock = threading.RLock()
        self._pending = {}

    def _put(self, lines: list[str]) -> None:
        """Write these lines, long ones in pieces, and no blank ones."""
        formatter, now = self._formatter, time.time()
        made = []
        for line in lines:
            text = formatter.redact(line).rstrip("\r")
            made += [
                formatter.line(now, "info", self._name, text[at : at + _PIECE_CHARS]) + "\n"
                for at in range(0, len(text), _PIECE_CHARS)
            ]
        if made:
            with suppress(OSError, ValueError):  # a log that cannot be written fails no call
                self.captured.write("".join(made))
                self.captured.flush()


class Capture:
    """Both standard streams, captured from now on.

    Args:
        config: The settings: the shape of the lines.
        redact: Replaces secrets in a text.
    """

    def __init__(self, config: Config, redact: Callable[[str], str]) -> None:
        formatter = formatter_of(config, redact)
        self._streams: list[CapturedStream] = []
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None and not isinstance(stream, CapturedStream):
                captured = CapturedStream(stream, name, formatter)
                self._streams.append(captured)
                setattr(sys, name, cast("TextIO", captured))

    def settle(self, is_running: Callable[[Context], bool]) -> None:
        """Write what calls that have ended left without a newline; now and then."""
        for stream in self._streams:
            stream.settle(is_running)

    def forget(self) -> None:
        """In a child process: let go of what is its parent's."""
        for stream in self._streams:
            stream.forget()

    def end(self) -> None:
        """Write what is left, and put the streams back, where nobody has replaced them since."""
        self.settle(lambda _context: False)
        for stream in self._streams:
            for name in ("stdout", "stderr"):
                if getattr(sys, name) is stream:
                    setattr(sys, name, stream.captured)
