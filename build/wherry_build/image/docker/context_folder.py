"""A build context in a folder that is the same for the same files; knows no engine.

Modes are 0644 and 0755 whatever the umask, and times are the epoch: a step that copies a file
takes its time into the image.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wherry_build.errors import UnsafePath
from wherry_build.image.context import Entry
from wherry_build.image.docker.request import ContextRequest


@contextmanager
def context_folder(request: ContextRequest) -> Iterator[Path]:
    """The folder that holds the context of `request`, for as long as the block lasts.

    Raises:
        UnsafePath: As `write_context` does.
    """
    if request.folder is not None:
        even_out(request.folder)
        yield request.folder
        return
    with tempfile.TemporaryDirectory(prefix="wherry-build-") as made:
        write_context(request.entries, Path(made))
        yield Path(made)


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
    even_out(folder)


def even_out(folder: Path) -> None:
    """Give all that is below `folder` the modes and times that every context has."""
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            path.chmod(0o755 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o644)
        os.utime(path, (0, 0), follow_symlinks=False)


def _make_parents(parent: Path, folder: Path) -> None:
    """Make `parent` and what is between it and `folder`; nothing is written through a link."""
    if parent == folder:
        return
    _make_parents(parent.parent, folder)
    if parent.is_symlink():
        raise UnsafePath(f"{str(parent.relative_to(folder))!a}: a link, and a folder besides")
    parent.mkdir(exist_ok=True)
