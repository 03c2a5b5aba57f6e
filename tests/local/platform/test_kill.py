"""`kill -9` of everything, at any moment: what was accepted reaches its function or is given up.

Given up is a delivery whose tries ended with the platform, several times in a row: that may be why.
"""

import os
import random
import threading
import time
from http.client import HTTPException

import pytest
from tests.local.platform.life import Life, eventually, living

HANDLER = """\
from pathlib import Path

from wherry import cloud_event

REACHED = Path(__file__).with_name("reached.log")


def _note(name):
    with REACHED.open("a") as file:
        file.write(f"{name}\\n")


@cloud_event(type="test.mark")
def marked(event):
    _note(event.id)
"""
CALLED = """\
from pathlib import Path

REACHED = Path(__file__).with_name("reached.log")


def handle(body: bytes):
    with REACHED.open("a") as file:
        file.write(body.decode() + "\\n")
    return "noted"
"""


@pytest.fixture
def project(tmp_path):
    for name, source in (("marked", HANDLER), ("called", CALLED)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "handler.py").write_text(source)
    return tmp_path


def reached(project):
    found = set()
    for name in ("marked", "called"):
        file = project / name / "reached.log"
        if file.exists():
            found.update(file.read_text().split())
    return found


class Sender(threading.Thread):
    """Sends events and asynchronous calls, and notes which were accepted."""

    def __init__(self, life, prefix):
        super().__init__(daemon=True)
        self._life = life
        self._prefix = prefix
        self.accepted = []
        self.refused = []

    def run(self):
        number = 0
        while True:
            number += 1
            name = f"{self._prefix}-{number}"
            try:
                status = self._event(name) if number % 2 else self._call(name)
            except (OSError, HTTPException):
                return  # it was killed
            (self.accepted if status == 202 else self.refused).append(name)

    def _event(self, name):
        headers = {
            "Ce-Specversion": "1.0",
            "Ce-Id": name,
            "Ce-Source": "/test",
            "Ce-Type": "test.mark",
        }
        status, _ = self._life.ask(
            "POST", "/default/default", door=self._life.broker, headers=headers, body=b""
        )
        return status

    def _call(self, name):
        headers = {"X-Call-Id": name}
        status, _ = self._life.ask(
            "POST", "/async-function/called", headers=headers, body=name.encode()
        )
        return status


def killed_again_and_again(project, *, kills, seed):
    """What was accepted in `kills` lives, each ended by `kill -9` of everything."""
    moments = random.Random(seed)
    accepted = []
    for number in range(kills):
        life = Life(project, "--no-watch", "--no-logs")
        senders = [Sender(life, f"{number}-{each}") for each in range(2)]
        for sender in senders:
            sender.start()
        time.sleep(moments.uniform(0.0, 0.5))  # the moment is what the test is about
        life.kill_all()
        for sender in senders:
            sender.join(60)
            assert not sender.is_alive()
            assert sender.refused == []
            accepted += sender.accepted
    return accepted


def given_up(life):
    letters = life.admin("GET", "/system/dead-letters?limit=500")["deadLetters"]
    calls = life.admin("GET", "/system/calls?state=dead&limit=500")["calls"]
    return {each["id"] for each in (*letters, *calls)}


@pytest.mark.parametrize(
    "kills", [3, pytest.param(25, marks=[pytest.mark.hardening, pytest.mark.timeout(600)])]
)
def test_nothing_that_was_accepted_is_lost(project, kills):
    seed = random.SystemRandom().randrange(2**32)
    accepted = killed_again_and_again(project, kills=kills, seed=seed)
    assert accepted, f"seed {seed}"
    with living(project, "--no-watch", "--no-logs") as life:
        eventually(lambda: set(accepted) <= reached(project) | given_up(life), within_s=60)
        assert life.end() == 0
    assert len(reached(project)) > len(accepted) / 2
    assert os.listdir(project / ".wherry" / "run") == []
