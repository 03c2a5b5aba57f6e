"""The command, called in this process; and as a process of its own where it serves."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.builder.image.engine.ground import Ground
from tests.builder.image.recording_registry import RecordingRegistry
from tests.cli.admin_recorder import running_platform, told

from wherry_cli.main import run

ROOT = Path(__file__).resolve().parents[2]


class Done(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


@pytest.fixture
def wherry(capfd):
    """Run the command in this process: `wherry("new", "hello")`."""

    def wherry(*arguments):
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        return Done(code, *capfd.readouterr())

    return wherry


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "WHERRY_HOST", "WHERRY_HANDLER", "OPENFAAS_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def platform(here, monkeypatch):
    """A recorder that is the platform of the working folder; no other gateway is known."""
    for name in ("OPENFAAS_URL", "OPENFAAS_CONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(here / "home"))
    with running_platform(here) as recorder:
        recorder.answers["GET /system/functions"] = told([])
        yield recorder


def eventually(condition, *, within_s=30.0):
    """Wait until `condition()` is true, and give what it gave."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
    return found


class Serving:
    """`wherry run` in a process of its own, what it says going to files."""

    def __init__(self, folder, arguments):
        self._out, self._err = folder / "out", folder / "err"
        paths = [str(ROOT / wing) for wing in ("runtime", "build", "local", "cli")]
        inherited = os.environ.get("PYTHONPATH", "")
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wherry_cli", "run", *map(str, arguments)],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": os.pathsep.join([*paths, inherited])},
                stdout=out,
                stderr=err,
            )

    @property
    def out(self):
        return self._out.read_text()

    @property
    def err(self):
        return self._err.read_text()

    def said(self, text):
        """Wait until it has said `text` on either stream."""
        eventually(lambda: text in self.out + self.err or self.process.poll() is not None)
        assert text in self.out + self.err, self.out + self.err

    def url(self, name):
        """Where the function `name` is served, as the table says."""

        def found():
            rows = [line.split() for line in self.out.splitlines()]
            return next((row[1] for row in rows if row[:1] == [name]), None)

        return eventually(found)

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def serving(here):
    """Run `wherry run` until the test ends: `serving("functions", "--watch")`."""
    with contextlib.ExitStack() as stack:

        def serving(*arguments):
            made = Serving(here, arguments)
            stack.callback(lambda: made.process.poll() is None and made.stop())
            return made

        yield serving


@pytest.fixture(scope="session")
def _ground(tmp_path_factory):
    with RecordingRegistry() as registry:
        yield Ground(tmp_path_factory.mktemp("ground"), registry)


@pytest.fixture
def ground(_ground, monkeypatch):
    """What a build stands on: see `Ground`."""
    monkeypatch.setenv("WHERRY_CACHE", str(_ground.cache))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    for name in ("IMAGE", "PUSH_IMAGE", "EXPECTED_REF", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    return _ground
