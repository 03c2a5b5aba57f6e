"""Calls a handler in memory: the same decoding, checking and encoding as the server, no socket.

What the handler raises is raised in the test, where it happened. This module must not know the
server, and starts no process.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing, nullcontext
from dataclasses import dataclass
from typing import Any, TypeAlias

from wherry import invocation
from wherry.cloudevents import CloudEvent
from wherry.context import Context, Identity
from wherry.deadline import Deadline
from wherry.errors import InvocationFailed, RequestRefused
from wherry.handler import Handler, of
from wherry.problem import Problem
from wherry.reply import Reply
from wherry.request import Request
from wherry.secrets import Redactor, Secrets
from wherry.testing.answer import Answer
from wherry.testing.delivery import Recorder
from wherry.testing.message import Headers, Message, message_of
from wherry.testing.records import recorded
from wherry.trace import FIELDS, parse_passage, parse_traceparent
from wherry.values import replaced

Invoke: TypeAlias = Callable[..., Answer]
"""`invoke` with its handler filled in, as the fixture `wherry_invoke` gives it."""

_DRAIN_S = 10.0
_REST_S = 1.0
_CALL_ID = "test"
_FUNCTION = "test"
_LATE = Problem(status=504, detail="the function did not answer in time")
_FAILED = Problem(status=500, detail="the function failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One call, ready to be made."""

    handler: Handler
    request: Request
    sink: Recorder
    raise_errors: bool


def invoke(
    handler: Callable[..., Any] | Handler,
    *,
    method: str | None = None,
    path: str = "/",
    headers: Headers | None = None,
    body: bytes = b"",
    json: Any = None,
    event: CloudEvent | Sequence[CloudEvent] | None = None,
    structured: bool = False,
    event_headers: str | None = None,
    timeout_s: float = 30.0,
    secrets: Mapping[str, str] | None = None,
    sink: Recorder | None = None,
    raise_errors: bool = True,
) -> Answer:
    """Call a handler in memory with a request or with events.

    A refusal comes back as the answer that a caller would get, and so does a 504 when the handler
    takes longer than `timeout_s`. An error of the handler is raised as it is.

    Args:
        handler: A function, or what `wherry.loader.load` found.
        method: The method; POST with a body, GET without one, unless it is given.
        path: Path and query.
        headers: Names and values, as a mapping or as pairs. `X-Call-Id` and `traceparent` do
            what they do in the server.
        body: The body.
        json: A value to send as a JSON body.
        event: An event to send, or a list of them to send as a batch.
        structured: Send the event in structured mode, not in binary mode.
        event_headers: How attributes stand in headers, `strict` or `knative`; the handler's own
            when None.
        timeout_s: Seconds until the answer is due; 0 is no deadline. A sync handler is not
            interrupted, as in the server.
        secrets: All the secrets there are, by name.
        sink: Takes what is emitted; one that accepts everything when None. What it took is
            `answer.emitted`.
        raise_errors: Whether to raise what the handler raised; else the answer is the caller's
            500, and what was raised is `answer.error`.

    Raises:
        ResponseError: The handler returned what cannot be sent.
        RuntimeError: An event loop is running here: await `invoke_async`.
    """
    message = message_of(
        method, headers=headers, body=body, json=json, event=event, structured=structured
    )
    call = _prepared(
        handler,
        message,
        path=path,
        event_headers=event_headers,
        timeout_s=timeout_s,
        secrets=secrets,
        sink=sink,
        raise_errors=raise_errors,
    )
    if not call.handler.is_async:
        return contextvars.copy_context().run(_call, call)
    _refuse_running_loop()
    return asyncio.run(_call_to_the_end(call))


async def invoke_async(
    handler: Callable[..., Any] | Handler,
    *,
    method: str | None = None,
    path: str = "/",
    headers: Headers | None = None,
    body: bytes = b"",
    json: Any = None,
    event: CloudEvent | Sequence[CloudEvent] | None = None,
    structured: bool = False,
    event_headers: str | None = None,
    timeout_s: float = 30.0,
    secrets: Mapping[str, str] | None = None,
    sink: Recorder | None = None,
    raise_errors: bool = True,
) -> Answer:
    """As `invoke`, from a test that is async itself; a sync handler gets a thread."""
    message = message_of(
        method, headers=headers, body=body, json=json, event=event, structured=structured
    )
    call = _prepared(
        handler,
        message,
        path=path,
        event_headers=event_headers,
        timeout_s=timeout_s,
        secrets=secrets,
        sink=sink,
        raise_errors=raise_errors,
    )
    if not call.handler.is_async:
        return await asyncio.to_thread(_call, call)
    return await asyncio.create_task(_call_async(call))


def invoke_event(
    handler: Callable[..., Any] | Handler,
    event: CloudEvent | Sequence[CloudEvent],
    *,
    structured: bool = False,
    **options: Any,
) -> Answer:
    """`invoke` with an event, in binary mode unless asked otherwise, or with a batch of them.

    `options` are those of `invoke`.
    """
    return invoke(handler, event=event, structured=structured, **options)


