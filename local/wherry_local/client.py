"""Calls a function by HTTP: a plain request, or a CloudEvent in either mode.

`call` makes the request of what a person typed, without I/O; `send` sends it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wherry_local.errors import Unreachable

if TYPE_CHECKING:
    from wherry.cloudevents import CloudEvent

_CHUNK_BYTES = 65536
_CONNECTION = re.compile(r"(?:<[^>]*>|\w+\([^)]*\)): ", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    url: str
    method: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer whose body comes in pieces.

    Attributes:
        status: Status code.
        reason: Reason phrase, maybe empty.
        headers: Names as sent, and values.
        pieces: The body, as it arrives.
    """

    status: int
    reason: str
    headers: list[tuple[str, str]]
    pieces: Iterator[bytes]


def address(target: str | None, port: int) -> str:
    """The URL that `target` stands for: itself, or that of a function served on this machine."""
    if target is not None and target.startswith(("http://", "https://")):
        return target
    return f"http://127.0.0.1:{port}/"


def plain_call(url: str, *, method: str | None, headers: Mapping[str, str], body: bytes) -> Call:
    """A request with `body`; POST when there is one, GET when not, unless `method` is given."""
    named = {name.lower() for name in headers}
    typed = {} if not body or "content-type" in named else {"Content-Type": content_type(body)}
    return Call(
        url=url,
        method=method or ("POST" if body else "GET"),
        headers={**typed, **headers},
        body=body,
    )


def event_call(
    url: str, event: CloudEvent, *, structured: bool, method: str | None, headers: Mapping[str, str]
) -> Call:
    """A request that carries `event`."""
    from wherry.cloudevents import encode_binary, encode_structured

    pairs, body = encode_structured(event) if structured else encode_binary(event)
    carried = {name.decode("ascii"): value.decode("latin-1") for name, value in pairs}
    return Call(url=url, method=method or "POST", headers={**carried, **headers}, body=body)


def content_type(body: bytes) -> str:
    """JSON when it parses as JSON, text when it is UTF-8, else bytes."""
    try:
        json.loads(body)
    except (UnicodeDecodeError, ValueError, RecursionError):
        pass
    else:
        return "application/json"
    try:
        body.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "text/plain; charset=utf-8"


def send(call: Call, *, timeout_s: float) -> Answered:
    """Send `call`; redirects are not followed and nothing is tried again.

    Raises:
        Unreachable: Nothing answered, or the URL is none.
    """
    import urllib3
    from urllib3.exceptions import HTTPError

    pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=10.0, read=timeout_s), retries=False)
    try:
        response = pool.request(
            call.method,
            call.url,
            headers=dict(call.headers),
            body=call.body or None,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
    except (HTTPError, UnicodeError, ValueError) as error:
        raise _unreachable(call, error) from None
    return Answered(
        status=response.status,
        reason=response.reason or "",
        headers=list(response.headers.items()),
        pieces=_pieces(call, response),
    )


def _pieces(call: Call, response: object) -> Iterator[bytes]:
    from urllib3 import BaseHTTPResponse
    from urllib3.exceptions import HTTPError

    assert isinstance(response, BaseHTTPResponse)  # noqa: S101 - what a pool gives
    try:
        yield from response.stream(_CHUNK_BYTES)
    except HTTPError as error:
        raise _unreachable(call, error) from None
    finally:
        response.release_conn()


def _unreachable(call: Call, error: Exception) -> Unreachable:
    return Unreachable(
        f"{call.method} {call.url}: {reason_of(error)}",
        hint="is it served? wherry run functions/",
    )


def reason_of(error: Exception) -> str:
    """What went wrong, without the connection that urllib3 puts before it."""
    return _CONNECTION.sub("", str(error), count=1) or type(error).__name__
