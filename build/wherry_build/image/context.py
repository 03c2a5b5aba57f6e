"""The build context: a tar that is the same bytes for the same files, and safe to unpack.

Entries are sorted, owned by nobody in particular, without times, mode 0644 or 0755. A link is
kept as a link and only while it stays inside the folder; nothing is read through it. Devices,
pipes, names with control characters, and more than the limits are refused.
"""

from __future__ import annotations

import errno
import io
import os
import posixpath
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from wherry_build.errors import ContextTooLarge, UnsafePath
from wherry_build.image.ignore import IgnoreRules
from wherry_build.image.layers.entry import Entry as Entry  # noqa: PLC0414 - given on

if TYPE_CHECKING:
    import tarfile

LIMIT_FILES = 20_000
LIMIT_BYTES = 500_000_000
_LIMIT_PATTERNS_BYTES = 1 << 20


def pack(entries: list[Entry]) -> bytes:
    """Write `entries` as an uncompressed tar, sorted, with the folders that they need.

    Raises:
        UnsafePath: Two entries have one path.
    """
    folders: set[str] = set()
    paths: set[str] = set()
    for entry in entries:
        if entry.path in paths:
            raise UnsafePath(f"{entry.path}: there are two of it")
        paths.add(entry.path)
        parent = posixpath.dirname(entry.path)
        while parent and parent not in folders:
            folders.add(parent)
            parent = posixpath.dirname(parent)
    import tarfile

    named = {entry.path: entry for entry in entries}
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(folders | paths):
            _add(archive, path, named.get(path))
    return written.getvalue()


def _add(archive: tarfile.TarFile, path: str, entry: Entry | None) -> None:
    import tarfile

    member = tarfile.TarInfo(path)
    if entry is None:
        member.type, member.mode = tarfile.DIRTYPE, 0o755
    elif entry.link:
        member.type, member.mode, member.linkname = tarfile.SYMTYPE, 0o777, entry.link
    else:
        member.size = len(entry.content)
        member.mode = 0o755 if entry.is_executable else 0o644
        archive.addfile(member, io.BytesIO(entry.content))
        return
    archive.addfile(member)


def collect(folder: Path, *, prefix: str = "function") -> list[Entry]:
    """Read the files of `folder` that belong into an image, under `prefix`.

    Raises:
        UnsafePath: A link out of the folder, a device, a name that no archive should carry.
        ContextTooLarge: Over `LIMIT_FILES` or `LIMIT_BYTES`.
    """
    return list(_Walk(folder, prefix).entries())


class _Walk:
    """One pass over a folder, with what it has counted so far."""

    def __init__(self, root: Path, prefix: str) -> None:
        self._root = root
        self._prefix = prefix
        self._real_root = os.path.realpath(root)
        self._files = 0
        self._bytes = 0
        self._folded: dict[str, str] = {}
        self._rules = IgnoreRules(
            gitignore=_patterns(root / ".gitignore"),
            dockerignore=_patterns(root / ".dockerignore"),
        )

    def entries(self, inside: str = "") -> Iterator[Entry]:
        with os.scandir(self._root / inside) as found:
            items = sorted(found, key=lambda item: item.name)
        for item in items:
            path = f"{inside}/{item.name}" if inside else item.name
            is_folder = item.is_dir(follow_symlinks=False)
            if self._rules.is_ignored(path, is_folder=is_folder):
                continue
            self._check(path)
            if is_folder:
                yield from self.entries(path)
            elif item.is_symlink():
                yield Entry(path=f"{self._prefix}/{path}", link=self._link(path))
            else:
                yield self._file(path)

    def _check(self, path: str) -> None:
        shown = ascii(f"{self._root}/{path}")
        if not path.isprintable() or "\\" in path:
            raise UnsafePath(
                f"{shown}: a name with characters that cannot be shown", hint="rename it"
            )
        other = self._folded.setdefault(path.casefold(), path)
        if other != path:
            raise UnsafePath(f"{shown}: differs from {other!a} only in case", hint="rename one")
        self._files += 1
        if self._files > LIMIT_FILES:
            raise ContextTooLarge(
                f"{self._root}: over {LIMIT_FILES} files",
                hint="name what does not belong into the image in .dockerignore",
            )

    def _link(self, path: str) -> str:
        full = os.path.join(self._real_root, path)  # noqa: PTH118 - the link itself is not followed
        target = os.readlink(full)  # noqa: PTH115
        here = os.path.dirname(full)  # noqa: PTH120
        meant = os.path.realpath(os.path.join(here, target))  # noqa: PTH118
        if os.path.commonpath([meant, self._real_root]) != self._real_root:
            raise UnsafePath(
                f"{self._root}/{path}: a link out of the folder, to {target!a}",
                hint="copy what it links to, or name it in .dockerignore",
            )
        return os.path.relpath(meant, os.path.realpath(here)).replace(os.sep, "/")

    def _file(self, path: str) -> Entry:
        full = self._root / path
        try:
            handle = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in {errno.ENXIO, errno.ELOOP}:  # a socket, or a link put there meanwhile
                raise UnsafePath(f"{full}: no regular file") from None
            raise UnsafePath(f"{full}: {error.strerror}") from None
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnsafePath(
                    f"{full}: no regular file", hint="remove it, or name it in .dockerignore"
                )
            content = file.read(LIMIT_BYTES - self._bytes + 1)
        self._bytes += len(content)
        if self._bytes > LIMIT_BYTES:
            raise ContextTooLarge(
                f"{self._root}: over {LIMIT_BYTES} bytes",
                hint="name what does not belong into the image in .dockerignore",
            )
        return Entry(
            path=f"{self._prefix}/{path}",
            content=content,
            is_executable=bool(status.st_mode & stat.S_IXUSR),
        )


def _patterns(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_LIMIT_PATTERNS_BYTES).decode(errors="replace")
    except OSError:
        return ""
