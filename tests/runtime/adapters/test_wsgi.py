"""WSGI applications: of frameworks, and plain ones that go to the limits of PEP 3333."""

import http.client
import socket

import pytest

from wherry.errors import HandlerNameNotFound, HandlerSignatureError, ResponseError
from wherry.loader import load
from wherry.testing import invoke, running

FLASK = """
    from flask import Flask, request

    app = Flask(__name__)

    @app.route("/hello/<name>")
    def hello(name):
        return f"Hello, {name}!"

    @app.post("/echo")
    def echo():
        return {"got": request.get_json(), "type": request.content_type}, 201

    @app.get("/stream")
    def stream():
        return (f"{n}\\n" for n in range(3))

    def main():
        app.run()
"""
BOTTLE = """
    from bottle import Bottle, template

    application = Bottle()

    @application.route("/hello/<name>")
    def index(name):
        return template("<b>Hello {{name}}</b>!", name=name)
"""
PLAIN = """
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["REQUEST_METHOD"].encode(), b" ", environ["PATH_INFO"].encode("latin-1")]
"""


def app_of(written, body):
    """A module with an application of this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return load(written(f"import sys\n\ndef app(environ, start_response):\n{lines}\n"))


def test_a_flask_application(written):
    handler = load(written(FLASK, "app.py").parent)
    answer = invoke(handler, path="/hello/Ada")
    assert (answer.status, answer.text) == (200, "Hello, Ada!")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    answer = invoke(handler, method="POST", path="/echo", json={"a": [1]})
    assert (answer.status, answer.json["got"]) == (201, {"a": [1]})
    assert answer.json["type"] == "application/json"
    assert invoke(handler, path="/none").status == 404
    assert invoke(handler, path="/stream").text == "0\n1\n2\n"


def test_a_bottle_application(written):
    pytest.importorskip("bottle")
    assert invoke(load(written(BOTTLE)), path="/hello/Ada").text == "<b>Hello Ada</b>!"


def test_a_plain_function(written):
    answer = invoke(load(written(PLAIN, "wsgi.py").parent), path="/a%C3%A9")
    assert answer.body == b"GET /a\xc3\xa9"
    assert answer.headers["content-type"] == "text/plain"


def test_the_validator_of_the_standard_library_finds_nothing(written):
    text = """
        from wsgiref.validate import validator

        def simple(environ, start_response):
            body = environ["wsgi.input"].read(1 << 20)
            if environ["PATH_INFO"] == "/late":
                return late(start_response, body)
            start_response("200 OK", [("Content-Type", "text/plain"),
                                      ("Content-Length", str(len(body)))])
            return [body]

        def late(start_response, body):
            write = start_response("200 OK", [("Content-Type", "text/plain")])
            write(b"written ")
            return [b"and ", b"returned ", body]

        app = validator(simple)
    """
    handler = load(written(text), signature="wsgi")
    assert invoke(handler, method="POST", path="/?q=1", body=b"abc").body == b"abc"
    assert invoke(handler, path="/late").body == b"written and returned "
    assert invoke(handler, method="HEAD").body == b""
    assert invoke(handler, method="OPTIONS", path="*").body == b""


def test_the_validator_would_find_something(written):
    text = "from wsgiref.validate import validator\napp = validator(lambda e, s: ['text'])\n"
    with pytest.raises(AssertionError):
        invoke(load(written(text), signature="wsgi"))


def test_what_is_written_comes_first_also_while_it_iterates(written):
    body = """
write = start_response("200 OK", [])
def chunks():
    write(b"a")
    yield b"b"
    write(b"c")
    yield b""
    yield b"d"
    write(b"e")
return chunks()
"""
    assert invoke(app_of(written, body)).body == b"abcde"


def test_start_response_is_called_by_the_first_bytes(written):
    body = """
def chunks():
    yield b""
    start_response("202 Taken", [("X-A", "1")])
    yield b"late"
