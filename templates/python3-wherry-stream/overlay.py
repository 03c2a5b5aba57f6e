"""Takes out of a function's folder what the template put there and the function does not want.

faas-cli copies a template's own function into a build context first and the user's folder over it.
So the template's `handler.py` is still there beside a user's `main.py`, and its `test_handler.py`
beside a user's own tests. A file is the template's while it has the hash that `SHA256SUMS` gives
it; one that was edited is the user's.

It travels in every template and runs in the image's build: Python's standard library alone.
"""

from __future__ import annotations

import fnmatch
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

SAMPLE_HANDLER = "handler.py"
OTHER_HANDLERS = frozenset(
    {
        "function/handler.py", "func.py", "function/func.py", "function/__init__.py",
        "main.py", "app.py", "asgi.py", "wsgi.py",
    }
)  # fmt: skip
"""Where else the runtime looks for a handler; a sample that is found before it would win."""
TESTS = ("test_*.py", "*_test.py")


def superfluous(files: frozenset[str], samples: frozenset[str]) -> frozenset[str]:
    """Those of `samples` that `files`, all that is in the folder, make superfluous."""
    own = files - samples
    out: set[str] = set()
    if SAMPLE_HANDLER in samples and own & OTHER_HANDLERS:
        out.add(SAMPLE_HANDLER)
    tests = {name for name in samples if _is_test(name)}
    if SAMPLE_HANDLER in out or any(_is_test(name) for name in own):
        out |= tests
    return frozenset(out)


def untouched(folder: Path, sums: Mapping[str, str]) -> frozenset[str]:
    """The files of `folder` that have the hash which `sums` gives them."""
    return frozenset(
        name
        for name, expected in sums.items()
        if (folder / name).is_file()
        and hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected
    )


def read_sums(text: str, *, below: str = "") -> Mapping[str, str]:
    """What a file as `sha256sum` writes it says of the files in the folder `below`."""
    sums = {}
    for line in text.splitlines():
        digest, _, name = line.partition("  ")
        if name.startswith(below):
            sums[name[len(below) :]] = digest
    return sums


def clear(folder: Path, sums: Mapping[str, str]) -> list[str]:
    """Delete what is superfluous in `folder`; its names."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    out = sorted(superfluous(frozenset(files), untouched(folder, sums)))
    for name in out:
        (folder / name).unlink()
    return out


def _is_test(name: str) -> bool:
    base = name.rpartition("/")[2]
    return any(fnmatch.fnmatchcase(base, pattern) for pattern in TESTS)


if __name__ == "__main__":
    FOLDER, SUMS = map(Path, sys.argv[1:])
    for removed in clear(FOLDER, read_sums(SUMS.read_text(encoding="utf-8"), below="function/")):
        sys.stdout.write(f"left out, the template's own: {removed}\n")
