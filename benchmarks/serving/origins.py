"""Where a peer's program comes from: an environment of its own, a compiler, the machine.

Environments and programs are made once and kept in a cache directory. Peers cannot share an
environment: functions-framework needs an older cloudevents than the others.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIMITS = HERE / "limits"


class Absent(Exception):  # noqa: N818 - a state of the machine, told in the table
    """The program is not here and cannot be made here."""


class Origin(Protocol):
    """Gives a folder of programs."""

    def folder(self) -> Path:
        """The folder that holds the program; made when it is not there.

        Raises:
            Absent: It cannot be had on this machine; says what is missing.
        """
        ...

    def version(self) -> str:
        """What runs, for whoever reads the figures later."""
        ...


def cache() -> Path:
    """Where things are kept: `WHERRY_BENCH_CACHE`, or the user's cache directory."""
    given = os.environ.get("WHERRY_BENCH_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(base) / "wherry" / "bench"


@dataclass(frozen=True)
class ThisEnvironment:
    """The environment that runs the benchmark, with the code of this clone."""

    def folder(self) -> Path:
        """Beside the interpreter."""
        return Path(sys.executable).parent

    def version(self) -> str:
        """The commit, and whether the code has been changed since."""
        try:
            described = _said("git", "-C", str(ROOT), "describe", "--always", "--dirty")
        except (OSError, subprocess.CalledProcessError):
            described = "without version control"
        return f"wherry {described}"


@dataclass(frozen=True)
class Pinned:
    """An environment of the requirements in `peers/`."""

    requirements: str

    def folder(self) -> Path:
        """`bin` of the environment."""
        requirements = HERE / "peers" / self.requirements
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        home = cache() / f"{requirements.stem}-py{version}-{_digest(requirements)}"
        done = home / ".done"
        if not done.exists():
            print(f"making the environment {home}", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
            pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q"]
            subprocess.run([*pip, "install", "-r", str(requirements)], check=True)
            done.touch()
        return home / "bin"

    def version(self) -> str:
        """What the requirements were resolved from, which is their first line."""
        first = (HERE / "peers" / self.requirements).read_text().partition("\n")[0]
        return first.rpartition(" of: ")[2]


@dataclass(frozen=True)
class GoProgram:
    """`limit`, built from the Go in `limits/`."""

    def folder(self) -> Path:
        """Where it was built."""
        if shutil.which("go") is None:
            raise Absent("go is not installed (hint: apt-get install golang-go)")
        home = cache() / f"go-{_digest(LIMITS / 'main.go')}"
        if not (home / "limit").exists():
            home.mkdir(parents=True, exist_ok=True)
            print(f"building {home / 'limit'}", file=sys.stderr)
            command = ["go", "build", "-o", str(home / "limit"), "."]
            built = subprocess.run(command, cwd=LIMITS, capture_output=True, text=True, check=False)
            if built.returncode:
                raise Absent(f"go build failed: {built.stderr.strip()[-300:]}")
        return home

    def version(self) -> str:
        """The compiler's, which brings the library."""
        return _said("go", "version").removeprefix("go version ")


@dataclass(frozen=True)
class Installed:
    """A program of the machine."""

    program: str
    package: str

    def folder(self) -> Path:
        """Where it is installed."""
        found = shutil.which(self.program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if found is None:
            hint = f"(hint: apt-get install {self.package})"
            raise Absent(f"{self.program} is not installed {hint}")
        return Path(found).parent

    def version(self) -> str:
        """What it says of itself."""
        return _said(str(self.folder() / self.program), "-v").rpartition(": ")[2]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _said(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return (done.stdout or done.stderr).strip()
