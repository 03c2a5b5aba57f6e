import asyncio
import datetime as dt
import decimal
import enum
import io
import uuid
from dataclasses import dataclass

import flask
import msgspec
import orjson
import pydantic
import pytest
import werkzeug.wrappers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wherry import response
from wherry.errors import InvocationFailed, ResponseError
from wherry.response_headers import SERVER

HTML = (b"content-type", b"text/html; charset=utf-8")
JSON = (b"content-type", b"application/json")
SSE = [("Accept", "text/event-stream")]


@dataclass
class Point:
    x: int
    y: float = 0.5


class Struct(msgspec.Struct):
    name: str


class Model(pydantic.BaseModel):
    at: dt.date


class Colour(enum.Enum):
    RED = "red"


def sync_and_async(result):
    async def awaited():
        return result()

    return [result, awaited]


@pytest.mark.parametrize(
    ("result", "status", "headers", "body"),
    [
        ("text", 200, [HTML], b"text"),
        ("ünï", 200, [HTML], "ünï".encode()),
        ("", 200, [HTML], b""),
        (b"\xff", 200, [HTML], b"\xff"),
        (bytearray(b"ab"), 200, [HTML], b"ab"),
        (None, 204, [], b""),
        ({"b": 1, "a": [2]}, 200, [JSON], b'{"b":1,"a":[2]}'),
        ({}, 200, [JSON], b"{}"),
        ([], 200, [JSON], b"[]"),
        ({1: 2}, 200, [JSON], b'{"1":2}'),
        ({"n": 2**70}, 200, [JSON], b'{"n":1180591620717411303424}'),
        ({"d": decimal.Decimal("1.50")}, 200, [JSON], b'{"d":"1.50"}'),
        ({"s": {7}}, 200, [JSON], b'{"s":[7]}'),
        ({"e": Colour.RED, "p": Point(1)}, 200, [JSON], b'{"e":"red","p":{"x":1,"y":0.5}}'),
        ({"u": uuid.UUID(int=1)}, 200, [JSON], b'{"u":"00000000-0000-0000-0000-000000000001"}'),
        (Point(1), 200, [JSON], b'{"x":1,"y":0.5}'),
        (Struct("n"), 200, [JSON], b'{"name":"n"}'),
        ([Struct("n")], 200, [JSON], b'[{"name":"n"}]'),
        (Model(at="2026-01-02"), 200, [JSON], b'{"at":"2026-01-02"}'),
        (("made", 201), 201, [HTML], b"made"),
        (("made", "201 CREATED"), 201, [HTML], b"made"),
        (("made", b"202 Accepted"), 202, [HTML], b"made"),
        (("x", {"X-A": "1"}), 200, [HTML, (b"x-a", b"1")], b"x"),
        (("x", [("X-A", "1"), ("X-A", 2)]), 200, [HTML, (b"x-a", b"1"), (b"x-a", b"2")], b"x"),
        (("x", {"X-Call-Id": "own", "X-Content-Type-Options": "nosniff"}), 200, [HTML], b"x"),
        (("x", {"X-A": ["1", "2"]}), 200, [HTML, (b"x-a", b"1"), (b"x-a", b"2")], b"x"),
        (("x", 418, {"Content-Type": "text/plain"}), 418, [(b"content-type", b"text/plain")], b"x"),
        (({"a": 1}, 400), 400, [JSON], b'{"a":1}'),
        ((None, 404), 404, [], b""),
        (("dropped", 204), 204, [], b""),
        (("dropped", 304, {"ETag": '"a"'}), 304, [HTML, (b"etag", b'"a"')], b""),
        (("x", {"Connection": "close", "Content-Length": "9", "Date": "now"}), 200, [HTML], b"x"),
    ],
)
@pytest.mark.parametrize("style", [0, 1])
def test_plain_forms(reply_of, style, result, status, headers, body):
    reply = reply_of(sync_and_async(lambda: result)[style])
    assert (reply.status, reply.headers, reply.body) == (status, headers, body)


