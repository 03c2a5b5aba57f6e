"""A project in a folder of its own, in which commands are run as a person runs them."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.cli.conftest import eventually

from wherry_cli.main import run

ROOT = Path(__file__).resolve().parents[2]


class Project:
    """A project's folder, in which commands are run as a person runs them."""

    def __init__(self, folder):
        self.folder = folder
        paths = [str(ROOT / wing) for wing in ("runtime", "build", "local", "cli")]
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"OPENFAAS_URL", "OPENFAAS_CONFIG", "CI", "PORT"}
        } | {"PYTHONPATH": os.pathsep.join(paths), "HOME": str(folder)}

    def write(self, name, code):
        path = self.folder / "functions" / name / "handler.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("from __future__ import annotations\n" + code)

    def __call__(self, *arguments, given=b""):
        """Run a command that ends, in this process."""
        out, err = io.BytesIO(), io.BytesIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name in os.environ.keys() - self.environment.keys():
                patch.delenv(name)
            patch.setenv("HOME", str(self.folder))
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, write_through=True))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err, write_through=True))
            code = run([str(each) for each in arguments])
            return SimpleNamespace(
                code=code, out=out.getvalue().decode(), err=err.getvalue().decode()
            )

    def up(self, *arguments):
        """Start the platform in the background."""
        done = subprocess.run(
            [sys.executable, "-m", "wherry_cli", "up", "--broker-port", "0", "-d", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr)

    @contextlib.contextmanager
    def running(self, *arguments, code):
        """A command that runs until Ctrl-C, which ends it with `code`; what it says so far."""
        with tempfile.TemporaryFile("w+") as said:
            process = subprocess.Popen(
                [sys.executable, "-u", "-m", "wherry_cli", *map(str, arguments)],
                cwd=self.folder,
                env=self.environment,
                stdout=said,
                stderr=subprocess.STDOUT,
                # Below what a shell has started in the background Ctrl-C is ignored.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
            )
            try:
                yield lambda: os.pread(said.fileno(), 1 << 20, 0).decode()
            finally:
                process.send_signal(signal.SIGINT)
                assert process.wait(30) == code

    def json(self, *arguments):
        done = self(*arguments, "-o", "json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    def event(self, key):
        """The event `key` once all of its deliveries are over."""

        def over():
            event = self.json("events", "--explain", key)
            states = {each["state"] for each in event["deliveries"]}
            return event if not states & {"due", "leased"} else None

        return eventually(over)
