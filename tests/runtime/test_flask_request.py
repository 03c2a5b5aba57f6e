import contextvars
import io

import flask
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from wherry import invocation
from wherry.flask_request import environ_of, flask_request
from wherry.handler import of
from wherry.loader import load


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a%0ab", "/a\nb"),
        ("//x//", "/x//"),
        ("/%2e%2e/x", "/../x"),
        ("/%C3%BC", "/ü"),
        ("/%FF", "/\ufffd"),
        ("/a%2Fb", "/a/b"),
        ("/100%", "/100%"),
        ("/a;b=1", "/a;b=1"),
    ],
)
def test_any_path_reaches_the_handler(reply_of, target, path):
    def handle(request: flask.Request):
        return request.path

    assert reply_of(handle, path=target).body == path.encode()


def test_what_flask_shows(request_of):
    request = flask_request(
        request_of(
            "POST",
            "/p?a=1&a=2&b=%C3%BC",
            headers=[
                ("Host", "shop.example:8080"),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Content-Length", "3"),
                ("Cookie", "x=1"),
                ("cookie", "y=2"),
                ("X-Many", "1"),
                ("x-many", "2"),
                ("X_Underscore", "spoofed"),
                ("Content_Type", "spoofed"),
                ("Transfer-Encoding", "chunked"),
            ],
            body=b"c=3",
        )
    )
    assert isinstance(request, flask.Request)
    assert request.method == "POST"
    assert request.args.getlist("a") == ["1", "2"]
    assert request.args["b"] == "ü"
    assert request.form["c"] == "3"
    assert request.host == "shop.example:8080"
    assert request.cookies.to_dict() == {"x": "1", "y": "2"}
    assert request.headers["X-Many"] == "1,2"
    assert request.content_type == "application/x-www-form-urlencoded"
    assert "spoofed" not in str(dict(request.headers))
    assert request.url == "http://shop.example:8080/p?a=1&a=2&b=ü"


def test_uploads(reply_of):
    def handle(request: flask.Request):
        upload = request.files["f"]
        return {"name": upload.filename, "size": len(upload.read()), "note": request.form["note"]}

    body = (
        b'--B\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n'
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\n'
        + b"x" * 1000
        + b"\r\n--B--\r\n"
    )
    headers = [("Content-Type", "multipart/form-data; boundary=B")]
    reply = reply_of(handle, "POST", headers=headers, body=body)
    assert reply.body == b'{"name":"a.bin","size":1000,"note":"hi"}'


def test_a_key_is_only_cached_while_few(request_of):
    from wherry import flask_request as module

    for n in range(3_000):
        environ_of(request_of(headers=[(f"X-Unknown-{n}", "1")]))
    assert len(module._keys) <= module._KEYS_LIMIT
    assert environ_of(request_of(headers=[("X-New", "1")]))["HTTP_X_NEW"] == "1"


def test_the_environ_is_new_each_time(request_of):
    first, second = environ_of(request_of()), environ_of(request_of())
    first["leak"] = True
    assert "leak" not in second
    assert isinstance(second["wsgi.input"], io.BytesIO)


# Flask's context ------------------------------------------------------------------------------


@pytest.mark.usefixtures("clean_imports")
def test_flasks_globals_work_and_g_does_not_leak(functions, reply_of):
    handler = load(functions / "flask_globals.py")
    assert handler.needs_flask
    assert handler.needs_flask_context
    for _ in range(3):
        reply = reply_of(handler, path="/x")
        assert reply.status == 201
        assert flask.json.loads(reply.body) == {
            "path": "/x", "before": None, "app": "wherry", "same": "/x"
        }  # fmt: skip
    assert not flask.has_request_context()
    assert not flask.has_app_context()


@pytest.mark.usefixtures("clean_imports")
def test_only_who_uses_the_context_pays_for_it(tmp_path, functions):
    for name in ("flask_by_module.py", "flask_annotation_only.py"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "handler.py").write_text((functions / name).read_text())
    assert load(tmp_path / "flask_by_module.py").needs_flask_context
    plain = load(tmp_path / "flask_annotation_only.py")
    assert plain.needs_flask
    assert not plain.needs_flask_context


def test_the_context_is_gone_after_an_error(request_of):
    def handle(request: flask.Request):
        flask.g.seen = flask.current_app.name
        raise ValueError

    handler = of(handle)
    assert handler.needs_flask_context
    with pytest.raises(invocation.InvocationFailed):
        contextvars.copy_context().run(invocation.call, handler, request_of())
    assert not flask.has_app_context()


def test_in_async_handlers_too(reply_of):
    async def handle(request: flask.Request):
        assert flask.request.path == "/x"
        return flask.jsonify(1)

    assert reply_of(handle, path="/x").body == b"1\n"


def test_in_streams(reply_of):
    def handle():
        yield flask.request.path
        yield flask.request.method

    assert reply_of(handle, path="/x").body == b"/xGET"


@pytest.mark.parametrize("is_async", [False, True])
def test_in_streams_that_flask_keeps_its_context_for(reply_of, is_async):
    def answer():
        def lines():
            for number in (1, 2):
                yield f"{number} {flask.request.path}\n"

        return flask.stream_with_context(lines())

    def handle(request):
        return answer()

    async def handle_async(request):
        return answer()

    reply = reply_of(handle_async if is_async else handle, path="/a")
    assert (reply.status, reply.body) == (200, b"1 /a\n2 /a\n")


def test_in_event_handlers(reply_of):
    def handle(event):
        return flask.jsonify(event.id)

    headers = [("ce-id", "1"), ("ce-source", "/"), ("ce-type", "t"), ("ce-specversion", "1.0")]
    assert reply_of(handle, "POST", headers=headers).body == b'"1"\n'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text("ab=&;+%20/?:,~.", max_size=12))
def test_a_query_is_what_werkzeug_reads(request_of, query):
    environ = {**EnvironBuilder().get_environ(), "QUERY_STRING": query}
    expected = flask.Request(environ).args
    found = flask_request(request_of(path="/?" + query)).args
    assert list(found.items(multi=True)) == list(expected.items(multi=True))