def _prepared(
    handler: Callable[..., Any] | Handler,
    message: Message,
    *,
    path: str,
    event_headers: str | None,
    timeout_s: float,
    secrets: Mapping[str, str] | None,
    sink: Recorder | None,
    raise_errors: bool,
) -> _Call:
    found = of(handler)
    if event_headers is not None:
        found = replaced(found, event_headers=event_headers)
    target, _, query = path.partition("?")
    sink = sink or Recorder(source=f"/{_FUNCTION}", encoding=found.event_headers)
    attributes = message.event_attributes
    request = Request(
        method=message.method,
        path=target,
        query=query,
        headers=message.pairs,
        body=message.body,
        content_type=message.value("content-type"),
        event_attributes=dict(attributes) or None,
        repeated_attribute=_repeated([name for name, _ in attributes]),
        peer="127.0.0.1",
        context=Context(
            call_id=message.value("x-call-id") or _CALL_ID,
            deadline=Deadline.after(timeout_s),
            identity=Identity(function=_FUNCTION),
            trace=parse_traceparent((message.value("traceparent") or "").encode("latin-1")),
            emitter=sink,
            secrets=None if secrets is None else Secrets((), environ=secrets, redactor=Redactor()),
        ),
    )
    beside = [(name.decode("latin-1").lower(), value) for name, value in message.pairs]
    if any(name in FIELDS for name, _ in beside):
        request.context.note_passage(parse_passage(beside))
    if found.wants_stream:
        chunks = [message.body] if message.body else []
        request.stream = _chunks_async(chunks) if found.is_async else iter(chunks)
    return _Call(handler=found, request=request, sink=sink, raise_errors=raise_errors)


def _call(call: _Call) -> Answer:
    error, head, body = None, None, b""
    with recorded(call.request.context) as records:
        try:
            head = invocation.call(call.handler, call.request)
            body = _whole(head)
        except BaseException as raised:
            error = raised
    return _answer(call, head, body, error, records)


async def _call_to_the_end(call: _Call) -> Answer:
    """The answer, once what the handler has left running has ended, or had a second to."""
    answer = await _call_async(call)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        await asyncio.wait(left, timeout=_REST_S)
    return answer


async def _call_async(call: _Call) -> Answer:
    error, head, body = None, None, b""
    timeout_s = call.request.context.deadline.remaining()
    with recorded(call.request.context) as records:
        try:
            head, body = await asyncio.wait_for(
                _reply_async(call), None if timeout_s == float("inf") else timeout_s
            )
        except BaseException as raised:
            error = raised
        if call.sink.drain(0):
            await asyncio.to_thread(call.sink.drain, _DRAIN_S)
    return _answer(call, head, body, error, records)


async def _reply_async(call: _Call) -> tuple[Reply, bytes]:
    reply = await invocation.call_async(call.handler, call.request)
    if isinstance(reply.body, AsyncIterator):
        has_close = hasattr(reply.body, "aclose")
        async with aclosing(reply.body) if has_close else nullcontext():  # type: ignore[type-var]
            return reply, b"".join([chunk async for chunk in reply.body])
    return reply, _whole(reply)


def _answer(
    call: _Call, reply: Reply | None, body: bytes, error: BaseException | None, records: list[Any]
) -> Answer:
    """The answer of a call that has ended; raises what the handler raised, if it is to."""
    call.sink.close()
    problem, raised = _judged(error, is_late=call.request.context.deadline.expired)
    if raised is not None and call.raise_errors:
        raise raised  # not inside an `except`, so that nothing is chained to it
    if problem is not None:
        reply = Reply.of_problem(problem, call.request.context.call_id)
    assert reply is not None  # noqa: S101 - there is a reply or an error
    return Answer(
        reply.status,
        reply.headers,
        reply.body if isinstance(reply.body, bytes) else body,
        deliveries=call.sink.deliveries,
        logs=records,
        error=raised,
    )


def _judged(
    error: BaseException | None, *, is_late: bool
) -> tuple[Problem | None, BaseException | None]:
    """What the caller is told in place of an answer, and what the handler raised."""
    if isinstance(error, RequestRefused):
        return error.problem, None
    # An error of the handler's own is inside an InvocationFailed: a bare one is our deadline's.
    if is_late and (error is None or isinstance(error, (asyncio.TimeoutError, TimeoutError))):
        return _LATE, None
    return (None, None) if error is None else (_FAILED, _original(error))


def _original(error: BaseException) -> BaseException:
    """What the handler raised; what it returned and cannot be sent is an error of its own."""
    if isinstance(error, InvocationFailed) and error.__cause__ is not None:
        return error.__cause__
    return error


def _whole(reply: Reply) -> bytes:
    if isinstance(reply.body, bytes):
        return reply.body
    if not isinstance(reply.body, Iterator):
        raise TypeError("a sync handler cannot answer with an async stream")
    has_close = hasattr(reply.body, "close")
    with closing(reply.body) if has_close else nullcontext():  # type: ignore[type-var]
        return b"".join(reply.body)


def _repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


async def _chunks_async(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def _refuse_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("invoke: an event loop is running here; await wherry.testing.invoke_async")
