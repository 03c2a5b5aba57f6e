"""The head of an answer from a replica, read strictly and at one look. Sans I/O.

A replica may be anything that a container holds. A head that is not exactly HTTP/1.1, or whose
framing could be read in two ways, is no answer (RFC 9112 section 6.3). Fields of the connection are
left out; all others stay as they came. Lines that servers repeat are remembered, and looked up
instead of read.
"""

from __future__ import annotations

import re
from typing import Final

KEEP: Final = -1
_DROP: Final = -2
_CHUNKED: Final = -3
_CLOSE: Final = -4
_NAMING: Final = -5
_UPGRADE: Final = -6
_DATE: Final = -7

_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: ([\t -~\x80-\xff]*))?")
_NAME = re.compile(rb"[!#-'*+.^-z|~0-9A-Z-]+")
_FIELD = re.compile(rb"([!#-'*+.^-z|~0-9A-Z-]+):[ \t]*([\t -~\x80-\xff]*)")
_OURS = b"x-call-id: "
_LENGTH_DIGITS = 15
_MOST = 512
_LONGEST = 192
_MOST_FIELDS = 200
# Names whose values servers repeat, and which hold no secret: only their lines are remembered.
_STEADY = frozenset(
    b"accept-ranges cache-control connection content-encoding content-length content-type date "
    b"keep-alive server transfer-encoding vary x-content-type-options".split()
)
# Fields of the connection, and those that the proxy sets itself.
_DROPPED = frozenset(
    b"keep-alive proxy-connection proxy-authenticate te trailer x-call-id x-start-time "
    b"x-served-by".split()
)


class BadAnswer(ValueError):  # noqa: N818 - named for the state
    """What came is no HTTP/1.1 answer."""


class ResponseHead:
    """What the head of an answer says.

    Attributes:
        status: Its status.
        line: Its status line, of HTTP/1.1.
        lines: Its fields as they came, without those of the connection.
        length: Bytes of body that follow; None where that is not known beforehand.
        chunked: Whether the body is in chunks.
        keep_alive: Whether the connection may be used again.
        upgrade: Value of `Upgrade`, lower case; empty without.
        dated: Whether there is a `Date`.
        named: What `Connection` names, where that is more than one word.
    """

    __slots__ = (
        *("chunked", "dated", "keep_alive", "length", "line", "lines", "named", "status"),
        "upgrade",
    )

    def __init__(self, status: int, line: bytes, lines: list[bytes], *, keep_alive: bool) -> None:
        self.status = status
        self.line = line
        self.lines = lines
        self.keep_alive = keep_alive
        self.length: int | None = None
        self.chunked = False
        self.upgrade = b""
        self.dated = False
        self.named = b""

    def note(self, meaning: int, line: bytes) -> None:
        """Take a line that few answers have.

        Raises:
            BadAnswer: There can be no such line, beside those before it.
        """
        if meaning == _CHUNKED and not self.chunked:
            self.chunked = True
        elif meaning == _CLOSE:
            self.keep_alive = False
        elif meaning == _NAMING:
            self.named += b"," + line.partition(b":")[2]
        elif meaning == _UPGRADE:
            self.upgrade = line.partition(b":")[2].strip(b" \t").lower()
        else:
            raise BadAnswer

    def fields(self) -> list[tuple[bytes, bytes]]:
        """Names and values of `lines`."""
        pairs = (line.partition(b":") for line in self.lines)
        return [(name, value.strip(b" \t")) for name, _, value in pairs]


class Memory:
    """What is remembered of lines that were met before; bounded."""

    __slots__ = ("_names", "_statuses", "lines")

    def __init__(self) -> None:
        self.lines: dict[bytes, int] = {}
        self._names: dict[bytes, bytes] = {}
        self._statuses: dict[bytes, tuple[int, bytes, bool]] = {}

    def status(self, line: bytes) -> tuple[int, bytes, bool]:
        """Status, line of HTTP/1.1, and whether the other end speaks that.

        Raises:
            BadAnswer: It is no status line.
        """
        known = self._statuses.get(line)
        if known is None:
            found = _LINE.fullmatch(line)
            if found is None:
                raise BadAnswer
            reason = (found[3] or b"").strip(b" \t")
            shown = b"HTTP/1.1 %s %s" % (found[2], reason)
            known = (int(found[2]), shown, found[1] == b"1")
            if len(self._statuses) < _MOST and len(line) <= _LONGEST:
                self._statuses[line] = known
        return known

    def learn(self, line: bytes) -> int:
        """What a line means: one of the constants above, or the length of the body.

        Raises:
            BadAnswer: It is no field.
        """
        raw, _, value = line.partition(b": ")
        name = self._names.get(raw)
        text = value.decode("latin-1")
        # Nearly every line that is met anew, for a fifth of what the expression costs.
        if name is None or not (text.isascii() and text.isprintable()):
            found = _FIELD.fullmatch(line)
            if found is None:
                raise BadAnswer
            raw, value = found.groups()
            name = raw.lower()
            if len(self._names) < _MOST and len(raw) <= _LONGEST:
                self._names[raw] = name
        meaning = _meaning(name, value.strip(b" \t"))
        if name in _STEADY and len(line) <= _LONGEST:
            if len(self.lines) >= _MOST:
                self.lines.clear()
            self.lines[line] = meaning
        return meaning


def read(head: bytes, memory: Memory) -> ResponseHead:
    """Read a head, without the empty line that ends it.

    Raises:
        BadAnswer: It is none.
    """
    lines = head.split(b"\r\n")
    status, line, is_1_1 = memory.status(lines[0])
    del lines[0]
    if len(lines) > _MOST_FIELDS:
        raise BadAnswer
    kept: list[bytes] = []
    found = ResponseHead(status, line, kept, keep_alive=is_1_1)
    known, keep = memory.lines.get, kept.append
    for each in lines:
        meaning = known(each)
        if meaning is None:
            # The call id, as every replica of ours has it, is never twice the same.
            meaning = _DROP if each.startswith(_OURS) else memory.learn(each)
        if meaning == KEEP:
            keep(each)
        elif meaning == _DATE:
            keep(each)
            found.dated = True
        elif meaning >= 0 and found.length is None:
            found.length = meaning
        elif meaning != _DROP:
            found.note(meaning, each)
    if found.chunked and (found.length is not None or not is_1_1):
        raise BadAnswer
    if found.named:
        _drop_named(found)
    return found


def _drop_named(found: ResponseHead) -> None:
    """Leave out the fields that `Connection` names (RFC 9110 section 7.6.1)."""
    named = {each.strip(b" \t") for each in found.named.lower().split(b",")}
    if b"close" in named:
        found.keep_alive = False
    found.lines[:] = [each for each in found.lines if each.partition(b":")[0].lower() not in named]


def _meaning(name: bytes, value: bytes) -> int:
    if name == b"content-length":
        if not value.isdigit() or len(value) > _LENGTH_DIGITS:
            raise BadAnswer
        return int(value)
    if name == b"transfer-encoding":
        if value.lower() != b"chunked":
            raise BadAnswer
        return _CHUNKED
    if name == b"connection":
        said = value.lower()
        return _CLOSE if said == b"close" else _DROP if said == b"keep-alive" else _NAMING
    if name == b"upgrade":
        return _UPGRADE
    if name == b"date":
        return _DATE
    return _DROP if name in _DROPPED else KEEP
