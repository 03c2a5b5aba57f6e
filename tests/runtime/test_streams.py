import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO

import flask
import pytest

from wherry.errors import InvocationFailed, PayloadError, RequestRefused
from wherry.handler import of


def chunks(*values):
    for value in values:
        if isinstance(value, Exception):
            raise value
        yield value


async def async_chunks(*values):
    for value in values:
        await asyncio.sleep(0)
        if isinstance(value, Exception):
            raise value
        yield value


def by_iterator(body: Iterator[bytes]):
    return b"|".join(body)


def by_file(body: BinaryIO):
    return body.readline() + b"|" + body.read()


def by_flask(request: flask.Request, body: Iterator[bytes]):
    return request.stream.readline() + b"|" + request.stream.read()


async def by_async_iterator(body: AsyncIterator[bytes]):
    return b"|".join([chunk async for chunk in body])


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (by_iterator, b"a\nb|c"),
        (by_file, b"a\n|bc"),
        (by_flask, b"a\n|bc"),
        (by_async_iterator, b"a\nb|c"),
    ],
)
def test_a_body_as_it_arrives(reply_of, function, expected):
    assert of(function).wants_stream
    make = async_chunks if of(function).is_async else chunks
    assert reply_of(function, method="POST", stream=make(b"a\nb", b"c")).body == expected


@pytest.mark.parametrize("function", [by_iterator, by_file, by_async_iterator])
def test_a_body_that_is_there_already(reply_of, function):
    assert reply_of(function, method="POST", body=b"a").body in {b"a", b"a|"}
    assert reply_of(function, method="POST").body in {b"", b"|"}


def cleans_up(body: Iterator[bytes]):
    try:
        return b"".join(body)
    except RequestRefused as error:
        raise ValueError("while reading") from error


@pytest.mark.parametrize("function", [by_iterator, by_file, by_async_iterator, cleans_up])
def test_a_body_that_breaks_off_is_the_callers_fault(reply_of, function):
    make = async_chunks if of(function).is_async else chunks
    fault = PayloadError("the body is too large", status=413)
    with pytest.raises(RequestRefused) as caught:
        reply_of(function, method="POST", stream=make(b"a", fault))
    assert caught.value is fault


def test_what_a_handler_raises_beside_its_stream_is_its_own(reply_of):
    def handle(body: Iterator[bytes]):
        next(body)
        raise PayloadError("mine")

    with pytest.raises(InvocationFailed):
        reply_of(handle, method="POST", stream=chunks(b"a", b"b"))


def test_in_and_out(reply_of):
    def handle(body: Iterator[bytes]):
        for chunk in body:
            yield chunk.upper()

    assert reply_of(handle, method="POST", stream=chunks(b"a", b"b")).body == b"AB"
    with pytest.raises(RequestRefused):
        reply_of(handle, method="POST", stream=chunks(PayloadError("too large", status=413)))
