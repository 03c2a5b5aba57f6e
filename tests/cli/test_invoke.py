"""`wherry invoke`, against a server that keeps what it was sent."""

import http.client
import http.server
import json
import threading

import pytest


@pytest.fixture
def server():
    """A server that answers as told and keeps each request."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("content-length", 0))
            asked = (self.command, self.path, dict(self.headers.lower()), self.rfile.read(length))
            self.server.asked.append(asked)
            self.send_response(self.server.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(self.server.body)))
            self.end_headers()
            self.wfile.write(self.server.body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - what http.server calls

        def log_message(self, *_):
            """Nothing on the standard error."""

    class Headers(http.client.HTTPMessage):
        def lower(self):
            return {name.lower(): value for name, value in self.items()}

    Handler.MessageClass = Headers
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.asked, made.status, made.body = [], 200, b'{"ok":true}'
    made.url = f"http://127.0.0.1:{made.server_address[1]}/"
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def test_a_get_without_data(wherry, server):
    done = wherry("invoke", server.url)
    assert done == (0, '{"ok":true}', "HTTP 200 OK\n")
    method, path, headers, body = server.asked[0]
    assert (method, path, body) == ("GET", "/", b"")
    assert "content-type" not in headers


@pytest.mark.parametrize(
    ("data", "kind"),
    [('{"a": 1}', "application/json"), ("plain", "text/plain; charset=utf-8")],
)
def test_a_post_with_data(wherry, server, data, kind):
    wherry("invoke", server.url, "-d", data)
    method, _, headers, body = server.asked[0]
    assert (method, body, headers["content-type"]) == ("POST", data.encode(), kind)


def test_a_file(wherry, server, here):
    (here / "body").write_bytes(b"\xff\x00")
    wherry("invoke", server.url, "-d", "@body", "-X", "PUT", "-H", "X-Key:  1 ")
    method, _, headers, body = server.asked[0]
    assert (method, body, headers["x-key"]) == ("PUT", b"\xff\x00", "1")
    assert headers["content-type"] == "application/octet-stream"


def test_an_event_in_binary_mode(wherry, server):
    wherry(
        *("invoke", server.url, "--type", "a.b", "--source", "/me", "--id", "7"),
        *("-d", '{"name": "Ada"}'),
    )
    method, _, headers, body = server.asked[0]
    assert method == "POST"
    assert (headers["ce-type"], headers["ce-source"], headers["ce-id"]) == ("a.b", "/me", "7")
    assert headers["ce-specversion"] == "1.0"
    assert json.loads(body) == {"name": "Ada"}


def test_an_event_in_structured_mode(wherry, server):
    wherry("invoke", server.url, "--event", "--mode", "structured", "-d", "text")
    _, _, headers, body = server.asked[0]
    assert headers["content-type"].startswith("application/cloudevents+json")
    event = json.loads(body)
    assert event["type"] == "com.example.test"
    assert event["id"]


def test_two_events_have_two_ids(wherry, server):
    wherry("invoke", server.url, "--event")
    wherry("invoke", server.url, "--event")
    assert len({headers["ce-id"] for _, _, headers, _ in server.asked}) == 2


@pytest.mark.parametrize(("status", "code"), [(204, 0), (302, 1), (404, 1), (500, 1)])
def test_the_exit_code_follows_the_status(wherry, server, status, code):
    server.status, server.body = status, b""
    assert wherry("invoke", server.url).code == code
    assert len(server.asked) == 1, "redirects are not followed and nothing is tried again"


def test_json_for_scripts(wherry, server):
    told = json.loads(wherry("invoke", server.url, "--json").out)
    assert (told["status"], told["body"]) == (200, {"ok": True})
    assert told["headers"]["content-type"] == "application/json"


def test_a_name_is_served_on_this_machine(wherry, server, monkeypatch):
    monkeypatch.setenv("PORT", str(server.server_address[1]))
    assert wherry("invoke", "hello").code == 0
    assert wherry("invoke").code == 0


@pytest.mark.parametrize("target", ["hello", "hello?a=b"])
def test_without_a_platform_a_name_is_of_openfaas_url(wherry, here, server, monkeypatch, target):
    monkeypatch.setenv("OPENFAAS_URL", server.url)
    monkeypatch.setenv("PORT", "1")
    done = wherry("invoke", target)
    assert done.code == 0, done.err
    assert f"no platform runs here; asking OPENFAAS_URL, {server.url}" in done.err
    assert server.asked[0][1] == f"/function/{target}"


def test_a_port_that_is_said_goes_before_openfaas_url(wherry, here, server, monkeypatch):
    monkeypatch.setenv("OPENFAAS_URL", "http://127.0.0.1:1")
    done = wherry("invoke", "hello", "--port", server.server_address[1])
    assert done == (0, '{"ok":true}', "HTTP 200 OK\n")


def test_nothing_there(wherry, server):
    server.shutdown()
    server.server_close()
    done = wherry("invoke", server.url)
    assert done.code == 1
    assert "refused" in done.err
    assert "hint: is it served? wherry run" in done.err


@pytest.mark.parametrize("header", ["nonsense", ": x", "a: b\r\nc: d"])
def test_headers_are_checked(wherry, header):
    assert wherry("invoke", "-H", header).code == 2


def test_an_absent_file_is_named(wherry, here):
    done = wherry("invoke", "-d", "@absent")
    assert done.code == 1
    assert done.err == "error: absent: No such file or directory\n"
