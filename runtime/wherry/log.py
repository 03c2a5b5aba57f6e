"""Log lines: JSON for machines, short text for a terminal; every line knows its call.

Two ways in. `logging` records of the function and of Wherry pass through a formatter that adds
call and trace ids from the current context, replaces secrets that were read, and escapes control
characters. The access line does not pass through `logging`, which costs 7 us a line: it is one
template, collected and written a few times a second.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import TYPE_CHECKING

import orjson

from wherry.context import CURRENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from wherry.config import Config
    from wherry.context import Context

_FIELD_LIMIT = 2048
_TRACEBACK_LIMIT = 16384
_STAMP_S = 0.001
_GATHERED = 128
_HARMLESS_PATHS = 512
_HARMLESS_CHARS = 128
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(0x7F, 0xA0))}
_ESCAPES |= {0x2028: "\\u2028", 0x2029: "\\u2029"}
_ESCAPES_BUT_NEWLINE = {code: text for code, text in _ESCAPES.items() if code not in {9, 10}}


def _unchanged(text: str) -> str:
    return text


class _Formatter(logging.Formatter):
    """What both shapes share: the call, redaction, limits."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def message_of(self, record: logging.LogRecord) -> str:
        return self._redact(record.getMessage()).translate(_ESCAPES_BUT_NEWLINE)[:_FIELD_LIMIT]

    def traceback_of(self, record: logging.LogRecord) -> str:
        if not record.exc_info:
            return ""
        return self._redact(self.formatException(record.exc_info))[-_TRACEBACK_LIMIT:]


class JsonFormatter(_Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for `record`, without its newline."""
        line: dict[str, object] = {
            "ts": _timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message_of(record),
        }
        context = CURRENT.get()
        if context is not None:
            line["call_id"] = context.call_id
            line["function"] = context.function
            if context.trace is not None:
                line["trace_id"] = context.trace.trace_id
                line["span_id"] = context.trace.parent_id
        traceback = self.traceback_of(record)
        if traceback:
            line["exception"] = traceback
        return orjson.dumps(line, default=str).decode()


class ConsoleFormatter(_Formatter):
    """Time, level, message, and the call in brackets."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for `record`, and its traceback below it."""
        context = CURRENT.get()
        call = f" [{context.call_id}]" if context is not None else ""
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        line = f"{clock} {record.levelname.lower():<7} {self.message_of(record)}{call}"
        traceback = self.traceback_of(record)
        return f"{line}\n{traceback}" if traceback else line


def configure(config: Config, redact: Callable[[str], str] = _unchanged) -> None:
    """Send all `logging` records to standard error in the configured shape."""
    handler = logging.StreamHandler(sys.stderr)
    shape = JsonFormatter if config.log_format == "json" else ConsoleFormatter
    handler.setFormatter(shape(redact))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.log_level.upper())


def _timestamp(seconds: float) -> str:
    whole = int(seconds)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{int(seconds % 1 * 1000):03}Z"


class AccessLog:
    """Access lines, gathered and written together.

    Lines are added from any thread; `flush` is called by the server's clock and when enough have
    gathered. A process that is killed loses the lines of its last tenth of a second.

    Attributes:
        named: Whether a line says which function was called; for processes with several.
    """

    def __init__(self, *, json: bool, descriptor: int = 2) -> None:
        self._json = json
        self.named = False
        self._descriptor = descriptor
        self._lines: list[str] = []
        self._harmless: set[str] = set()
        self._stamped_at = 0.0
        self._opening = ""

    def add(
        self, context: Context, method: str, path: str, status: int, size: int, seconds: float
    ) -> None:
        """Note one answered call; `path` has no query, `size` is bytes of body."""
        now = time.time()
        if not 0 <= now - self._stamped_at < _STAMP_S:
            self._open(now)
        if path not in self._harmless:
            path = self._made_harmless(path)
        name = context.function if self.named else ""
        if self._json:
            trace = context.trace
            function = f'"function":"{name}",' if name else ""
            traced = "" if trace is None else f',"trace_id":"{trace.trace_id}"'
            line = (
                f'{self._opening}{method}","path":"{path}",{function}"status":{status},'
                f'"bytes":{size},"seconds":{seconds:.6f},"call_id":"{context.call_id}"{traced}}}\n'
            )
        else:
            function = f"{name}: " if name else ""
            line = (
                f"{self._opening}{function}{method} {path} {status} {size} B "
                f"{seconds * 1000:.1f} ms [{context.call_id}]\n"
            )
        lines = self._lines
        lines.append(line)
        if len(lines) >= _GATHERED:
            self.flush()

    def _made_harmless(self, path: str) -> str:
        """The path as it may stand in a line of JSON; those that may as they are, are remembered.

        A set lookup costs a fifth of what it costs to look at the characters.
        """
        if not path.isascii() or not path.isprintable() or '"' in path or "\\" in path:
            path = path.translate(_ESCAPES).encode("ascii", "backslashreplace").decode()
            return path.replace("\\", "\\\\").replace('"', '\\"')[:_FIELD_LIMIT]
        if len(path) > _HARMLESS_CHARS:
            return path[:_FIELD_LIMIT]
        if len(self._harmless) < _HARMLESS_PATHS:
            self._harmless.add(path)
        return path

    def _open(self, now: float) -> None:
        """Make what all lines of this millisecond begin with."""
        self._stamped_at = now
        if self._json:
            self._opening = (
                f'{{"ts":"{_timestamp(now)}","level":"info","logger":"wherry.access","method":"'
            )
        else:
            self._opening = f"{time.strftime('%H:%M:%S', time.gmtime(now))} "

    def discard(self) -> None:
        """Forget what has gathered: a child process would write its parent's lines once more."""
        self._lines.clear()

    def flush(self) -> None:
        """Write what has gathered; a log that cannot be written never fails a call."""
        lines, self._lines = self._lines, []
        if lines:
            try:
                os.write(self._descriptor, "".join(lines).encode())
            except OSError:
                return
