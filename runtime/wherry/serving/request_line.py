"""The line that a request begins with, as it stands on the wire.

The parser passes over empty lines before it and over more blanks in it than one, and takes other
protocols than HTTP for it; here it is judged as RFC 9112 section 3 writes it. Sans I/O: it knows
neither the parser nor what follows the line.
"""

from __future__ import annotations

import re

from wherry.problem import Problem

_EMPTY = b"\r\n"
# Compiled when they are first needed, and kept by `re`: most requests come whole.
_LINE = rb"[!-~]+ [!-~]+ HTTP/[0-9]\.[0-9]\r\n"
_PART = rb"(?:[!-~]+(?: (?:[!-~]+(?: [!-~]*\r?)?)?)?)?"
_BLANK_LINES = Problem(status=400, detail="one empty line may come before a request, and no more")
_NO_LINE = Problem(status=400, detail="the request line is not `METHOD target HTTP/1.1`")


def start_of(held: bytes, limit_bytes: int) -> int | Problem:
    """Where the request line begins in what has come so far.

    Returns:
        0 or 2 where the line is complete and good, -1 where more bytes must come first, and a
        problem where it can no longer become good.
    """
    if held == _EMPTY[:1]:
        return -1
    start = len(_EMPTY) if held.startswith(_EMPTY) else 0
    end = held.find(b"\n", start)
    if (end if end >= 0 else len(held)) - start > limit_bytes + 1:
        return Problem(status=414, detail=f"the request line is over {limit_bytes} bytes")
    if held[start : start + 1] in {b"\r", b"\n"}:
        return _BLANK_LINES
    if end < 0:
        return -1 if re.compile(_PART).fullmatch(held, start) is not None else _NO_LINE
    return start if re.compile(_LINE).match(held, start) is not None else _NO_LINE
