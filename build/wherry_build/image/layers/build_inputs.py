"""Which files of a function its build reads and its code does not.

They may name private indexes, with passwords, and so are in no layer. It looks for where they are
and not at what they ask for, which is `wheels`' to know.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from wherry_build.image.conventions import BUILD_INPUTS
from wherry_build.image.wheels.requirements import included_name, logical_lines

_LIMIT_FILES = 500
_LIMIT_BYTES = 16 * 1024 * 1024


def build_inputs(folder: Path) -> frozenset[str]:
    """The paths in `folder` of what its build reads, and of what requirements.txt includes.

    Of a link it is the link and what it leads to. What cannot be read, and what is out of the
    folder, is passed over: whoever resolves the requirements tells of it.
    """
    root = folder.resolve()
    found = set(BUILD_INPUTS)
    seen: set[Path] = set()
    waiting = [root / name for name in sorted(BUILD_INPUTS)]
    while waiting and len(seen) < _LIMIT_FILES:
        file = waiting.pop()
        real = _real(file, root)
        if real is None or real in seen:
            continue
        seen.add(real)
        found |= {
            each.relative_to(root).as_posix()
            for each in (Path(os.path.normpath(file)), real)
            if each.is_relative_to(root)
        }
        if file.suffix not in {".toml", ".lock"}:
            waiting += [file.parent / name for name in _included(real)]
    return frozenset(found)


def _real(file: Path, root: Path) -> Path | None:
    """Where `file` is, links followed; None where no regular file below `root` is."""
    with suppress(OSError, ValueError, RuntimeError):  # too long, no name, links in a circle
        real = file.resolve()
        if real.is_relative_to(root) and real.is_file():
            return real
    return None


def _included(file: Path) -> list[str]:
    text = ""
    with suppress(OSError), file.open("rb") as opened:
        text = opened.read(_LIMIT_BYTES).decode("utf-8-sig", errors="replace")
    names = (included_name(line) for line in logical_lines(text))
    return [name for name in names if name is not None]
