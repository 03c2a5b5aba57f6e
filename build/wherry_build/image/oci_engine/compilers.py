"""Who compiles for a version of Python, remembered: looking starts processes, and pyenv's are slow.

What was found is taken again as long as the same program is in its place. That none was found is
not remembered, for one may be installed at any time.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

from wherry_build.image.cache_folder import cache_folder
from wherry_build.image.layers.bytecode import Compiler, OtherPython, find_compiler
from wherry_build.image.whole_file import write_whole

_LIMIT_BYTES = 16 * 1024


def compiler_for(python: tuple[int, int], folder: Path | None = None) -> Compiler | None:
    """Who compiles for `python`; None where this machine has no such Python.

    Args:
        python: Its version, `(3, 12)`.
        folder: Where what was found is kept; the cache's when not given.
    """
    if python == sys.version_info[:2]:
        return find_compiler(python)
    folder = cache_folder("compilers") if folder is None else folder
    file = folder / f"{python[0]}.{python[1]}.json"
    found: Compiler | None = _remembered(file, python)
    if found is None:
        found = find_compiler(python)
        if isinstance(found, OtherPython):
            _remember(file, found)
    return found


def _remembered(file: Path, python: tuple[int, int]) -> OtherPython | None:
    try:
        with file.open("rb") as opened:
            said = json.loads(opened.read(_LIMIT_BYTES))
        executable, identity = str(said["executable"]), str(said["identity"])
        is_same = said["stamp"] == _stamp(executable)
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return OtherPython(python, identity, executable) if is_same else None


def _remember(file: Path, found: OtherPython) -> None:
    with suppress(OSError):  # it is then looked for again
        with Path(found.executable).open("rb") as opened:
            if opened.read(2) == b"#!":
                return  # a script that may start another Python tomorrow
        document = {
            "executable": found.executable,
            "identity": found.identity,
            "stamp": _stamp(found.executable),
        }
        write_whole(file, json.dumps(document).encode())


def _stamp(executable: str) -> list[int]:
    status = Path(executable).stat()
    return [status.st_size, status.st_mtime_ns]
