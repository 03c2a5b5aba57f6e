"""The head of an answer, as bytes.

Sans I/O. One join for each answer; what repeats between answers (status lines, the date) is made
once. Names and values have been validated where the `Reply` was made.
"""

from __future__ import annotations

from time import gmtime

from wherry.problem import phrase
from wherry.reply import Headers, Reply

BODILESS = frozenset({204, 304})
"""Statuses that carry neither body nor length (RFC 9110 section 6.4.1)."""
_END = b"\r\n"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 - as it is read


class StatusLines(dict[int, bytes]):
    """Status code to its line, with the header that every answer of ours has."""

    def __missing__(self, status: int) -> bytes:
        line = b"HTTP/1.1 %d %s\r\nx-content-type-options: nosniff\r\n" % (
            status,
            phrase(status).encode("ascii"),
        )
        if 100 <= status < 600:
            self[status] = line
        return line


class Lengths(dict[int, bytes]):
    """Length of a body to the end of a head; those of small bodies are remembered."""

    _MOST = 4096

    def __missing__(self, length: int) -> bytes:
        line = b"content-length: %d\r\n\r\n" % length
        if length < self._MOST:
            self[length] = line
        return line


STATUS_LINES = StatusLines()
LENGTHS = Lengths()


def date_line(seconds: float) -> bytes:
    """The `Date` header for a moment of the wall clock."""
    return b"date: %s\r\nx-call-id: " % http_date(seconds).encode("ascii")


def http_date(seconds: float) -> str:
    """A moment of the wall clock as HTTP has it (RFC 9110 section 5.6.7)."""
    # The standard library's own costs 10 ms to import, and `strftime` speaks the locale's language.
    at = gmtime(seconds)
    day, month = _DAYS[at.tm_wday], _MONTHS[at.tm_mon - 1]
    clock = f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
    return f"{day}, {at.tm_mday:02} {month} {at.tm_year} {clock} GMT"


def encode_head(
    status: int, headers: Headers, *, date: bytes, call_id: str, framing: bytes
) -> bytes:
    """Everything up to and including the empty line.

    Args:
        status: Status code.
        headers: Names and values of the reply.
        date: What `date_line` gave for this second.
        call_id: Value of `X-Call-Id`.
        framing: Complete lines for length, transfer coding and connection.
    """
    parts = [STATUS_LINES[status], date, call_id.encode("ascii"), _END]
    for name, value in headers:
        parts += (name, b": ", value, _END)
    parts += (framing, _END)
    return b"".join(parts)


def encode_whole(reply: Reply, date: bytes, call_id: str, length: int, body: bytes) -> bytes:
    """Head and body of an HTTP/1.1 answer whose connection stays open; most answers are that.

    Args:
        reply: Whose status and headers are meant.
        date: What `date_line` gave for this second.
        call_id: Value of `X-Call-Id`.
        length: Length of the body, sent or not.
        body: What is sent of it: all, or nothing to a HEAD.
    """
    status, lines = reply.status, reply.lines
    ending = _END if status in BODILESS else LENGTHS[length]
    if lines is not None:
        return b"".join(
            (STATUS_LINES[status], date, call_id.encode("ascii"), _END, lines, ending, body)
        )
    parts = [STATUS_LINES[status], date, call_id.encode("ascii"), _END]
    for name, value in reply.headers:
        parts += (name, b": ", value, _END)
    parts += (ending, body)
    return b"".join(parts)


def framing_of(
    *, status: int, length: int | None, keep_alive: bool, http_1_0: bool
) -> tuple[bytes, bool]:
    """Lines that frame a body, and whether its chunks are to be coded as `chunked`.

    Args:
        status: Status code; 204 and 304 carry neither body nor length.
        length: Bytes of body, or None when they are not known beforehand.
        keep_alive: Whether the connection stays open after this answer.
        http_1_0: Whether the caller speaks HTTP/1.0, which has no chunked coding.
    """
    chunked = False
    if status in BODILESS:
        lines = b""
    elif length is not None:
        lines = b"content-length: %d\r\n" % length
    elif http_1_0:
        lines = b""
    else:
        lines, chunked = b"transfer-encoding: chunked\r\n", True
    if not keep_alive:
        lines += b"connection: close\r\n"
    elif http_1_0:
        lines += b"connection: keep-alive\r\n"
    return lines, chunked
