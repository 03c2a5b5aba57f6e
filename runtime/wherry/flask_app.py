"""A handler as a plain Flask application, for those who serve it with a server of their own.

Every path and method is the function's, but for the probes and what is routed on the application
besides. What Wherry's server adds is not here: limits on time and on calls in flight, metrics,
draining. This module must not know how handlers are found or called.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import os
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from random import getrandbits
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from wherry import handler as handlers
from wherry import invocation, loader
from wherry.config import Config
from wherry.context import Context
from wherry.deadline import Deadline
from wherry.emission import Emitter
from wherry.errors import InvocationFailed, RequestRefused, ResponseError
from wherry.problem import Problem
from wherry.reply import Reply
from wherry.request import Request
from wherry.secrets import Secrets
from wherry.trace import FIELDS, parse_passage, parse_traceparent
from wherry.values import replaced

T = TypeVar("T")
_CHUNK_BYTES = 65_536
_CALL_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_ALIVE = ("/_/health", "/health/liveness", "/livez")
_OFFERED = ("/healthz",)
_READY = ("/_/ready", "/health/readiness", "/readyz")
_TEXT = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}
_log = logging.getLogger("wherry.flask_app")


def create_app(
    handler: Callable[..., Any] | handlers.Handler | str | os.PathLike[str] | None = None,
    *,
    config: Config | None = None,
) -> flask.Flask:
    """Make the Flask application that serves `handler`: `gunicorn 'app:create_app()'` and so on.

    The `start` hook runs here. An async handler runs on an event loop of the application's own,
    in a thread, and is cancelled at its deadline; a sync one runs to its end.

    Args:
        handler: A function, a Handler, or what `wherry.loader.load` takes; None is the function
            that the configuration names.
        config: The settings; those of the environment when None.

    Raises:
        HandlerError: The function cannot be found or served.
        ConfigError: A setting cannot be used.
    """
    settings = config if config is not None else Config.from_environment()
    if handler is None:
        found = loader.load(settings.handler, name=settings.name, signature=settings.signature)
    elif isinstance(handler, (str, os.PathLike)):
        found = loader.load(handler, name=settings.name, signature=settings.signature)
    else:
        found = handlers.of(handler)
    return _FunctionApp(replaced(found, event_headers=settings.event_headers), settings)


class _FunctionApp(flask.Flask):
    """Flask's application, but that what it has no route for is the function's."""

    def __init__(self, handler: handlers.Handler, config: Config) -> None:
        super().__init__("wherry", root_path=str(Path.cwd()), static_folder=None)
        self.config["MAX_CONTENT_LENGTH"] = config.limit_body_bytes
        # A request for //x or /a/../b is the function's too, and not to be redirected.
        self.url_map.merge_slashes = False
        self._handler = handler
        self._settings = config
        self._loop = _Loop()
        self._secrets = Secrets(config.secrets_path)
        self._emitter = Emitter(
            config.sink, config.overrides, f"/{config.function}", encoding=config.event_headers
        )
        wanted = _ALIVE + _READY if config.probes is None else config.probes
        for path in (*_ALIVE, *_OFFERED):
            if path in wanted:
                self._add_probe(path, handler.hooks.alive)
        for path in _READY:
            if path in wanted:
                self._add_probe(path, handler.hooks.ready)
        if handler.hooks.start is not None:
            self._asked(handler.hooks.start)

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer by a route where there is one, else by the function."""
        failure = flask.request.routing_exception
        is_routed = failure is None or isinstance(failure, MethodNotAllowed)
        if is_routed:
            return super().dispatch_request()
        # The request itself: the handler may have a context of its own, and what is behind the
        # proxy is another one there.
        return self._call(flask.request._get_current_object())  # type: ignore[attr-defined]

    def _call(self, asked: flask.Request) -> flask.Response:
        context = self._context(asked)
        request: Request | None = None
        try:
            request = self._request(asked, context)
            reply = self._reply(request)
        except Exception as error:  # the boundary: everything is answered
            reply = self._failure(error, context)
        response = self._response(reply)
        response.headers["X-Call-Id"] = context.call_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _reply(self, request: Request) -> Reply:
        if not self._handler.is_async:
            return contextvars.copy_context().run(invocation.call, self._handler, request)
        remaining_s = request.context.deadline.remaining()
        reply = self._loop.run(invocation.call_async(self._handler, request), remaining_s)
        if not isinstance(reply.body, bytes):
            reply.body = _Pulled(self._loop, reply.body)
        return reply

    def _failure(self, error: Exception, context: Context) -> Reply:
        if isinstance(error, RequestRefused):
            return Reply.of_problem(error.problem, context.call_id)
        if isinstance(error, RequestEntityTooLarge):
            problem = Problem(
                status=413,
                detail=f"the body must not exceed {self._settings.limit_body_bytes} bytes",
            )
            return Reply.of_problem(problem, context.call_id)
        if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
            return Reply.of_problem(Problem(status=error.code), context.call_id)
        if isinstance(error, (FutureTimeoutError, TimeoutError)):
            problem = Problem(status=504, detail="the function did not answer in time")
            return Reply.of_problem(problem, context.call_id)
        if isinstance(error, InvocationFailed):
            cause = error.__cause__ or error
            _log.error("call %s: the function failed", context.call_id, exc_info=cause)
        elif isinstance(error, ResponseError):
            _log.error("call %s: %s", context.call_id, error)
        else:
            _log.error("call %s: failed inside Wherry", context.call_id, exc_info=error)
        problem = Problem(status=500, detail="the function failed")
        return Reply.of_problem(problem, context.call_id)

    def _context(self, asked: flask.Request) -> Context:
        given = asked.headers.get("X-Call-Id", "")
        trace = asked.headers.get("Traceparent")
        context = Context(
            call_id=given if _CALL_ID.fullmatch(given) else f"{getrandbits(128):032x}",
            deadline=Deadline.after(self._settings.timeout_s),
            identity=self._settings.identity,
            trace=parse_traceparent(trace.encode("latin-1", "replace")) if trace else None,
            emitter=self._emitter,
            secrets=self._secrets,
        )
        beside = [
            (name.lower(), value.encode("latin-1"))
            for name, value in asked.headers
            if name.lower() in FIELDS
        ]
        if beside:
            context.note_passage(parse_passage(beside))
        return context

    def _request(self, asked: flask.Request, context: Context) -> Request:
        headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in asked.headers
        ]
        attributes = {
            name.lower()[3:]: value
            for name, value in asked.headers
            if name.lower().startswith("ce-")
        }
        is_streamed = self._handler.wants_stream and not self._handler.is_async
        return Request(
            method=asked.method,
            path=_path(asked.environ),
            query=asked.environ.get("QUERY_STRING", ""),
            headers=headers,
            body=b"" if is_streamed else asked.get_data(),
            context=context,
            content_type=asked.headers.get("Content-Type") or None,
            event_attributes=attributes or None,
            peer=asked.environ.get("REMOTE_ADDR", ""),
            http_version=asked.environ.get("SERVER_PROTOCOL", "HTTP/1.1").rpartition("/")[2],
            stream=_chunks(asked) if is_streamed else None,
        )

    def _response(self, reply: Reply) -> flask.Response:
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in reply.headers
        ]
        body: Any = reply.body
        is_whole = isinstance(body, bytes)
        response = self.response_class(body, status=reply.status, direct_passthrough=not is_whole)
        length = response.headers.get("Content-Length")
        response.headers.clear()
        for name, value in headers:
            response.headers.add(name.title(), value)
        if reply.length is not None:
            response.headers["Content-Length"] = str(reply.length)
        elif length is not None:
            response.headers["Content-Length"] = length
        return response

    def _add_probe(self, path: str, hook: Callable[[], Any] | None) -> None:
        def probe() -> tuple[str, int, dict[str, str]]:
            answer = True if hook is None else self._asked(hook)
            message = ""
            if isinstance(answer, tuple) and len(answer) == 2:
                answer, message = answer
            well = answer is None or bool(answer)
            return f"{message or ('OK' if well else 'not ready')}\n", 200 if well else 503, _TEXT

        self.add_url_rule(path, endpoint=path, view_func=probe, methods=["GET"])

    def _asked(self, hook: Callable[[], Any]) -> Any:
        answer = hook()
        return self._loop.run(answer, None) if inspect.iscoroutine(answer) else answer