def handlers_of_responses():
    def plain():
        return flask.Response("made", 201, {"X-A": "1"}, mimetype="text/plain")

    def with_cookies():
        made = flask.Response("c")
        made.set_cookie("a", "1")
        made.set_cookie("b", "2")
        return made

    def of_werkzeug():
        return werkzeug.wrappers.Response("w")

    def in_a_tuple():
        return flask.Response("t"), 202, {"X-A": "1"}

    def streamed():
        return flask.Response(iter(["a", "b"]), mimetype="text/csv")

    def redirect():
        return flask.redirect("/elsewhere")

    def wsgi():
        def application(environ, start_response):
            start_response("203 Non-Authoritative", [("X-Path", environ["PATH_INFO"])])
            return [b"from", b" wsgi"]

        return application

    return {each.__name__: each for each in list(locals().values())}


RESPONSES = handlers_of_responses()


@pytest.mark.parametrize(
    ("name", "status", "body", "header"),
    [
        ("plain", 201, b"made", (b"x-a", b"1")),
        ("with_cookies", 200, b"c", (b"set-cookie", b"b=2; Path=/")),
        ("of_werkzeug", 200, b"w", (b"content-type", b"text/plain; charset=utf-8")),
        ("in_a_tuple", 202, b"t", (b"x-a", b"1")),
        ("streamed", 200, b"ab", (b"content-type", b"text/csv; charset=utf-8")),
        ("redirect", 302, None, (b"location", b"/elsewhere")),
        ("wsgi", 203, b"from wsgi", (b"x-path", b"/p")),
    ],
)
def test_responses(reply_of, name, status, body, header):
    reply = reply_of(RESPONSES[name], path="/p")
    assert reply.status == status
    assert header in reply.headers
    assert body is None or reply.body == body
    assert not SERVER.intersection(name for name, _ in reply.headers)


def test_a_streamed_response_is_closed(reply_of):
    closed = []

    def handle():
        made = flask.Response(iter(["a"]))
        made.call_on_close(lambda: closed.append(True))
        return made

    assert reply_of(handle).body == b"a"
    assert closed == [True]


def test_a_file_keeps_its_length(request_of, tmp_path):
    from wherry import invocation
    from wherry.handler import of

    (tmp_path / "f").write_bytes(b"x" * 100_000)

    def handle(request: flask.Request):
        return flask.send_file(tmp_path / "f", mimetype="image/png")

    reply = invocation.call(of(handle), request_of())
    assert reply.length == 100_000
    assert len(b"".join(reply.body)) == 100_000
    reply.body.close()


@pytest.mark.parametrize(
    "result",
    [
        7,
        1.5,
        True,
        object(),
        object,
        {"a": object()},
        {"a": float},
        "\ud800",
        ("x",),
        ("x", 200, {}, 1),
        ("x", 99),
        ("x", 100),
        ("x", 101),
        ("x", 600),
        ("x", True),
        ("x", 200.0),
        ("x", "OK"),
        ("x", ""),
        ("x", "2000"),
        ("x", None, {"A B": "1"}),
        ("x", {"A": "1\r\nB: 2"}),
        ("x", {"A": "1\n"}),
        ("x", {"A": "\0"}),
        ("x", {"A": "€"}),
        ("x", {"A\n": "1"}),
        ("x", {"": "1"}),
        ("x", {7: "1"}),
        ("x", [("A",)]),
        ("x", 200, "A: 1"),
        (("x", 200), 200),
        lambda: None,
        lambda environ, start_response: [b"never started"],
    ],
    ids=repr,
)
@pytest.mark.parametrize("style", [0, 1])
def test_what_cannot_be_sent(reply_of, style, result):
    with pytest.raises(ResponseError):
        reply_of(sync_and_async(lambda: result)[style])


def test_a_coroutine_from_a_plain_function_is_explained(reply_of):
    async def inner():
        return "x"

    with pytest.raises(ResponseError, match="async def"):
        reply_of(lambda: inner())  # noqa: PLW0108 - what is tested is a plain function


# Streams --------------------------------------------------------------------------------------


def streaming(values):
    def generated():
        yield from values

    async def awaited():
        for value in values:
            await asyncio.sleep(0)
            yield value

    def returned():
        return iter(values)

    async def returned_async():
        return iter(values)

    return {"generator": generated, "async": awaited, "iterator": returned, "mixed": returned_async}


