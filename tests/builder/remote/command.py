"""`wherry builder serve` as a program."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HAS_UV = bool(shutil.which("uv")) or Path(sys.executable).with_name("uv").exists()


def _allowed():
    """Where there is no uv it must be said that pip will do."""
    return () if HAS_UV else ("--sources",)


def _paths():
    paths = [str(ROOT / wing) for wing in ("runtime", "build", "local", "cli")]
    return {"PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")])}


class Builder:
    """`wherry builder serve` in a process of its own; what it says to faas-cli as variables."""

    def __init__(self, folder, *arguments, **environment):
        self._errors = folder / "stderr"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wherry_cli", "builder", "serve", *arguments, *_allowed()],
                cwd=folder,
                env={**os.environ, **_paths(), **environment},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.variables = {}
        for _ in range(2):
            words = shlex.split(self.process.stdout.readline())
            assert words[:1] == ["export"], self.errors
            name, _, value = words[1].partition("=")
            self.variables[name] = value
        self.url = self.variables["OPENFAAS_REMOTE_BUILDER"]

    @property
    def errors(self):
        return self._errors.read_text()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(60)
        self.process.stdout.close()
        return code
