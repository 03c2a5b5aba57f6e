"""Instructions of one request, counted by callgrind on the path of a source tree.

Seconds depend on the machine and on what else it does; instructions do not. What varies from run
to run is where objects lie in memory, which moves a figure by less than one percent.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.instructions.path import WORKLOADS

MISSING = """error: valgrind not found, which counts the instructions
  hint: apt-get install valgrind (Debian, Ubuntu)"""
WARM, COUNT = 100, 400
_TIMEOUT_S = 300


class CountError(Exception):
    """The path of a tree could not be counted."""


def is_available() -> bool:
    """Whether valgrind is there."""
    return shutil.which("valgrind") is not None


def count(tree: Path) -> dict[str, int]:
    """Instructions of one request of each workload, by the runtime and the path in `tree`.

    Raises:
        CountError: The path failed, as one does whose tree is older than it.
    """
    _run(tree, [], warm=1, count=1)  # a path that fails shall do so in a second
    with tempfile.TemporaryDirectory() as folder:
        # Each call of `path.mark` ends one part and begins the next: every second part is the
        # requests of one workload, and nothing else.
        tool = ["valgrind", "-q", "--tool=callgrind", "--dump-before=getloadavg"]
        _run(tree, [*tool, f"--callgrind-out-file={folder}/part"], warm=WARM, count=COUNT)
        parts = [Path(folder, f"part.{2 * number}") for number in range(1, len(WORKLOADS) + 1)]
        if not all(part.exists() for part in parts):
            raise CountError(f"the path in {tree} has other workloads than this one")
        totals = [_total(part) // COUNT for part in parts]
    return {workload.name: each for workload, each in zip(WORKLOADS, totals, strict=True)}


def _run(tree: Path, tool: list[str], *, warm: int, count: int) -> None:
    done = subprocess.run(
        [*tool, sys.executable, "-m", "benchmarks.instructions.path", str(warm), str(count)],
        cwd=tree,
        env=_environment(tree),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise CountError(f"the path in {tree} failed:\n{done.stderr[-1500:]}")


def _environment(tree: Path) -> dict[str, str]:
    """Nothing of the caller's: what is in it lies in memory, too."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join([str(tree), str(tree / "runtime")]),
    }


def _total(part: Path) -> int:
    for line in part.read_text().splitlines():
        if line.startswith("totals: "):
            return int(line.removeprefix("totals: "))
    raise CountError(f"{part.name}: no totals; is this callgrind's format?")
