"""Bodies that came compressed: never undone here, and said so where they cannot be read.

A body of a kilobyte may hold a gigabyte, so what a sender has coded stays as it is. Whoever takes
bytes gets those; where JSON or an event was to be read from them the answer is 415. It is looked at
only after reading has failed, so that an ordinary call pays nothing. This module must not know how
bodies are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherry.errors import RequestRefused
from wherry.problem import Problem

if TYPE_CHECKING:
    from wherry.request import Request

DETAIL = "the body has a content coding, and none is undone here; send it without Content-Encoding"


def is_coded(request: Request) -> bool:
    """Whether `request` has a Content-Encoding but `identity` (RFC 9110 section 8.4)."""
    return any(
        name.lower() == b"content-encoding" and value.strip().lower() not in {b"", b"identity"}
        for name, value in request.headers
    )


def why_unread(request: Request, refusal: RequestRefused) -> RequestRefused:
    """`refusal` of what could not be read, or a 415 where the body's coding is the reason."""
    of_body = getattr(refusal, "attribute", "") in {"", "data"}
    if refusal.problem.status != 400 or not of_body or not is_coded(request):
        return refusal
    return RequestRefused(Problem(status=415, detail=DETAIL))
