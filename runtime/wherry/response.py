"""What a handler returned, as a Reply.

Text, bytes, tuples, responses, WSGI callables and iterators mean what they mean to Flask; dicts
and lists are JSON as `wherry.json_body` writes it, and where a generator yields them server-sent
events if the caller accepts those, else lines of JSON. None is a 204. Events travel in the mode
that the request came in, several as a batch; `Retry` is a 503 and `Drop` a 422. Anything else is
a ResponseError. This module must not know how handlers are called.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from wherry import json_body, server_sent
from wherry.chunks import AsyncChunks, Chunks, ThreadedChunks
from wherry.errors import ResponseError
from wherry.outcomes import Drop, Retry
from wherry.reply import Reply
from wherry.response_headers import headers_of, length_of, merged, sendable, status_of

if TYPE_CHECKING:
    from wherry.events import Arrival
    from wherry.request import Request

_HTML = (b"content-type", b"text/html; charset=utf-8")
_JSON = (b"content-type", b"application/json")
_LINES = (b"content-type", b"application/x-ndjson")
_SSE = (b"content-type", server_sent.CONTENT_TYPE + b"; charset=utf-8")
_NO_STORE = (b"cache-control", b"no-store")
_BODILESS = frozenset({204, 205, 304})


def reply(result: Any, request: Request, arrival: Arrival | None = None) -> Reply:
    """The reply that `result` stands for.

    Args:
        result: What the handler returned.
        request: The request it answers.
        arrival: How the event came that it answers; None for a plain HTTP request.

    Raises:
        ResponseError: It stands for none.
        InvocationFailed: It streams, and raised before the first chunk.
    """
    make = MADE_BY_TYPE.get(result.__class__)
    if make is not None:
        return make(result, request, arrival)
    return _of_other(result, request, arrival)


def is_event(value: object) -> bool:
    """Whether `value` is a CloudEvent, ours or of the cloudevents SDK."""
    return hasattr(type(value), "get_attributes") and hasattr(type(value), "get_data")


def is_batch(value: object) -> bool:
    """Whether `value` is a list of events; ResponseError for a list of events and other things."""
    if not isinstance(value, list):
        return False
    events = sum(map(is_event, value))
    if 0 < events < len(value):
        raise ResponseError("the handler returned a list of events and other things")
    return events > 0


def settle(made: Reply) -> Reply:
    """`made` with its stream begun, so that a fault before the first chunk is still a 500.

    Server-sent events are not waited for: their client wants to know that it is connected.
    """
    body = made.body
    if isinstance(body, Chunks) and not body.is_sse:
        return _in_lines(made, body.peek())
    if isinstance(body, (AsyncChunks, AsyncIterator)):
        raise ResponseError("the handler returned an async iterator: declare it `async def`")
    return made


async def settle_async(made: Reply) -> Reply:
    """The same for an async handler; a blocking stream is pulled in a thread."""
    body = made.body
    if isinstance(body, AsyncChunks) and not body.is_sse:
        return _in_lines(made, await body.peek())
    if isinstance(body, Chunks):
        import asyncio  # whoever awaits has imported it

        if not body.is_sse:
            _in_lines(made, await asyncio.to_thread(body.peek))
        made.body = ThreadedChunks(body)
    return made


def _in_lines(made: Reply, first: Any) -> Reply:
    if not isinstance(first, (str, bytes, type(None))) and json_body.is_json(first):
        made.headers = [_LINES if pair == _HTML else pair for pair in made.headers]
    return made


def _of_text(result: str, _request: Request, _arrival: Arrival | None) -> Reply:
    try:
        return Reply(200, [_HTML], result.encode())
    except UnicodeEncodeError as error:
        raise ResponseError("the handler returned text that is no Unicode") from error


def _of_bytes(result: bytes, _request: Request, _arrival: Arrival | None) -> Reply:
    return Reply(200, [_HTML], bytes(result))


def _of_json(result: Any, _request: Request, _arrival: Arrival | None) -> Reply:
    return Reply(200, [_JSON], json_body.dumps(result))


def _of_list(result: list[Any], request: Request, arrival: Arrival | None) -> Reply:
    if not result and arrival is not None:
        return Reply(204, [])
    if is_batch(result):
        from wherry.events import of_batch

        return of_batch(result)
    return _of_json(result, request, arrival)


def _of_none(_result: None, _request: Request, _arrival: Arrival | None) -> Reply:
    return Reply(204, [])


def _of_reply(result: Reply, _request: Request, _arrival: Arrival | None) -> Reply:
    return result


def _of_outcome(result: Retry | Drop, request: Request, _arrival: Arrival | None) -> Reply:
    return Reply.of_problem(result.problem(), request.context.call_id)


def _of_tuple(result: tuple[Any, ...], request: Request, arrival: Arrival | None) -> Reply:
    body, status, headers = _unpacked(result)
    if isinstance(body, tuple):
        raise ResponseError("the handler returned a tuple in a tuple")
    code = None if status is None else status_of(status)
    given = [] if headers is None else headers_of(headers)
    made = reply(body, request, arrival)
    if code is not None:
        made.status = code
    if given:
        made.length = length_of(given) if made.length is None else made.length
        made.headers = merged(made.headers, sendable(given))
        if isinstance(made.body, (Chunks, AsyncChunks)):
            made.body.is_sse = _is_sse(made.headers)
    return _framed(made)


def _unpacked(result: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    if len(result) == 3:
        return result
    if len(result) != 2:
        raise ResponseError(
            f"the handler returned a tuple of {len(result)}, expected (body, status), "
            "(body, headers) or (body, status, headers)"
        )
    body, second = result
    if isinstance(second, (dict, list, tuple)) or hasattr(second, "to_wsgi_list"):
        return body, None, second
    return body, second, None


def _framed(made: Reply) -> Reply:
    """`made` without a body where its status has none."""
    if made.status in _BODILESS and made.body != b"":
        # Closing a stream that no one pulled runs nothing of an unstarted generator.
        close = getattr(made.body, "close", None)
        if close is not None:
            close()
        made.body, made.length = b"", None
        if made.status != 304:
            made.headers = [pair for pair in made.headers if pair[0] != b"content-type"]
    return made


def _of_other(result: Any, request: Request, arrival: Arrival | None) -> Reply:
    for kind, make in _BY_BASE:
        if isinstance(result, kind):
            return make(result, request, arrival)
    if is_event(result):
        from wherry.events import of_event  # an HTTP handler needs none

        return of_event(result, request, arrival)
    if json_body.has_form(result):
        return _of_json(result, request, arrival)
    if _is_of_werkzeug(result, "werkzeug.wrappers", "Response"):
        return _of_response(result, request)
    if _is_of_werkzeug(result, "werkzeug.exceptions", "HTTPException"):
        return _of_failure(result, request)
    return _of_foreign(result, request)


def _of_foreign(result: Any, request: Request) -> Reply:
    if hasattr(result, "__anext__"):
        return _streamed(AsyncChunks(result, request, is_sse=_wants_sse(request)))
    if isinstance(result, Iterator):
        return _streamed(Chunks(result, request, is_sse=_wants_sse(request)))
    if hasattr(result, "__await__"):
        getattr(result, "close", lambda: None)()
        raise ResponseError("the handler returned something to await: declare it `async def`")
    if callable(result) and not isinstance(result, type):
        return _of_wsgi(result, request)
    raise ResponseError(
        f"the handler returned a {type(result).__name__}, expected str, bytes, dict, list, tuple, "
        "an iterator, a Response, an event or None"
    )


def _of_response(response: Any, request: Request) -> Reply:
    headers = headers_of(response.headers)
    made = Reply(status_of(response.status_code), sendable(headers))
    if response.is_sequence:
        try:
            made.body = b"".join(response.iter_encoded())
        except Exception as error:
            raise ResponseError("the handler returned a response without a body") from error
        response.close()
        return _framed(made)
    chunks = response.response if response.direct_passthrough else response.iter_encoded()
    made.body = Chunks(iter(chunks), request, is_sse=_is_sse(headers), owner=response)
    made.length = length_of(headers)
    return _framed(made)


def _of_failure(failure: Any, request: Request) -> Reply:
    from wherry.flask_request import environ_of

    return _of_response(failure.get_response(environ_of(request)), request)


def _of_wsgi(application: Callable[..., Any], request: Request) -> Reply:
    from wherry.flask_request import environ_of

    started: list[tuple[str, Any]] = []

    def start_response(status: str, headers: Any, _error: Any = None) -> Callable[[bytes], None]:
        started[:] = [(status, headers)]
        return lambda _chunk: None

    try:
        chunks = application(environ_of(request), start_response)
        body = Chunks(iter(chunks), request, owner=chunks)
        body.peek()
        status, headers = started[0]
    except Exception as error:
        raise ResponseError(
            f"the handler returned a {type(application).__name__} that is no WSGI application"
        ) from error
    given = headers_of(headers)
    made = Reply(status_of(status), sendable(given), length=length_of(given))
    made.body = body
    return _framed(made)


def _streamed(body: Chunks | AsyncChunks) -> Reply:
    if body.is_sse:
        return Reply(200, [_SSE, _NO_STORE], cast("Iterator[bytes] | AsyncIterator[bytes]", body))
    return Reply(200, [_HTML], cast("Iterator[bytes] | AsyncIterator[bytes]", body))


def _wants_sse(request: Request) -> bool:
    return any(
        server_sent.CONTENT_TYPE in value.lower()
        for name, value in request.headers
        if name.lower() == b"accept"
    )


def _is_sse(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"content-type" and value.lower().startswith(server_sent.CONTENT_TYPE)
        for name, value in headers
    )


def _is_of_werkzeug(result: object, module: str, name: str) -> bool:
    """Whether `result` is of that class; where werkzeug is not loaded nothing is."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(result, kind)


MADE_BY_TYPE: dict[type, Callable[[Any, Request, Arrival | None], Reply]] = {
    str: _of_text,
    bytes: _of_bytes,
    bytearray: _of_bytes,
    dict: _of_json,
    list: _of_list,
    tuple: _of_tuple,
    type(None): _of_none,
    Reply: _of_reply,
    Retry: _of_outcome,
    Drop: _of_outcome,
}
_BY_BASE = tuple(MADE_BY_TYPE.items())