class _Loop:
    """An event loop in a thread of its own, begun at the first call of each process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float | None) -> T:
        """The result of `work`, which is cancelled after `timeout_s`."""
        limit_s = None if timeout_s == float("inf") else timeout_s
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result(limit_s)
        except (FutureTimeoutError, TimeoutError):
            future.cancel()
            raise

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._pid != os.getpid():
                self._loop, self._pid = asyncio.new_event_loop(), os.getpid()
                threading.Thread(
                    target=self._loop.run_forever, name="wherry-loop", daemon=True
                ).start()
            return self._loop


class _Pulled:
    """An async body as the iterator that WSGI wants."""

    def __init__(self, loop: _Loop, chunks: Any) -> None:
        self._loop = loop
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = self._loop.run(self._next(), None)
        if chunk is None:
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Close the handler's generator."""
        self._loop.run(self._chunks.aclose(), None)

    async def _next(self) -> bytes | None:
        async for chunk in self._chunks:
            return bytes(chunk)
        return None


def _path(environ: dict[str, Any]) -> str:
    """The path with its percent-encoding as sent, where the server tells, else encoded anew."""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if target is None:
        whole = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        return quote(whole.encode("latin-1"), safe="/!$&'()*+,;=:@~-._") or "/"
    path: str = target.partition("?")[0]
    if not path.startswith("/"):
        path = urlsplit(target).path
    return path or "/"


def _chunks(asked: flask.Request) -> Iterator[bytes]:
    while chunk := asked.stream.read(_CHUNK_BYTES):
        yield chunk
