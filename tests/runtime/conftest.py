"""Requests made by hand, and calls in memory that end with a whole body."""

import asyncio
import contextvars
import sys
from pathlib import Path

import pytest

from wherry import handler, invocation
from wherry.context import Context, Identity
from wherry.deadline import Deadline
from wherry.request import Request

FUNCTIONS = Path(__file__).parent.parent / "functions_data" / "loader"


def make_request(
    method="GET", path="/", *, headers=(), body=b"", stream=None, timeout_s=30.0, context=None
):
    path, _, query = path.partition("?")
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    lower = [(name.lower(), value) for name, value in headers]
    attributes = {name[3:]: value for name, value in lower if name.startswith("ce-")}
    return Request(
        method=method,
        path=path,
        query=query,
        headers=pairs,
        body=body,
        context=context
        or Context(
            call_id="call-1",
            deadline=Deadline.after(timeout_s),
            identity=Identity(function="tested"),
        ),
        content_type=dict(lower).get("content-type"),
        event_attributes=attributes or None,
        stream=stream,
    )


def call(function, request):
    """The reply to `request`, its body drained."""
    served = handler.of(function)

    async def on_a_loop():
        reply = await invocation.call_async(served, request)
        if not isinstance(reply.body, bytes):
            chunks = [chunk async for chunk in reply.body]
            await reply.body.aclose()
            reply.body = b"".join(chunks)
        return reply

    def in_a_thread():
        reply = invocation.call(served, request)
        if not isinstance(reply.body, bytes):
            chunks = list(reply.body)
            reply.body.close()
            reply.body = b"".join(chunks)
        return reply

    if served.is_async:
        return asyncio.run(on_a_loop())
    return contextvars.copy_context().run(in_a_thread)


@pytest.fixture
def request_of():
    return make_request


@pytest.fixture
def reply_of():
    """Call a function with a request made from keywords."""
    return lambda function, *args, **kwargs: call(function, make_request(*args, **kwargs))


@pytest.fixture
def functions():
    return FUNCTIONS


@pytest.fixture
def clean_imports():
    """sys.path and sys.modules as they were."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("wherry_function_") or name in {"pricing", "broken_sibling"}:
            del sys.modules[name]
