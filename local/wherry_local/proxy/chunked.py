"""The chunked transfer coding, read strictly (RFC 9112 section 7.1). Sans I/O.

A chunk's size is hexadecimal digits and CRLF, an extension is passed over, trailers are dropped.
Whatever is not exactly that is refused: what two readers read in two ways is how requests are
smuggled.
"""

from __future__ import annotations

import enum
import re

_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[\t -~\x80-\xff]*)?")
_TRAILER = re.compile(rb"[!#-'*+.^-z|~0-9A-Z-]+:[\t -~\x80-\xff]*")
_LONGEST_LINE = 4096
_MOST_TRAILERS_BYTES = 16 * 1024


class BadCoding(ValueError):  # noqa: N818 - named for the state
    """The bytes are no chunked body."""


class _Part(enum.Enum):
    SIZE = enum.auto()
    CONTENT = enum.auto()
    END_OF_CHUNK = enum.auto()
    TRAILERS = enum.auto()


class ChunkedReader:
    """Takes the bytes of one body, in pieces as they come.

    Attributes:
        complete: Whether the body has ended.
        rest: What came behind it.
    """

    __slots__ = ("_held", "_left", "_part", "_trailers", "complete", "rest")

    def __init__(self) -> None:
        self._held = b""
        self._left = 0
        self._part = _Part.SIZE
        self._trailers = 0
        self.complete = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """The content in `data`.

        Raises:
            BadCoding: It is no chunked body.
        """
        data = self._held + data
        self._held = b""
        found: list[bytes] = []
        position = 0
        while not self.complete and position < len(data):
            if self._part is _Part.CONTENT:
                piece = data[position : position + self._left]
                found.append(piece)
                position += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._part = _Part.END_OF_CHUNK
                continue
            end = data.find(b"\n", position)
            if end < 0:
                self._held = data[position:]
                if len(self._held) > _LONGEST_LINE:
                    raise BadCoding
                return b"".join(found)
            if end == position or data[end - 1] != 13:
                raise BadCoding
            self._take_line(data[position : end - 1])
            position = end + 1
        if self.complete:
            self.rest = data[position:]
        return found[0] if len(found) == 1 else b"".join(found)

    def _take_line(self, line: bytes) -> None:
        if self._part is _Part.SIZE:
            size = _SIZE.fullmatch(line)
            if size is None:
                raise BadCoding
            self._left = int(size[1], 16)
            self._part = _Part.CONTENT if self._left else _Part.TRAILERS
        elif self._part is _Part.END_OF_CHUNK:
            if line:
                raise BadCoding
            self._part = _Part.SIZE
        elif not line:
            self.complete = True
        else:
            self._trailers += len(line)
            if _TRAILER.fullmatch(line) is None or self._trailers > _MOST_TRAILERS_BYTES:
                raise BadCoding
