"""What runs out, and that it is there again: descriptors, connections, the patience of callers."""

from __future__ import annotations

import gc
import os
import re
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from wherry.serving.connection import Connection
from wherry.serving.reading import Reading
from wherry.testing import Running, running

from .stand import stand

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions_data" / "serving"
NOFILE = 128
HALF_OPEN = 300
RECOVERY_S = 3.0
LOG_BYTES = 100_000
GONE = 1_000
_UNANSWERED = r"(http_requests_in_flight|wherry_requests_queued)[ {]"
_RESET = struct.pack("ii", 1, 0)

pytestmark = pytest.mark.skipif(
    not os.path.isdir("/proc/self/fd"), reason="the system has no /proc to count in"
)


@contextmanager
def few_descriptors(function_limit: int) -> Iterator[None]:
    """Let the processes that are started meanwhile have no more than this; not the tests' own."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        limited = Path(folder, "python")
        limited.write_text(f'#!/bin/sh\nulimit -S -n {function_limit}\nexec {python} "$@"\n')
        limited.chmod(0o755)
        sys.executable = str(limited)
        try:
            yield
        finally:
            sys.executable = python


@contextmanager
def running_with_few(**environment: str) -> Iterator[Running]:
    """A function under the limit; the test itself has its descriptors back."""
    with few_descriptors(NOFILE):
        context = running(FUNCTIONS / "sync.py", **environment)
        function = context.__enter__()
    try:
        yield function
    finally:
        context.__exit__(None, None, None)


def status(function: Running, path: str, timeout_s: float = 10.0) -> int | None:
    """Of one request over a new connection; None where there is no answer in time."""
    try:
        with socket.create_connection(("127.0.0.1", function.port), timeout=timeout_s) as client:
            client.settimeout(timeout_s)
            client.sendall(
                b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path.encode()
            )
            answer = client.recv(64)
            return int(answer.split()[1]) if answer else None
    except OSError:
        return None


def eventually(condition: Callable[[], object], timeout_s: float) -> None:
    until = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < until, f"not within {timeout_s} s: {result!r}"
        time.sleep(0.01)


def descriptors(function: Running) -> int:
    return len(os.listdir(f"/proc/{function.process.pid}/fd"))


def threads(function: Running) -> int:
    return len(os.listdir(f"/proc/{function.process.pid}/task"))


def scraped(function: Running, pattern: str) -> float:
    """The sum of the samples whose line matches."""
    with urlopen(function.metrics_url, timeout=10) as answer:
        text = answer.read().decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if re.match(pattern, line))


@pytest.mark.parametrize("cap", ["", "100000"], ids=["its own cap", "no cap below the limit"])
def test_without_descriptors_it_waits_and_then_goes_on(cap: str):
    """A request that waits for a place gets no answer, so a probe says not ready by its silence."""
    with running_with_few(WHERRY_MAX_CONNECTIONS=cap) as function:
        assert status(function, "/before") == 200
        with ExitStack() as half_open:
            for _ in range(HALF_OPEN):
                client = socket.create_connection(("127.0.0.1", function.port), timeout=10)
                half_open.enter_context(client).sendall(b"GET /half HTTP/1.1\r\nHo")
            eventually(lambda: "connections" in function.log, 10)  # it says what has run out
            assert status(function, "/_/ready", timeout_s=0.5) is None
        released = time.monotonic()
        eventually(lambda: status(function, "/after", timeout_s=1.0) == 200, RECOVERY_S)
        assert status(function, "/_/ready") == 200
        assert time.monotonic() - released < RECOVERY_S
        assert len(function.log) < LOG_BYTES
        assert "Traceback" not in function.log


@pytest.mark.parametrize("name", ["sync.py", "asynchronous.py"])
def test_callers_that_go_away_leave_nothing(name: str):
    with running(FUNCTIONS / name, WHERRY_THREADS="64", WHERRY_MAX_QUEUE="9999") as function:
        for _ in range(50):
            assert status(function, "/warm") == 200
        hang_up(function, 40)
        settled = eventual_rest(function)
        for _ in range(GONE // 50):
            hang_up(function, 50)
        again = eventual_rest(function)
        assert again[0] <= settled[0] + 2, "descriptors"
        assert again[1] <= settled[1] + 65, "threads, as the pool grows to its size"
        assert status(function, "/after") == 200
        counted = lambda: scraped(function, r'http_requests_total\{.*code="499"')  # noqa: E731
        eventually(lambda: counted() >= GONE * 0.9, 10)
        eventually(lambda: scraped(function, _UNANSWERED) == 0, 10)
        assert "Traceback" not in function.log


ENDS = {
    "in a line": [b"GET / HT"],
    "in a head": [b"GET / HTTP/1.1\r\nHost: a\r\nX:"],
    "in a body": [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n", b"x" * 3000],
    "refused": [b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"zz\r\n"],
    "answered": [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", b"hello"],
}


@pytest.mark.parametrize("pieces", ENDS.values(), ids=ENDS)
def test_a_closed_connection_is_free_at_once(pieces: list[bytes]):
    """Not when the collector looks: until then hundreds of half bodies would stay."""
    with stand(lambda body: body, []) as server:
        server.feed(pieces)
        gc.collect()
        gc.disable()
        try:
            server.feed(pieces)
            kept = [each for each in gc.get_objects() if isinstance(each, (Connection, Reading))]
        finally:
            gc.enable()
    assert kept == []


def hang_up(function: Running, callers: int) -> None:
    """Ask for something that takes a moment, and reset the connection before it comes."""
    # A call that is just ending is for a moment both counted and in flight.
    eventually(lambda: scraped(function, _UNANSWERED) == 0, 30)
    before = known(function)
    with ExitStack() as asked:
        for _ in range(callers):
            client = socket.create_connection(("127.0.0.1", function.port), timeout=20)
            asked.enter_context(client)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            client.sendall(b"GET /sleep?s=0.25 HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: known(function) >= before + callers, 20)


def known(function: Running) -> float:
    """Calls that the function has heard of, answered or not."""
    return scraped(function, r"(http_requests_(total|in_flight)|wherry_requests_queued)[ {]")


def eventual_rest(function: Running) -> tuple[int, int]:
    """Descriptors and threads once nothing is in flight any more."""
    eventually(lambda: scraped(function, _UNANSWERED) == 0, 30)
    before = -1
    while (now := descriptors(function)) != before:  # the last connections are being closed
        before = now
        eventually(lambda: status(function, "/_/health") == 200, 10)
    return now, threads(function)
