"""gunicorn's own corpus of raw requests, read in place from its sdist.

What it holds to be invalid must not become an error of ours: no 5xx but 501 and 505, no
traceback, and the server goes on serving; and nothing may be accepted that gunicorn's gthread
worker, at its defaults, refuses.
"""

from __future__ import annotations

import random
import re
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wherry.testing import Running, running

from .conftest import FUNCTIONS, Wire, get
from .gthread import gthread

VERSION = "27.0.1"
AT_ONCE = 32
# What its corpus does not have, and a parser is likely to let through.
MORE = {
    "two blank lines": b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "three blank lines": b"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "blank bare LF": b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "blank bare CR": b"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "blank CR CR LF": b"\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "one blank line": b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "request line of 4095": b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * 4081),
    "request line of 4094": b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * 4080),
    "field of 8191": b"GET / HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n" % (b"a" * 8186),
    "field of 8190": b"GET / HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n" % (b"a" * 8185),
    "101 fields": b"GET / HTTP/1.1\r\nHost: a\r\n%s\r\n" % (b"X: a\r\n" * 100),
    "100 fields": b"GET / HTTP/1.1\r\nHost: a\r\n%s\r\n" % (b"X: a\r\n" * 99),
}


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("gunicorn")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", ":all:", "--dest", str(folder), f"gunicorn=={VERSION}"]
    fetched = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    if fetched.returncode:
        pytest.skip(f"gunicorn's sdist cannot be fetched: {fetched.stderr.strip()[-200:]}")
    found = {}
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        for member in archive.getmembers():
            path = Path(member.name)
            if path.suffix == ".http" and path.parts[-3:-1] in {
                ("requests", "valid"),
                ("requests", "invalid"),
            }:
                text = archive.extractfile(member).read()
                found["/".join(path.parts[-2:])] = unescape(text)
    return found


def unescape(text: bytes) -> bytes:
    """The files write line ends as backslash sequences, and break lines for the reader's sake."""
    text = text.replace(b"\n", b"").replace(b"\\r\\n", b"\r\n")
    text = text.replace(b"\\0", b"\0").replace(b"\\n", b"\n").replace(b"\\t", b"\t")
    return re.sub(rb"\\x([0-9a-f]{2})", lambda digits: bytes([int(digits[1], 16)]), text)


@pytest.fixture(scope="module")
def function() -> Iterator[Running]:
    limits = {"WHERRY_HEAD_TIMEOUT": "300ms", "WHERRY_BODY_TIMEOUT": "300ms"}
    with running(FUNCTIONS / "sync.py", WHERRY_KEEPALIVE="100ms", **limits) as served:
        yield served


@pytest.fixture(scope="session")
def judge() -> Iterator[int]:
    with gthread() as port:
        yield port


def statuses(port: int, pieces: list[bytes], *, half_close: bool = False) -> list[int]:
    """The statuses that come back until the server closes; it closes what is not complete."""
    wire = Wire(port)
    found = []
    try:
        try:
            for piece in pieces:
                wire.send(piece)
            if half_close:
                wire.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has closed already, having said why
        while True:
            found.append(wire.answer()[0])
    except (EOFError, OSError):
        return found
    finally:
        wire.close()


def all_statuses(
    port: int, requests: dict[str, list[bytes]], *, half_close: bool = False
) -> dict[str, list[int]]:
    """As `statuses`, many at once: most of the time goes in waiting for a deadline."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = {
            name: pool.submit(statuses, port, pieces, half_close=half_close)
            for name, pieces in requests.items()
        }
        return {name: future.result() for name, future in found.items()}


def splits(name: str, data: bytes) -> dict[str, list[bytes]]:
    chance = random.Random(name)  # the same pieces in every run
    cuts = sorted(chance.sample(range(len(data)), min(6, len(data))))
    return {
        "whole": [data],
        "by line": data.splitlines(keepends=True),
        "by byte": [data[i : i + 1] for i in range(min(len(data), 4096))] + [data[4096:]],
        "random": [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)],
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", ["whole", "by line", "by byte", "random"])
def test_no_error_of_ours(function: Running, corpus: dict[str, bytes], way: str):
    assert len(corpus) >= 140
    pieces = {name: splits(name, data)[way] for name, data in corpus.items()}
    wrong = {
        name: got
        for name, got in all_statuses(function.port, pieces).items()
        if any(status >= 500 and status not in {501, 505} for status in got)
    }
    assert wrong == {}
    assert still_serves(function)
    assert "Traceback" not in function.log


def still_serves(function: Running) -> bool:
    wire = Wire(function.port)
    try:
        return wire.send(get()).answer()[0] == 200
    finally:
        wire.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", ["whole", "by byte"])
def test_nothing_is_accepted_that_gthread_refuses(
    function: Running, judge: int, corpus: dict[str, bytes], way: str
):
    every = {name: splits(name, data)[way] for name, data in {**corpus, **MORE}.items()}
    ours = all_statuses(function.port, every, half_close=True)
    theirs = all_statuses(judge, every, half_close=True)
    wrong = {
        name: {"ours": ours[name], "gthread": theirs[name]}
        for name in every
        if successes(ours[name]) > successes(theirs[name])
    }
    assert wrong == {}
    # That the judge judges: it takes some and refuses others.
    assert 50 < sum(successes(got) > 0 for got in theirs.values()) < len(every) - 50


def successes(found: list[int]) -> int:
    return sum(200 <= status < 300 for status in found)
