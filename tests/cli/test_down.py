"""`wherry down`, of a process that ends as asked, late, or not at all."""

import json
import os
import subprocess
import sys

import pytest
from tests.cli.conftest import eventually

from wherry_local.state import StateFolder

PLATFORM = """
import fcntl, json, os, pathlib, signal, sys, time
state = pathlib.Path(sys.argv[1]); asked = []
def ended(*_):
    asked.append(1)
    if len(asked) >= int(sys.argv[2]): sys.exit(0)
signal.signal(signal.SIGTERM, ended)
lock = (state / "lock").open("w"); fcntl.flock(lock, fcntl.LOCK_EX)
told = dict(pid=os.getpid(), gateway="http://127.0.0.1:1", broker="", startedAt=1.0,
            version="1", project=str(state.parent))
(state / "part").write_text(json.dumps(told)); (state / "part").rename(state / "platform.json")
while True: time.sleep(60)
"""


@pytest.fixture
def process(here):
    """A process that holds the lock of this folder, and ends when asked so many times."""
    state = StateFolder.of(here)
    state.make()
    made = []

    def process(times):
        made.append(subprocess.Popen([sys.executable, "-c", PLATFORM, str(state.path), str(times)]))
        eventually(state.endpoint.is_file)
        return made[0]

    yield process
    for each in made:
        each.kill()
        each.wait()


def test_it_ends(wherry, process, here):
    running = process(1)
    done = wherry("down")
    assert done == (0, "", f"{here}: the platform has ended\n")
    assert running.wait(10) == 0
    assert wherry("down").code == 3


def test_as_json(wherry, process, here):
    running = process(1)
    told = json.loads(wherry("down", "-o", "json").out)
    assert told == {"pid": running.pid, "project": str(here), "ended": True}


def test_one_that_takes_too_long_is_asked_again(wherry, process):
    running = process(2)
    assert wherry("down", "--timeout", "0.1").code == 0
    assert running.wait(10) == 0


def test_one_that_never_ends_is_told(wherry, process, monkeypatch):
    monkeypatch.setattr("wherry_cli.down._AT_ONCE_S", 0.1)
    running = process(99)
    done = wherry("down", "--timeout", "0.1")
    assert done.code == 1
    assert f"kill -9 {running.pid}" in done.err
    assert running.poll() is None


def test_a_process_that_has_the_number_of_one_that_ended_is_left_alone(wherry, here):
    state = StateFolder.of(here)
    state.make()
    told = {
        "pid": os.getpid(),
        "gateway": "",
        "broker": "",
        "startedAt": 1.0,
        "version": "1",
        "project": "",
    }
    state.endpoint.write_text(json.dumps(told))
    assert wherry("down").code == 3
