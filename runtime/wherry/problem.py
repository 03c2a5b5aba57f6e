"""Problem details for HTTP APIs, as values (RFC 9457).

This module knows the shape of `application/problem+json` and nothing of requests, handlers or
sockets. Nothing that a caller or a handler wrote may enter a problem except through `detail` and
`members`, and whoever fills those answers for what they disclose.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wherry import json_library
from wherry.values import frozen

CONTENT_TYPE = b"application/problem+json"


@frozen
class Problem:
    """One refusal or failure as a caller sees it.

    Attributes:
        status: HTTP status code, 400 to 599.
        detail: One sentence for the caller; never exception text, header or body.
        title: Short name of the kind of problem; the status phrase when left empty.
        members: Extension members, JSON values only (`attribute`, `errors`, `hint`).
        retry_after_s: Whole seconds for `Retry-After`, or None for no such header.
        allow: Value of the `Allow` header of a 405, or None.
    """

    status: int
    detail: str = ""
    title: str = ""
    members: Mapping[str, object] = MappingProxyType({})
    retry_after_s: int | None = None
    allow: str | None = None

    def body(self, call_id: str | None = None) -> bytes:
        """The JSON document, UTF-8, with the call id as the member `call_id` when there is one."""
        document: dict[str, object] = {
            "type": "about:blank",
            "title": self.title or phrase(self.status),
            "status": self.status,
        }
        if self.detail:
            document["detail"] = self.detail
        document.update(self.members)
        if call_id is not None:
            document["call_id"] = call_id
        return json_library.dumps(document)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Headers that belong to this problem, content type first."""
        headers = [(b"content-type", CONTENT_TYPE)]
        if self.retry_after_s is not None:
            headers.append((b"retry-after", b"%d" % self.retry_after_s))
        if self.allow is not None:
            headers.append((b"allow", self.allow.encode("ascii")))
        return headers


def phrase(status: int) -> str:
    """The standard reason phrase of `status`, or `Error` for a code that has none."""
    if status == 200:
        return "OK"  # what most functions answer, and no reason to import the others
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
