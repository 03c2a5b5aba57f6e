"""Several workers that share one import of the function, and when that is refused."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import wherry
from wherry.testing import Running, running

from .conftest import Wire, eventually, get

TWO = {"WHERRY_WORKERS": "2", "WHERRY_PRELOAD": "true"}
SHOWN = """
import os, random
import beside

IMPORTED_BY = os.getpid()

def handle():
    return f"{IMPORTED_BY} {os.getpid()} {beside.WORD} {random.random()}"
"""


def words(function: Running) -> list[str]:
    connection = Wire(function.port)
    try:
        return connection.send(get()).answer()[2].decode().split()
    finally:
        connection.close()


def of_both_workers(function: Running) -> dict[str, list[str]]:
    """One answer of each of two workers, by process."""
    answers: dict[str, list[str]] = {}
    until = time.monotonic() + 20
    while len(answers) < 2 and time.monotonic() < until:
        answer = words(function)
        answers.setdefault(answer[1], answer)
    return answers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "handler.py").write_text(SHOWN)
    (tmp_path / "beside.py").write_text("WORD = 'one'\n")
    return tmp_path


def test_the_master_imports_it_once_and_a_reload_anew(folder: Path):
    with running(folder, **TWO) as function:
        answers = of_both_workers(function)
        assert len(answers) == 2
        assert {answer[0] for answer in answers.values()} == {str(function.process.pid)}
        assert len({answer[3] for answer in answers.values()}) == 2  # no common randomness
        # Another length: a file of the same second and size looks the same to the interpreter.
        (folder / "beside.py").write_text("WORD = 'second'\n")
        function.process.send_signal(signal.SIGHUP)
        eventually(lambda: words(function)[2] == "second", timeout_s=20)
        (folder / "beside.py").write_text("WORD = nothing\n")
        function.process.send_signal(signal.SIGHUP)
        eventually(lambda: "workers get the code before it" in function.log, timeout_s=20)
        eventually(lambda: function.log.count("is ready on") >= 6, timeout_s=20)
        assert words(function)[2] == "second"
        assert function.terminate() == 0


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (
            "from threading import Event, Thread\nThread(target=Event().wait, daemon=True).start()",
            "threads",
        ),
        ("import asyncio\nLOOP = asyncio.new_event_loop()", "connections or an event loop"),
        ("import socket\nPAIR = socket.socketpair()", "connections or an event loop"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the system must tell of descriptors")
def test_what_children_do_not_inherit_is_refused(tmp_path: Path, code: str, says: str):
    (tmp_path / "handler.py").write_text(f"{code}\ndef handle(): return 'ok'\n")
    ended = subprocess.run(
        [sys.executable, "-m", "wherry"],
        env={
            "PYTHONPATH": str(Path(wherry.__file__).parent.parent),
            "WHERRY_HANDLER": str(tmp_path),
            "PORT": "0",
            "WHERRY_METRICS_PORT": "0",
            **TWO,
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert f"starts {says}" in ended.stderr
