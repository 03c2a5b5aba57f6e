"""Takes out of a function's folder what the template put there and the function does not want.

faas-cli copies a template's own function into a build context first and the user's folder over it.
So the template's `handler.py` is still there beside a user's `main.py`, its `test_handler.py`
beside a user's own tests, and its empty `requirements.txt` beside a user's `pyproject.toml`, which
would say that nothing is asked for. A file is the template's while it has the hash that
`SHA256SUMS` gives it; one that was edited is the user's.

The Dockerfile installs from `requirements.txt` alone, as pip does. A function that names its
packages in another file and has none of its own is refused there, not built without them.

It travels in every template and runs in the image's build: Python's standard library alone.
"""

from __future__ import annotations

import fnmatch
import hashlib
import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SAMPLE_HANDLER = "handler.py"
OTHER_HANDLERS = frozenset(
    {
        "function/handler.py", "func.py", "function/func.py", "function/__init__.py",
        "main.py", "app.py", "asgi.py", "wsgi.py",
    }
)  # fmt: skip
"""Where else the runtime looks for a handler; a sample that is found before it would win."""
TESTS = ("test_*.py", "*_test.py")
SAMPLE_README = "README.md"
SAMPLE_REQUIREMENTS = "requirements.txt"
LOCKS = ("pylock.toml", "uv.lock")
PROJECT = "pyproject.toml"

_UNREAD = """\
error: the function names its packages in {name}; this Dockerfile installs requirements.txt alone
  hint: write them there: uv export --no-emit-project -o requirements.txt, or by hand;
  or let `wherry builder serve` build, which installs what {name} says\
"""


def superfluous(files: frozenset[str], samples: frozenset[str]) -> frozenset[str]:
    """Those of `samples` that `files`, all that is in the folder, make superfluous."""
    own = files - samples
    out: set[str] = set()
    if SAMPLE_HANDLER in samples and own & OTHER_HANDLERS:
        out.add(SAMPLE_HANDLER)
    tests = {name for name in samples if _is_test(name)}
    if SAMPLE_HANDLER in out or any(_is_test(name) for name in own):
        out |= tests
    if SAMPLE_REQUIREMENTS in samples and own & {*LOCKS, PROJECT}:
        out.add(SAMPLE_REQUIREMENTS)
    # It is about the sample; one of the user's is another.
    return frozenset(out | ({SAMPLE_README} & samples))


def unread(folder: Path) -> str:
    """The file by which `folder` asks for packages and that pip reads nothing of; else empty.

    Call it when what is superfluous is gone: a `requirements.txt` that is left is the user's word.

    Raises:
        ValueError: The pyproject.toml is no TOML.
    """
    if (folder / SAMPLE_REQUIREMENTS).is_file():
        return ""
    for name in LOCKS:
        if (folder / name).is_file():
            return name
    return PROJECT if (folder / PROJECT).is_file() and _asks(folder / PROJECT) else ""


def _asks(file: Path) -> bool:
    """Whether a pyproject.toml asks for packages, or lets its build backend do so."""
    # Python 3.10 has no reader of TOML, but pip has, and it is pip that would install.
    toml = importlib.import_module(
        "tomllib" if sys.version_info >= (3, 11) else "pip._vendor.tomli"
    )
    document: dict[str, Any] = toml.loads(file.read_text(encoding="utf-8"))
    project = document.get("project", {})
    poetry = document.get("tool", {}).get("poetry", {})
    is_dynamic = "dependencies" in project.get("dynamic", ())
    return bool(project.get("dependencies") or is_dynamic or "dependencies" in poetry)


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
    try:
        ASKING = unread(FOLDER)
    except ValueError as error:
        sys.exit(f"error: {PROJECT}: {error}, expected TOML")
    if ASKING:
        sys.exit(_UNREAD.format(name=ASKING))
