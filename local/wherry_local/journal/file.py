"""The file of one function's log: two generations of bounded size, `NAME.NAMESPACE.log` and `.1`.

What a replica wrote at a time is a record: a separator, when, who and where to in a line, and then
its lines as they came. The separator stands nowhere else, so that a record that was cut short by
the end of the platform, or of the disk, spoils no other.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from wherry_local.journal.chunk import Chunk

_SEPARATOR = b"\x1e"
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


class LogFile:
    """Keeps chunks in a file.

    Args:
        path: Where; `.1` behind it is the generation before.
        limit_bytes: Size at which a new generation begins.
    """

    def __init__(self, path: Path, *, limit_bytes: int) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._descriptor: int | None = None
        self._size = 0

    @property
    def _before(self) -> Path:
        return self._path.with_name(f"{self._path.name}.1")

    def add(self, chunk: Chunk) -> None:
        """Keep a chunk; a disk that takes nothing more costs no more than the chunk."""
        content = chunk.content.replace(_SEPARATOR, b"?")
        head = f"{chunk.at:.3f} {chunk.replica} {chunk.stream}\n".encode()
        with suppress(OSError):
            descriptor = self._opened()
            self._size += os.write(descriptor, b"".join((_SEPARATOR, head, content)))
            if self._size > self._limit_bytes:
                self.close()
                self._path.replace(self._before)

    def newest(self, limit_bytes: int) -> list[Chunk]:
        """The newest chunks, oldest first, of about so many bytes together."""
        current = _tail(self._path, limit_bytes)
        before = (
            _tail(self._before, limit_bytes - len(current)) if len(current) < limit_bytes else b""
        )
        return [*_chunks(before), *_chunks(current)]

    def close(self) -> None:
        """Close the file; the next chunk opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def remove(self) -> None:
        """Delete both generations."""
        self.close()
        for path in (self._path, self._before):
            path.unlink(missing_ok=True)

    def _opened(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self._path, _FLAGS, 0o600)
            self._size = os.fstat(self._descriptor).st_size
        return self._descriptor


def _tail(path: Path, limit_bytes: int) -> bytes:
    """The end of a file, from a record's beginning on."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - limit_bytes))
            content = file.read()
    except OSError:
        return b""
    begin = content.find(_SEPARATOR)
    return content[begin:] if begin >= 0 else b""


def _chunks(content: bytes) -> list[Chunk]:
    found = []
    for record in content.split(_SEPARATOR)[1:]:
        head, _, lines = record.partition(b"\n")
        words = head.decode("utf-8", "replace").split(" ")
        with suppress(ValueError):
            at, replica, stream = words
            whole = lines if lines.endswith(b"\n") else lines + b"\n"
            found.append(Chunk(float(at), replica, stream, whole))
    return found
