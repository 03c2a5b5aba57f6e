"""Package indexes: whether they answer, and never with what credentials."""

import http.server
import threading

import pytest

from wherry_build.doctor.finding import State
from wherry_build.doctor.network import look_at_indexes


@pytest.fixture
def index(monkeypatch, tmp_path):
    """An index on loopback that wants a password."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers.get("Authorization"))
            self.send_response(200 if asked[-1] else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    for name in ("PIP_NO_INDEX", "UV_NO_INDEX", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL",
                 "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    yield f"127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_index_that_answers(index, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:canary-5a@{index}")
    (found,) = look_at_indexes()
    assert (found.state, found.said) == (State.OK, f"http://{index} answers 200")
    assert "canary" not in repr(found)


def test_an_index_that_refuses(index, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{index}")
    (found,) = look_at_indexes()
    assert (found.state, found.said) == (State.FAULT, f"http://{index} answers 401")
    assert "netrc" in found.hint


def test_no_index_is_asked_where_that_is_switched_off(index, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (found,) = look_at_indexes()
    assert found.state is State.OK
    assert "none is asked" in found.said
