"""What an archive is made of: files and links, each once, in one order, and safe to unpack.

Values and rules only, no I/O. An archive is unpacked over other files by somebody else's program,
so that a name is refused which means more there than a name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from wherry_build.errors import UnsafePath
from wherry_build.values import frozen

_WHITEOUT = ".wh."
_LIMIT_PATH = 4096


@frozen(hidden=("content",))
class Entry:
    """One file or link of an archive.

    Attributes:
        path: Relative to the archive's root, with `/`.
        content: Bytes of a file; empty for a link.
        is_executable: Whether a file may be run.
        link: Target of a link, relative to the link's own folder; empty for a file.
    """

    path: str
    content: bytes = b""
    is_executable: bool = False
    link: str = ""


def tree(entries: Iterable[Entry]) -> dict[str, Entry | None]:
    """The entries by path, with None for each folder above one, sorted by the paths' bytes.

    Raises:
        UnsafePath: A path that no archive should have, two files of one path that differ, a file
            where another one needs a folder, a link out of the archive.
    """
    found: dict[str, Entry | None] = {}
    for entry in entries:
        _check(entry)
        if found.setdefault(entry.path, entry) != entry:
            raise UnsafePath(f"{entry.path}: there are two of it, and they differ")
    for path in list(found):
        parent = posixpath.dirname(path)
        while parent:
            if found.setdefault(parent, None) is not None:
                raise UnsafePath(f"{path}: {parent} is no folder")
            parent = posixpath.dirname(parent)
    return {path: found[path] for path in sorted(found, key=str.encode)}


def _check(entry: Entry) -> None:
    path = entry.path
    parts = path.split("/")
    if not path.isprintable() or "\\" in path or len(path) > _LIMIT_PATH:
        raise UnsafePath(
            f"{path[:200]!a}: a name with characters that cannot be shown, or too long"
        )
    if any(part in {"", ".", ".."} for part in parts):
        raise UnsafePath(f"{path!a}: expected a relative path without `..`")
    if any(part.startswith(_WHITEOUT) for part in parts):
        raise UnsafePath(
            f"{path!a}: in a layer, a name that begins with {_WHITEOUT!r} deletes a file",
            hint="rename it",
        )
    if entry.link:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.link))
        if not entry.link.isprintable() or target == ".." or target.startswith(("../", "/")):
            raise UnsafePath(f"{path!a}: a link out of the archive, to {entry.link!a}")
