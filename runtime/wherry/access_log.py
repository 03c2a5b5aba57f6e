"""The line of each call, gathered and written together.

It does not pass through `logging`, which costs 7 us a line: it is one template. What `wherry.log`
says of lines holds here, too: one JSON object each for machines, short text for a terminal.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from wherry.log import escaped_line, timestamp

if TYPE_CHECKING:
    from wherry.context import Context

_PATH_CHARS = 2048
_STAMP_S = 0.001
_GATHERED = 128
_HARMLESS_PATHS = 512
_MICROSECONDS = 1_000_000
_HARMLESS_CHARS = 128


class _Durations(dict[int, str]):
    """Microseconds to the seconds that a line has; short ones are remembered.

    Formatting a float costs as much as the rest of the line, and a whole number half of that.
    """

    _MOST = 8_192

    def __missing__(self, micros: int) -> str:
        if not 0 <= micros < _MICROSECONDS:
            return f"{micros / _MICROSECONDS:.6f}"
        seconds = f"0.{micros:06}"
        if micros < self._MOST:
            self[micros] = seconds
        return seconds


_DURATIONS = _Durations()


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
        self._stamped_at = float("-inf")
        self._opening = ""

    def add(
        self,
        context: Context,
        method: str,
        path: str,
        status: int,
        size: int,
        seconds: float,
        now: float,
    ) -> None:
        """Note one answered call.

        Args:
            context: Its context.
            method: Its method.
            path: Its path, without the query.
            status: What it was answered.
            size: Bytes of body in the answer.
            seconds: What it took.
            now: Monotonic seconds of this moment.
        """
        if now - self._stamped_at >= _STAMP_S:
            self._stamped_at = now
            self._open(time.time())
        if path not in self._harmless:
            path = self._made_harmless(path)
        took = _DURATIONS[int(seconds * _MICROSECONDS)]
        if self._json:
            trace = context.trace
            function = f'"function":"{context.function}",' if self.named else ""
            traced = "" if trace is None else f',"trace_id":"{trace.trace_id}"'
            line = (
                f'{self._opening}{method}","path":"{path}",{function}"status":{status},'
                f'"bytes":{size},"seconds":{took},"call_id":"{context.call_id}"{traced}}}\n'
            )
        else:
            function = f"{context.function}: " if self.named else ""
            line = (
                f"{self._opening}{function}{method} {path} {status} {size} B "
                f"{took} s [{context.call_id}]\n"
            )
        lines = self._lines
        lines.append(line)
        if len(lines) >= _GATHERED:
            self.flush()

    def _made_harmless(self, path: str) -> str:
        """The path as it may stand in a line; those that may as they are, are remembered.

        A set lookup costs a fifth of what it costs to look at the characters.
        """
        if not path.isascii() or not path.isprintable() or '"' in path or "\\" in path:
            path = escaped_line(path)[:_PATH_CHARS]
            return path.replace("\\", "\\\\").replace('"', '\\"')
        if len(path) > _HARMLESS_CHARS:
            return path[:_PATH_CHARS]
        if len(self._harmless) < _HARMLESS_PATHS:
            self._harmless.add(path)
        return path

    def _open(self, now: float) -> None:
        """Make what all lines of this millisecond begin with."""
        stamp = timestamp(now)
        if self._json:
            self._opening = f'{{"ts":"{stamp}","level":"info","logger":"wherry.access","method":"'
        else:
            self._opening = f"{stamp[11:19]} "

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
