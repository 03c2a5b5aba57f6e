"""A real NGINX in front: the connections that it keeps, the bodies that it passes on."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wherry.testing import Running, running

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions_data" / "serving"
CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream function {{ server 127.0.0.1:{port}; keepalive 8; }}
  server {{
    listen unix:{folder}/front.sock;
    client_max_body_size 0;
    location / {{
      proxy_pass http://function; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_request_buffering off; proxy_buffering off;
    }}
  }}
}}
"""

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed"),
]


@pytest.fixture
def function() -> Iterator[Running]:
    with running(FUNCTIONS / "sync.py") as served:
        yield served


@pytest.fixture
def front(function: Running, tmp_path: Path) -> Iterator[Path]:
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=tmp_path, port=function.port))
    with subprocess.Popen(["nginx", "-c", str(configuration)], stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 20
        while not (tmp_path / "front.sock").exists():
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < until
            time.sleep(0.01)
        yield tmp_path / "front.sock"
        process.terminate()


def ask(front: Path, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(front))
        client.sendall(data)
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
    return answer


def answered(function: Running) -> int:
    """How many requests the function saw; the line of the last may be a moment late."""
    return function.log.count(" B ")


def test_requests_over_kept_connections(function: Running, front: Path):
    for number in range(200):
        request = f"GET /n?{number} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = ask(front, request.encode())
        assert answer.startswith(b"HTTP/1.1 200")
        assert f'"query":"{number}"'.encode() in answer


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_bodies_chunked_and_counted(front: Path, size: int):
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    counted = head + b"Content-Length: %d\r\n\r\n%s" % (size, body)
    chunks = b"%x\r\n%s\r\n" % (size, body) if size else b""
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    for request in (counted, chunked):
        answer = ask(front, request)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.partition(b"\r\n\r\n")[2] == body


def test_a_stream_passes_through(front: Path):
    answer = ask(front, b"GET /stream?n=500 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.count(b"y") >= 500 * 1024


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (b"Content-Length: 4\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 60", b"0\r\n\r\n"),
        (b"Transfer-Encoding: xchunked\r\nContent-Length: 3", b"abc"),
        (b"Content-Length: 3\r\nContent-Length: 30", b"abc"),
    ],
)
def test_no_request_is_smuggled(function: Running, front: Path, lines: bytes, body: bytes):
    """What follows in the same bytes must not reach the function as a request of its own twice."""
    hidden = b"POST /a HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n%s" % (lines, body)
    answer = ask(front, hidden + b"GET /hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    statuses = answer.count(b"HTTP/1.1 200")
    end = b"GET /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert b'"path":"/end"' in ask(front, end)
    until = time.monotonic() + 10
    while "GET /end" not in function.log:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert answered(function) == statuses + 1
