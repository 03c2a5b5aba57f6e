"""What a request cost before: the committed figures, or a commit that is counted now.

A figure holds for one build of Python and one set of libraries. Where they are others, the commit
before is counted with the same ones instead.
"""

from __future__ import annotations

import contextlib
import io
import json
import platform
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(__file__).with_name("baseline.json")
_LIBRARIES = ("cloudevents", "flask", "httptools", "orjson", "uvloop", "werkzeug")
_COUNTED = ("runtime", "benchmarks/instructions")


class NoCommit(Exception):  # noqa: N818 - a state of the clone, told to who asked
    """There is no commit to compare with."""


def key() -> str:
    """The Python that figures hold for, such as `cpython-3.11.7-x86_64`."""
    return f"{sys.implementation.name}-{platform.python_version()}-{platform.machine()}"


def circumstances() -> dict[str, str]:
    """What else moves a figure: the build of Python, and the libraries on the path."""
    build = f"{' '.join(platform.python_build())}, {platform.python_compiler()}"
    return {"python": build, **{name: version(name) for name in _LIBRARIES}}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One workload beside what it cost before.

    Attributes:
        workload: Its name.
        before: Instructions of one request before; None when it was not counted.
        now: Instructions of one request now.
        tolerance: The part by which it may grow.
    """

    workload: str
    before: int | None
    now: int
    tolerance: float

    @property
    def change(self) -> float:
        """How much more it costs, as a part of what it cost."""
        return 0.0 if self.before is None else self.now / self.before - 1

    @property
    def is_regression(self) -> bool:
        """Whether it costs more, beyond noise."""
        return self.change > self.tolerance

    @property
    def line(self) -> str:
        """For people."""
        if self.before is None:
            return f"{self.workload:18}{self.now:>9,} instructions a request, not counted before"
        verdict = "  REGRESSION" if self.is_regression else ""
        figures = f"{self.workload:18}{self.now:>9,} instructions a request, "
        return f"{figures}{self.before:>9,} before ({self.change:+.1%}){verdict}"


def judge(
    before: Mapping[str, int], now: Mapping[str, int], *, tolerance: float
) -> list[Judgement]:
    """Each workload beside what it cost before."""
    return [
        Judgement(workload=name, before=before.get(name), now=each, tolerance=tolerance)
        for name, each in now.items()
    ]


def committed() -> tuple[dict[str, int] | None, str]:
    """The committed figures that hold here, or None and why there are none."""
    entry = json.loads(FILE.read_text()).get(key()) if FILE.exists() else None
    if entry is None:
        return None, f"the baseline has no figures for {key()}"
    for name, here in circumstances().items():
        there = entry["circumstances"].get(name)
        if there != here:
            return None, f"the baseline was counted with {name} {there}, here it is {here}"
    return entry["instructions"], ""


def renew(now: Mapping[str, int]) -> None:
    """Put the figures of this Python into the baseline; those of others stay."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    known[key()] = {"circumstances": circumstances(), "instructions": dict(now)}
    FILE.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def commits_before(most: int = 5) -> list[str]:
    """What the working tree is a change of, the latest first: HEAD, unless nothing differs from it.

    Several, because a commit in between may not run.

    Raises:
        NoCommit: This is no clone, or one without its history.
    """
    listed = _git("rev-list", "--first-parent", f"--max-count={most + 1}", "HEAD").decode().split()
    changed = _git("status", "--porcelain", "--", *_COUNTED).strip()
    found = listed[:most] if changed else listed[1:]
    if not found:
        raise NoCommit("HEAD has no parent here (hint: git fetch --unshallow)")
    return found


@contextlib.contextmanager
def tree_of(commit: str) -> Iterator[Path]:
    """The files of `commit`, in a folder that goes away; the clone is left alone.

    Raises:
        NoCommit: There is no such commit.
    """
    archive = _git("archive", "--format=tar", commit, "runtime", "benchmarks")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            # The safe way, where this Python has it already; it is our own commit either way.
            files.extraction_filter = getattr(tarfile, "data_filter", None)
            files.extractall(folder)
        yield Path(folder)


def _git(*words: str) -> bytes:
    command = ["git", "-C", str(ROOT), *words]
    try:
        return subprocess.run(command, check=True, capture_output=True).stdout
    except FileNotFoundError:
        raise NoCommit("git is not installed") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        raise NoCommit(f"{' '.join(command)}: {said}") from None
