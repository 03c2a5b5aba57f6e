"""WSGI applications (PEP 3333): Flask, Django, Bottle, or a plain function.

An application is named `app`, `application` or `wsgi` and called with (environ, start_response). A
module that also has a handler of ours is ours. Bodies flow both ways as they come; what an
application writes by the old `write` callable is kept until it returns, for only then is anything
sent. This module must not know sockets or limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NoReturn

from wherry.adapters import candidates
from wherry.adapters.adapter import Adapted, Source
from wherry.chunks import Chunks
from wherry.errors import RequestRefused, ResponseError
from wherry.flask_request import environ_of
from wherry.reply import Reply
from wherry.request import Request
from wherry.response_headers import headers_of, length_of, sendable, status_of

SIGNATURES = ("wsgi",)
NAMES = ("app", "application", "wsgi")
_PARAMETERS = ("environ", "start_response")
_BODILESS = frozenset({204, 205, 304})

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def find(source: Source, signature: str | None) -> Adapted | None:
    """The application; see `wherry.adapters.Adapter`."""
    is_asked = signature is not None
    fits = _is_callable_with_two if is_asked else is_application
    found = candidates.application(source, NAMES, fits, is_asked=is_asked)
    if found is None:
        return None
    name, application = found
    root = candidates.Root()

    def serve(request: Request, body: Iterator[bytes]) -> Reply:  # noqa: ARG001 - to have a stream
        return _Call(application, request).answer(root.path)

    hooks = candidates.declared_hooks(source)
    return Adapted(function=serve, name=name, hooks=hooks, on_mount=root.mount)


def is_application(value: Any) -> bool:
    """Whether `value` is called with an environ and `start_response`."""
    if not _is_callable_with_two(value):
        return False
    # Of functions only the names tell; an object that is called with two is hardly anything else.
    taken = candidates.parameters(value) or ()
    return not candidates.is_function(value) or taken[1:] == _PARAMETERS[1:]


def _is_callable_with_two(value: Any) -> bool:
    if isinstance(value, type) or not callable(value) or candidates.is_async(value):
        return False
    return candidates.accepts(value, len(_PARAMETERS))


class _Call:
    """One request to an application."""

    def __init__(self, application: Application, request: Request) -> None:
        self._application = application
        self._request = request
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] | None = None
        self._written: list[bytes] = []
        self._is_sent = False

    def answer(self, root_path: str) -> Reply:
        """Run the application, which is mounted below `root_path`, as far as its first bytes.

        Raises:
            Exception: What the application raised.
            ResponseError: Its answer cannot be sent.
        """
        environ = environ_of(self._request)
        if environ["PATH_INFO"] == "*":
            environ["PATH_INFO"] = ""
        if root_path:
            environ["SCRIPT_NAME"] = root_path
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(root_path)
        result = self._application(environ, self.start_response)
        if isinstance(result, (list, tuple)) and not hasattr(result, "close"):
            self._check_body()
            return self._whole([*self._written, *map(_checked, result)])
        body = _Body(result, self._written)
        try:
            first = next(body, b"")
            self._check_body()
            reply = self._reply()
        except BaseException:
            body.close()
            raise
        self._is_sent = True
        if not first or len(first) == reply.length or reply.status in _BODILESS:
            body.close()  # there is no more that could be sent
            return self._filled(reply, first)
        reply.body = Chunks(chain((first,), body), self._request, owner=body)
        return reply

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """Take status and headers; again only with `exc_info`, and only while nothing is sent."""
        if exc_info is not None:
            try:
                if self._is_sent:
                    _raise(exc_info)
            finally:
                exc_info = None  # or traceback and frame hold each other
        elif self._headers is not None:
            raise ResponseError("the application called start_response twice")
        self._status, self._headers = status_of(status), headers_of(headers)
        return self._write

    def _check_body(self) -> None:
        """An application may take a body that broke off for a fault of its own: it is not."""
        fault: RequestRefused | None = getattr(self._request.stream, "fault", None)
        if fault is not None:
            raise fault

    def _write(self, data: bytes) -> None:
        self._written.append(_checked(data))

    def _whole(self, chunks: list[bytes]) -> Reply:
        return self._filled(self._reply(), b"".join(chunks))

    def _filled(self, reply: Reply, body: bytes) -> Reply:
        """`reply` with a body that is complete; to a HEAD its length alone may be known."""
        if reply.status in _BODILESS:
            body = b""
        if self._request.method == "HEAD" and not body and reply.length is not None:
            reply.body = iter(())
        else:
            reply.body, reply.length = body, None
        return reply

    def _reply(self) -> Reply:
        if self._headers is None:
            raise ResponseError("the application did not call start_response")
        return Reply(self._status, sendable(self._headers), length=length_of(self._headers))


class _Body:
    """What an application returned, after what it had written; closed once."""

    def __init__(self, result: Iterable[bytes], written: list[bytes]) -> None:
        self._result = result
        self._chunks = iter(result)
        self._written = written

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = b""
        while not chunk:
            if self._written:
                chunk = b"".join(self._written)
                self._written.clear()
            else:
                chunk = self._next()
        return chunk

    def _next(self) -> bytes:
        try:
            chunk = _checked(next(self._chunks))
        except StopIteration:
            if not self._written:
                raise
            chunk = b""
        if self._written:
            self._written.append(chunk)
            return b""
        return chunk

    def close(self) -> None:
        """Tell the application that its answer is sent, or is wanted no longer."""
        close = getattr(self._result, "close", None)
        self._result = ()
        if close is not None:
            close()


def _checked(chunk: Any) -> bytes:
    if not isinstance(chunk, bytes):
        raise ResponseError(f"the application gave a {type(chunk).__name__}, expected bytes")
    return chunk


def _raise(exc_info: Any) -> NoReturn:
    raise exc_info[1].with_traceback(exc_info[2])
