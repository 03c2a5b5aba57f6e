r"""Calling a handler from its tests: in memory, or behind the real server on a free port.

Example:
    >>> from wherry.testing import invoke
    >>> invoke(lambda request: f"Hello, {request.args['name']}!", path="/?name=Ada").text
    'Hello, Ada!'
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson

from wherry import invocation
from wherry.cloudevents import CloudEvent, encode_binary, encode_structured
from wherry.context import Context, Identity
from wherry.deadline import Deadline
from wherry.errors import RequestRefused, WherryError
from wherry.handler import Handler, of
from wherry.reply import Reply
from wherry.request import Request

_START_S = 30.0
_STOP_S = 40.0


class Answer:
    """What a caller gets.

    Attributes:
        status: HTTP status code.
        headers: Header values by lower-case name; the last of a repeated name.
        body: The whole body, of a streamed answer too.
    """

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status = status
        self.headers = {k.decode().lower(): v.decode("latin-1") for k, v in headers}
        self.body = body
        self._pairs = headers

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)

    @property
    def event(self) -> CloudEvent:
        """The body and headers as one CloudEvent."""
        from wherry.cloudevents import decode

        event = decode(self._pairs, self.body)
        if isinstance(event, list):
            raise TypeError("the answer is a batch of events")
        return event

    def __repr__(self) -> str:
        return f"<Answer {self.status} {len(self.body)} bytes>"


def invoke(
    handler: Callable[..., Any] | Handler,
    *,
    method: str = "GET",
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    json: Any = None,
    timeout_s: float = 30.0,
) -> Answer:
    """Call a handler in memory with an HTTP request.

    A refusal of the request comes back as the answer that a caller would get. An error of the
    handler is raised as it is, so that a test shows where it happened.
    """
    fields = {name.lower(): value for name, value in (headers or {}).items()}
    if json is not None:
        body = orjson.dumps(json)
        fields.setdefault("content-type", "application/json")
    target, _, query = path.partition("?")
    found = of(handler) if not isinstance(handler, Handler) else handler
    request = Request(
        method=method,
        path=target,
        query=query,
        headers=[(name.encode(), value.encode("latin-1")) for name, value in fields.items()],
        body=body,
        content_type=fields.get("content-type"),
        event_attributes={k[3:]: v for k, v in fields.items() if k.startswith("ce-")} or None,
        peer="127.0.0.1",
        context=Context(
            call_id="test",
            deadline=Deadline.after(timeout_s),
            identity=Identity(function="test"),
        ),
    )
    if found.wants_stream:
        request.stream = _chunks_async(body) if found.is_async else iter([body])
    return asyncio.run(_call(found, request)) if found.is_async else _call_sync(found, request)


def invoke_event(
    handler: Callable[..., Any] | Handler, event: CloudEvent, *, structured: bool = False
) -> Answer:
    """Call a handler in memory with an event, in binary mode unless asked otherwise."""
    headers, body = encode_structured(event) if structured else encode_binary(event)
    fields = {name.decode(): value.decode("latin-1") for name, value in headers}
    return invoke(handler, method="POST", headers=fields, body=body)


def _call_sync(handler: Handler, request: Request) -> Answer:
    try:
        reply = invocation.call(handler, request)
    except WherryError as error:
        return _refusal(error)
    body = reply.body if isinstance(reply.body, bytes) else b"".join(_sync_chunks(reply))
    return Answer(reply.status, reply.headers, body)


async def _call(handler: Handler, request: Request) -> Answer:
    try:
        reply = await invocation.call_async(handler, request)
    except WherryError as error:
        return _refusal(error)
    if isinstance(reply.body, bytes):
        return Answer(reply.status, reply.headers, reply.body)
    if isinstance(reply.body, AsyncIterator):
        body = b"".join([chunk async for chunk in reply.body])
    else:
        body = b"".join(_sync_chunks(reply))
    return Answer(reply.status, reply.headers, body)


def _sync_chunks(reply: Reply) -> Iterator[bytes]:
    if not isinstance(reply.body, Iterator):
        raise TypeError("a sync handler cannot answer with an async stream")
    return reply.body


def _refusal(error: WherryError) -> Answer:
    if isinstance(error, RequestRefused):
        reply = Reply.of_problem(error.problem, "test")
        assert isinstance(reply.body, bytes)  # noqa: S101 - a problem is bytes
        return Answer(reply.status, reply.headers, reply.body)
    if error.__cause__ is not None:
        raise error.__cause__
    raise error


async def _chunks_async(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


class Running:
    """A function behind the real server, in a process of its own.

    Attributes:
        url: Where it answers, `http://127.0.0.1:PORT`.
        port: Its port.
        process: The server's process.
    """

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        """What it has written to standard output and error so far."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    @property
    def metrics_url(self) -> str:
        """Where it is scraped, as its log line says."""
        return self.log.split("metrics on ", 1)[1].split(" ", 1)[0]

    def terminate(self) -> int:
        """Send SIGTERM and wait for the end; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_STOP_S)


@contextmanager
def running(source: str | os.PathLike[str], **environment: str) -> Iterator[Running]:
    """Serve a handler on a free port of 127.0.0.1 until the block ends.

    Args:
        source: The handler, as `WHERRY_HANDLER` takes it.
        environment: More variables, by name.

    Raises:
        RuntimeError: It did not get ready; the message has its log.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    ready, told = os.pipe()
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in the `finally` below
    package_root = str(Path(__file__).resolve().parent.parent)
    inherited = os.environ.get("PYTHONPATH", "")
    process = subprocess.Popen(
        [sys.executable, "-m", "wherry"],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [package_root, inherited])),
            "WHERRY_HANDLER": os.fspath(source),
            "WHERRY_LISTEN_FD": str(listener.fileno()),
            "WHERRY_READY_FD": str(told),
            "WHERRY_METRICS_PORT": "0",
            "WHERRY_LOG_FORMAT": "console",
            **environment,
        },
        pass_fds=[listener.fileno(), told],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    os.close(told)
    function = Running(listener.getsockname()[1], process, log)
    listener.close()
    try:
        readable, _, _ = select.select([ready], [], [], _START_S)
        if not readable or os.read(ready, 1) != b"1":
            process.wait(_STOP_S)
            raise RuntimeError(f"the function did not get ready:\n{function.log}")
        yield function
    finally:
        os.close(ready)
        _end(process)
        log.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process group, the workers of a master included."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(_STOP_S)
