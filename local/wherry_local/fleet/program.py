"""Whether a replica can be forked, or must be a fresh interpreter, and which.

A function with requirements of its own has them in a `.venv` in its folder, with Wherry among them,
and is run by the interpreter there. What an interpreter reads once, at its start, cannot be changed
in a fork: a function that is given such a variable gets a fresh interpreter of the platform's own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import wherry

_ROOT = str(Path(wherry.__file__).resolve().parent.parent)
_READ_AT_START = ("PYTHON", "LD_", "DYLD_", "MALLOC_", "GLIBC_", "LANG", "LC_")
_READ_BY_FORKS = frozenset(
    {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONSAFEPATH", "PYTHONUNBUFFERED"}
)


def program_of(
    folder: Path | None, environment: dict[str, str], platforms: Mapping[str, str]
) -> tuple[str, ...]:
    """What is executed as the replica; empty where a fork will do.

    Args:
        folder: The function's folder.
        environment: The replica's variables; a fresh interpreter finds the runtime by them.
        platforms: The platform's own variables.
    """
    own = None if folder is None else folder / ".venv" / "bin" / "python"
    if own is not None and own.is_file():
        return (str(own), "-m", "wherry")
    if not any(_is_new_at_start(name, environment, platforms) for name in environment):
        return ()
    given = environment.get("PYTHONPATH", "")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [_ROOT, given]))
    return (sys.executable, "-m", "wherry")


def _is_new_at_start(
    name: str, environment: Mapping[str, str], platforms: Mapping[str, str]
) -> bool:
    is_read = name.startswith(_READ_AT_START) and name not in _READ_BY_FORKS
    return is_read and environment[name] != platforms.get(name)
