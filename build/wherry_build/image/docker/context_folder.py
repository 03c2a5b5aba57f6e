"""Writes a build context to a folder that is the same for the same files; knows no engine.

Modes are 0644 and 0755 whatever the umask, and times are the epoch: a step that copies a file
takes its time into the image.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from wherry_build.errors import UnsafePath
from wherry_build.image.context import Entry


def write_context(entries: Iterable[Entry], folder: Path) -> None:
    """Write `entries` below `folder`, which is empty.

    Raises:
        UnsafePath: Two entries have one path, or one is no path below the folder.
    """
    for entry in sorted(entries, key=lambda each: each.path):
        if any(part in {"", ".", ".."} for part in entry.path.split("/")):
            raise UnsafePath(f"{entry.path!a}: no path below a build context")
        path = folder / entry.path
        _make_parents(path.parent, folder)
        if path.is_symlink() or path.exists():
            raise UnsafePath(f"{entry.path!a}: there are two of it")
        if entry.link:
            path.symlink_to(entry.link)
        else:
            path.write_bytes(entry.content)
            path.chmod(0o755 if entry.is_executable else 0o644)
        os.utime(path, (0, 0), follow_symlinks=False)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            os.utime(path, (0, 0))


def _make_parents(parent: Path, folder: Path) -> None:
    """Make `parent` and what is between it and `folder`; nothing is written through a link."""
    if parent == folder:
        return
    _make_parents(parent.parent, folder)
    if parent.is_symlink():
        raise UnsafePath(f"{str(parent.relative_to(folder))!a}: a link, and a folder besides")
    parent.mkdir(exist_ok=True)
    parent.chmod(0o755)
