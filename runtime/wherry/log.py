"""Log lines: JSON for machines, short text for a terminal; every line knows its call.

Two ways in. `logging` records of the function and of Wherry pass through a formatter that adds
call and trace ids from the current context, replaces secrets that were read, and escapes control
characters. The access line does not pass through `logging`, which costs 7 us a line: it is one
template, collected and written a few times a second.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from wherry.context import CURRENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from wherry.config import Config

_FIELD_LIMIT = 2048
_TRACEBACK_LIMIT = 16384
_STANDARD_STREAMS = frozenset({"stdout", "stderr"})
# Not orjson: the first line of a start would wait for its import.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(0x7F, 0xA0))}
_ESCAPES |= {0x2028: "\\u2028", 0x2029: "\\u2029"}
_ESCAPES_BUT_NEWLINE = {code: text for code, text in _ESCAPES.items() if code not in {9, 10}}


def _unchanged(text: str) -> str:
    return text


class LineFormatter(logging.Formatter, ABC):
    """What both shapes share: the call, redaction, limits, and nothing that ends a line early."""

    def __init__(self, redact: Callable[[str], str] = _unchanged) -> None:
        super().__init__()
        self.redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The line for `record`, without its newline."""
        exception = ""
        if record.exc_info:
            exception = self.redact(self.formatException(record.exc_info))[-_TRACEBACK_LIMIT:]
        level, message = record.levelname.lower(), self.redact(record.getMessage())[:_FIELD_LIMIT]
        return self.line(record.created, level, record.name, message, exception)

    @abstractmethod
    def line(
        self, created: float, level: str, logger: str, message: str, exception: str = ""
    ) -> str:
        """A line of these parts, and of the call that this code runs for."""


class JsonFormatter(LineFormatter):
    """One JSON object a line."""

    def line(
        self, created: float, level: str, logger: str, message: str, exception: str = ""
    ) -> str:
        """The object; see `LineFormatter.line`."""
        line: dict[str, object] = {
            "ts": timestamp(created),
            "level": level,
            "logger": logger,
            "message": _escaped(message),
        }
        context = CURRENT.get()
        if context is not None:
            line["call_id"] = context.call_id
            line["function"] = context.function
            if context.revision:
                line["revision"] = context.revision
            if context.trace is not None:
                line["trace_id"] = context.trace.trace_id
                line["span_id"] = context.trace.parent_id
        if exception:
            line["exception"] = _escaped(exception)
        return _encode(line)


class ConsoleFormatter(LineFormatter):
    """Time, level, message, and the call in brackets; what follows a newline is indented."""

    def line(
        self, created: float, level: str, logger: str, message: str, exception: str = ""
    ) -> str:
        """The text; see `LineFormatter.line`."""
        context = CURRENT.get()
        call = f" [{context.call_id}]" if context is not None else ""
        clock = time.strftime("%H:%M:%S", time.localtime(created))
        if logger in _STANDARD_STREAMS:
            level = logger
        line = f"{clock} {level:<7} {_escaped(message)}{call}"
        if exception:
            line = f"{line}\n{_escaped(exception)}"
        return line.replace("\n", "\n  ")


def formatter_of(config: Config, redact: Callable[[str], str] = _unchanged) -> LineFormatter:
    """The configured shape of lines."""
    return JsonFormatter(redact) if config.log_format == "json" else ConsoleFormatter(redact)


def configure(config: Config, redact: Callable[[str], str] = _unchanged) -> None:
    """Send all `logging` records to standard error in the configured shape."""
    handler = logging.StreamHandler(getattr(sys.stderr, "captured", sys.stderr))
    handler.setFormatter(formatter_of(config, redact))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.log_level.upper())


def _escaped(text: str) -> str:
    """The text with nothing in it that a terminal or a reader of lines would obey."""
    text = text.translate(_ESCAPES_BUT_NEWLINE)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def escaped_line(text: str) -> str:
    """The same for text that must stay on one line."""
    return _escaped(text.translate(_ESCAPES))


def timestamp(seconds: float) -> str:
    """The moment of the wall clock as lines have it, to the millisecond."""
    whole = int(seconds)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{int(seconds % 1 * 1000):03}Z"