return chunks()
"""
    answer = invoke(app_of(written, body))
    assert (answer.status, answer.headers["x-a"], answer.body) == (202, "1", b"late")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("return [b'']", "did not call start_response"),
        ("start_response('200 OK', [])\nstart_response('200 OK', [])", "twice"),
        ("start_response('200 OK', [])\nreturn ['text']", "expected bytes"),
        ("start_response('200 OK', [])\nreturn iter(['text'])", "expected bytes"),
        ("start_response('99 No', [])\nreturn []", "status"),
        ("start_response('200 OK', [('A', 'b\\r\\nc')])\nreturn []", "control character"),
    ],
)
def test_what_breaks_the_rules_is_the_applications_fault(written, body, error):
    with pytest.raises(ResponseError, match=error):
        invoke(app_of(written, body))


def test_an_error_may_replace_headers_until_they_are_sent(written):
    early = """
start_response("200 OK", [("X-Was", "1")])
try:
    raise ValueError("oops")
except ValueError:
    start_response("500 Oops", [("X-Is", "2")], sys.exc_info())
return [b"sorry"]
"""
    answer = invoke(app_of(written, early))
    assert (answer.status, answer.body) == (500, b"sorry")
    assert "x-was" not in answer.headers
    late = """
start_response("200 OK", [])
def chunks():
    yield b"first"
    try:
        raise ValueError("oops")
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())
    yield b"never"
return chunks()
"""
    with pytest.raises(ValueError, match="oops"):
        invoke(app_of(written, late))


def test_the_answer_is_closed_once_and_always(written):
    body = """
class Chunks:
    closed = 0
    def __iter__(self):
        yield b"abc"
        yield b"more than was promised"
    def close(self):
        Chunks.closed += 1
        environ["wsgi.errors"].write("")
        app.closed = getattr(app, "closed", 0) + 1
length = environ["QUERY_STRING"]
start_response("200 OK", [("Content-Length", length)] if length else [])
if environ["PATH_INFO"] == "/fails":
    start_response("200 OK", [])
return Chunks()
"""
    handler = app_of(written, body)
    application = handler.function.__closure__[0].cell_contents
    assert invoke(handler, path="/?3").body == b"abc"
    assert application.closed == 1


def test_the_length_of_a_head_is_told(written):
    text = """
        def app(environ, start_response):
            start_response("200 OK", [("Content-Length", "1234")])
            return []
    """
    with running(written(text)) as function:
        connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=10)
        connection.request("HEAD", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("content-length")) == (200, "1234")
        connection.close()


def test_bodies_stream_both_ways_in_the_real_server(written):
    """The answer to a part of the body arrives while the rest is not sent."""
    text = """
        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            for line in iter(environ["wsgi.input"].readline, b""):
                yield line.upper()
    """
    with (
        running(written(text)) as function,
        socket.create_connection(("127.0.0.1", function.port), timeout=10) as sock,
    ):
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        sock.sendall(b"4\r\none\n\r\n")
        got = b""
        while b"ONE\n" not in got:
            got += sock.recv(65536)
        sock.sendall(b"4\r\ntwo\n\r\n0\r\n\r\n")
        while not got.endswith(b"0\r\n\r\n"):
            got += sock.recv(65536)
        assert b"TWO\n" in got


@pytest.mark.parametrize(
    "text",
    [
        "from flask import Flask\napp = Flask('a')\ndef handle(request): return 'ours'",
        "from flask import Flask\napp = Flask('a')\ndef main(request): return 'ours'",
        "import wherry, flask\napp = flask.Flask('a')\n@wherry.http\ndef f(): return 'ours'",
        "def app(first, second): ...\ndef main(request): return 'ours'",
        "class app: ...\ndef main(request): return 'ours'",
    ],
)
def test_a_module_with_a_handler_of_ours_is_ours(written, text):
    assert invoke(load(written(text))).text == "ours"


def test_an_application_may_be_named(written):
    text = PLAIN.replace("application", "other") + "\n    def handle(request): return 'ours'\n"
    file = written(text)
    assert invoke(load(f"{file}:other")).text == "GET /"
    assert invoke(load(file)).text == "ours"
    assert invoke(load(file, name="other", signature="wsgi")).text == "GET /"


def test_who_says_so_must_have_one(written):
    with pytest.raises(HandlerNameNotFound, match="looked for app, application, wsgi"):
        load(written("x = 1"), signature="wsgi")
    with pytest.raises(HandlerSignatureError, match="an application"):
        load(written("app = 1"), signature="wsgi")