@pytest.mark.parametrize("style", ["generator", "async", "iterator", "mixed"])
class TestStreams:
    def test_text_and_bytes(self, reply_of, style):
        reply = reply_of(streaming(["ü", b"b", "", bytearray(b"c")])[style])
        assert reply.headers == [HTML]
        assert reply.body == "übc".encode()

    def test_empty(self, reply_of, style):
        assert reply_of(streaming([])[style]).body == b""

    def test_values_become_lines(self, reply_of, style):
        reply = reply_of(streaming([{"a": 1}, [2], Point(3)])[style])
        assert reply.headers == [(b"content-type", b"application/x-ndjson")]
        assert reply.body == b'{"a":1}\n[2]\n{"x":3,"y":0.5}\n'

    def test_values_become_server_sent_events(self, reply_of, style):
        reply = reply_of(streaming([{"a": 1}, ": ping\n\n"])[style], headers=SSE)
        assert dict(reply.headers) == {
            b"content-type": b"text/event-stream; charset=utf-8",
            b"cache-control": b"no-store",
        }
        assert reply.body == b'data: {"a":1}\n\n: ping\n\n'

    def test_the_first_chunk_may_still_fail_as_a_500(self, reply_of, style):
        with pytest.raises(ResponseError):
            reply_of(streaming([object()])[style])
        with pytest.raises(ResponseError):
            reply_of(streaming(["\ud800"])[style])


@pytest.mark.parametrize("is_async", [False, True])
def test_an_error_before_the_first_chunk(request_of, is_async):
    from wherry import invocation
    from wherry.handler import of

    def generated():
        raise ValueError("early")
        yield

    async def awaited():
        raise ValueError("early")
        yield

    def call():
        if is_async:
            return asyncio.run(invocation.call_async(of(awaited), request_of()))
        return invocation.call(of(generated), request_of())

    with pytest.raises(InvocationFailed) as caught:
        call()
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_error_in_the_middle_and_close(request_of):
    from wherry import invocation
    from wherry.handler import of

    closed = []

    def broken():
        try:
            yield "a"
            raise ValueError("late")
        finally:
            closed.append(True)

    reply = invocation.call(of(broken), request_of())
    assert next(reply.body) == b"a"
    with pytest.raises(InvocationFailed):
        next(reply.body)
    assert closed == [True]

    def endless():
        try:
            while True:
                yield "a"
        finally:
            closed.append(False)

    reply = invocation.call(of(endless), request_of())
    next(reply.body)
    reply.body.close()
    assert closed == [True, False]


def test_a_stream_with_status_and_type(reply_of):
    def handle():
        return iter([{"a": 1}]), 201, {"Content-Type": "text/event-stream"}

    reply = reply_of(handle)
    assert (reply.status, reply.body) == (201, b'data: {"a":1}\n\n')


def test_an_async_iterator_from_a_plain_function_is_refused(reply_of):
    async def chunks():
        yield "a"

    with pytest.raises(ResponseError, match="async def"):
        reply_of(lambda: chunks())  # noqa: PLW0108


def test_a_stream_for_a_status_without_body_is_closed(reply_of):
    assert reply_of(lambda: (iter(["x"]), 204)).body == b""


# Anything at all ------------------------------------------------------------------------------

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
values = st.recursive(
    scalars | st.builds(object) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
        | st.tuples(inner, inner)
        | st.tuples(inner, inner, inner)
        | st.tuples(inner, st.integers(50, 700))
        | st.lists(inner, max_size=3).map(iter)
        | st.binary().map(io.BytesIO)
    ),
    max_leaves=6,
)


@given(result=values)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_is_a_sound_reply_or_a_response_error(request_of, result):
    try:
        made = response.settle(response.reply(result, request_of()))
        body = made.body if isinstance(made.body, bytes) else b"".join(made.body)
    except (ResponseError, InvocationFailed):
        return
    assert isinstance(body, bytes)
    assert 200 <= made.status <= 599
    for name, value in made.headers:
        assert name == name.lower()
        assert name
        assert not set(name) & set(b" \t\r\n\0:")
        assert not set(value) & set(b"\r\n\0")
        assert name not in SERVER
    if (b"content-type", b"application/json") in made.headers and isinstance(result, (dict, list)):
        orjson.loads(body)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.binary(max_size=8)))
def test_any_headers_are_sound_or_refused(headers):
    from wherry.response_headers import headers_of

    try:
        made = headers_of(headers)
    except ResponseError:
        return
    for name, value in made:
        assert name.isascii()
        assert not set(value) & set(b"\r\n\0")
