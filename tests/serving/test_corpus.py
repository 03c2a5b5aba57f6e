"""gunicorn's own corpus of raw requests, read in place from its sdist.

What it holds to be invalid must not become an error of ours: no 5xx but 501 and 505, no
traceback, and the server goes on serving. What it holds to be valid must not either.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from wherry.testing import Running, running

from .conftest import FUNCTIONS, Wire, get

VERSION = "27.0.1"
ACCEPTED = {
    "invalid/011.http": "invalid only under a limit of 2 fields, which ours is not",
    "invalid/012.http": "invalid only under a limit of 98 bytes a field, which ours is not",
    "invalid/040.http": "names with underscores reach a handler as they are, and no WSGI environ",
    "invalid/rfc9112_leading_crlf_02.http": "blank lines before a request hide nothing",
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
def function():
    limits = {"WHERRY_HEAD_TIMEOUT": "300ms", "WHERRY_BODY_TIMEOUT": "300ms"}
    with running(FUNCTIONS / "sync.py", WHERRY_KEEPALIVE="100ms", **limits) as served:
        yield served


def statuses(function: Running, pieces: list[bytes]) -> list[int]:
    """The statuses that come back until the server closes; it closes what is not complete."""
    wire = Wire(function.port)
    found = []
    try:
        try:
            for piece in pieces:
                wire.send(piece)
        except OSError:
            pass  # it has closed already, having said why
        while True:
            found.append(wire.answer()[0])
    except (EOFError, OSError):
        return found
    finally:
        wire.close()


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
    wrong = {}
    for name, data in corpus.items():
        got = statuses(function, splits(name, data)[way])
        if any(status >= 500 and status not in {501, 505} for status in got):
            wrong[name] = got
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
def test_what_is_invalid_is_not_answered_with_success(function: Running, corpus: dict[str, bytes]):
    accepted = {}
    for name, data in corpus.items():
        if name.startswith("invalid/"):
            got = statuses(function, [data])
            if any(status < 300 for status in got):
                accepted[name] = got
    assert sorted(set(accepted) - set(ACCEPTED)) == []
