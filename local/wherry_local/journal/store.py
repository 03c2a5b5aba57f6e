"""The journal: the newest lines of each function in memory, and more of them in files.

It keeps what replicas write as it came, and reads it when it is asked for; a reader that follows
has a bounded queue of its own. It knows nothing of processes.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import quote
from weakref import WeakSet

from wherry_local.deployment import FunctionKey
from wherry_local.journal.chunk import Chunk, chunk_of, lines_of
from wherry_local.journal.file import LogFile
from wherry_local.journal.line import LogLine

_MEMORY_BYTES = 2 * 1024 * 1024
_FILE_BYTES = 5 * 1024 * 1024
_FOLLOWED_LINES = 2_000
_CHUNK_COST_BYTES = 200


class Follower:
    """A reader of lines as they come; an async iterator, which `aclose` ends.

    Attributes:
        function: Whose lines, or None for all.
        lost: Lines that came faster than they were read.
    """

    def __init__(self, function: FunctionKey | None, limit: int) -> None:
        self.function = function
        self.lost = 0
        self._limit = limit
        self._lines: deque[LogLine] = deque()
        self._news = asyncio.Event()
        self._is_over = False

    def take(self, line: LogLine) -> None:
        """A line has come."""
        if len(self._lines) >= self._limit:
            self._lines.popleft()
            self.lost += 1
        self._lines.append(line)
        self._news.set()

    def __aiter__(self) -> Follower:
        return self

    async def __anext__(self) -> LogLine:
        while not self._lines:
            if self._is_over:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._lines.popleft()

    async def aclose(self) -> None:
        """No more lines are wanted."""
        self.end()

    def end(self) -> None:
        """No more lines come; those that have are still read."""
        self._is_over = True
        self._news.set()


class _FunctionLog:
    """The lines of one function."""

    def __init__(self, file: LogFile, memory_bytes: int) -> None:
        self.file = file
        self.chunks: deque[Chunk] = deque()
        self._memory_bytes = memory_bytes
        self._bytes = 0
        for chunk in file.newest(memory_bytes):
            self.keep(chunk)

    def keep(self, chunk: Chunk) -> None:
        """Keep a chunk in memory, and let go of the oldest for it."""
        self.chunks.append(chunk)
        self._bytes += len(chunk.content) + _CHUNK_COST_BYTES
        while self._bytes > self._memory_bytes and len(self.chunks) > 1:
            self._bytes -= len(self.chunks.popleft().content) + _CHUNK_COST_BYTES


class JournalStore:
    """A `wherry_local.journal.line.Journal`.

    Args:
        folder: Where the files are.
        memory_bytes: What is kept of each function in memory, and can be read.
        file_bytes: Size of each of a function's two files.
    """

    def __init__(
        self,
        folder: Path,
        *,
        memory_bytes: int = _MEMORY_BYTES,
        file_bytes: int = _FILE_BYTES,
    ) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._file_bytes = file_bytes
        self._logs: dict[FunctionKey, _FunctionLog] = {}
        self._followers: WeakSet[Follower] = WeakSet()

    def append(self, line: LogLine) -> None:
        """Keep a line."""
        self.add(line.function, chunk_of(line))

    def tell(self, function: FunctionKey, text: str) -> None:
        """Keep what the platform has to say of a function."""
        now = time.time()
        for each in text.splitlines():
            self.append(
                LogLine(at=now, function=function, replica="-", text=each, stream="platform")
            )

    def add(self, function: FunctionKey, chunk: Chunk) -> None:
        """Keep what a replica wrote at a time."""
        log = self._log(function)
        log.keep(chunk)
        log.file.add(chunk)
        readers = [each for each in self._followers if each.function in {None, function}]
        if readers:
            for line in lines_of(function, chunk):
                for reader in readers:
                    reader.take(line)

    def read(
        self,
        function: FunctionKey | None = None,
        *,
        since: float | None = None,
        tail: int | None = None,
        replica: str = "",
        call_id: str = "",
        containing: str = "",
    ) -> Sequence[LogLine]:
        """The lines that fit, oldest first; of more than `tail` the newest."""
        keys = [function] if function is not None else list(self._logs)
        found: list[LogLine] = []
        for key in keys:
            fitting = (
                line
                for line in self._newest_first(key, since)
                if (not replica or line.replica == replica)
                and (not call_id or line.call_id == call_id)
                and (not containing or containing in line.text)
                and (since is None or line.at >= since)
            )
            found += reversed(list(islice(fitting, tail)))
        found.sort(key=_at)
        return found if tail is None else found[max(0, len(found) - tail) :]

    def follow(self, function: FunctionKey | None = None) -> Follower:
        """Lines from now on, as they come; a reader that is too slow loses the oldest."""
        follower = Follower(function, _FOLLOWED_LINES)
        self._followers.add(follower)
        return follower

    def forget(self, function: FunctionKey) -> None:
        """A function is gone, and its lines with it."""
        self._log(function).file.remove()
        del self._logs[function]

    def close(self) -> None:
        """Close the files, and end whoever follows."""
        for log in self._logs.values():
            log.file.close()
        for follower in list(self._followers):
            follower.end()

    def _log(self, function: FunctionKey) -> _FunctionLog:
        found = self._logs.get(function)
        if found is None:
            file = LogFile(
                self._folder / f"{quote(str(function), safe='')}.log", limit_bytes=self._file_bytes
            )
            found = self._logs[function] = _FunctionLog(file, self._memory_bytes)
        return found

    def _newest_first(self, key: FunctionKey, since: float | None) -> Iterator[LogLine]:
        for chunk in reversed(self._log(key).chunks):
            if since is not None and chunk.at < since:
                return
            yield from reversed(list(lines_of(key, chunk)))


def _at(line: LogLine) -> float:
    return line.at
