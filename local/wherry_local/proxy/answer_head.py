"""The head of an answer as the caller gets it: the replica's fields, in a framing for this caller.

Sans I/O. For every answer but the usual one, whose head `wherry_local.proxy.flight` writes itself.
"""

from __future__ import annotations

from typing import NamedTuple

from wherry.serving.head import BODILESS
from wherry_local.proxy.response_head import ResponseHead

_CHUNKED = b"transfer-encoding: chunked"
_CLOSE = b"connection: close"


class AnswerHead(NamedTuple):
    """What is sent before the body.

    Attributes:
        lines: Status line and fields.
        chunked: Whether the body is sent in chunks.
        keep_alive: Whether the caller's connection stays open behind it.
    """

    lines: list[bytes]
    chunked: bool
    keep_alive: bool


def composed(
    head: ResponseHead, *, whole_bytes: int | None, method: str, http_1_0: bool, keep_alive: bool
) -> AnswerHead:
    """Frame an answer.

    Args:
        head: What the replica said.
        whole_bytes: Length of the body where all of it is there, else None.
        method: Method of the request; the answer to HEAD has no body.
        http_1_0: Whether the caller speaks HTTP/1.0, which has no chunks.
        keep_alive: Whether the connection could stay open.
    """
    framing = _framing(head, whole_bytes, method, http_1_0=http_1_0)
    if framing is None:  # the body ends with the connection
        framing, keep_alive = b"", False
    lines = [head.line, *head.lines]
    if not keep_alive:
        lines.append(_CLOSE)
    elif http_1_0:
        lines.append(b"connection: keep-alive")
    if framing:
        lines.append(framing)
    return AnswerHead(lines, framing is _CHUNKED, keep_alive)


def _framing(
    head: ResponseHead, whole_bytes: int | None, method: str, *, http_1_0: bool
) -> bytes | None:
    """The field that frames the body, empty where there is no body; None where nothing can."""
    if head.status in BODILESS:
        return b""
    if method != "HEAD" and whole_bytes is not None:
        return b"content-length: %d" % whole_bytes
    if head.length is not None:
        return b"content-length: %d" % head.length
    if method == "HEAD":
        return b""
    return None if http_1_0 else _CHUNKED
