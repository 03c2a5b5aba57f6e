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
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from wherry_build.errors import ContextTooLarge, UnsafePath
from wherry_build.image.ignore import IgnoreRules, Standing
from wherry_build.image.layers.entry import Entry as Entry  # noqa: PLC0414 - given on

if TYPE_CHECKING:
    import tarfile

LIMIT_FILES = 20_000
LIMIT_BYTES = 500_000_000
LIMIT_DEPTH = 100
_LIMIT_PATTERNS_BYTES = 1 << 20
# With what follows in a file of its own or, escaped, in JSON; a line of code that looks for one has
# a quote there.
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr])")


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
    """One pass over a folder, with what it has counted so far.

    Each folder is opened by its name in the one above, and never by way of a link that was put
    there meanwhile.
    """

    def __init__(self, root: Path, prefix: str) -> None:
        self._root = root
        self._prefix = prefix
        self._real_root = os.path.realpath(root)
        self._files = 0
        self._bytes = 0
        self._folded: dict[str, str] = {}

    def entries(self) -> Iterator[Entry]:
        with _closing(_open(self._real_root, os.O_DIRECTORY)) as folder:
            rules = IgnoreRules(
                gitignore=_patterns(".gitignore", folder),
                dockerignore=_patterns(".dockerignore", folder),
            )
            yield from self._folder(folder, "", rules, Standing())

    def _folder(
        self, folder: int, inside: str, rules: IgnoreRules, above: Standing
    ) -> Iterator[Entry]:
        if inside.count("/") > LIMIT_DEPTH:
            raise UnsafePath(f"{self._root}: folders in folders, over {LIMIT_DEPTH} deep")
        with os.scandir(folder) as found:
            items = sorted(found, key=lambda item: item.name)
        for item in items:
            path = f"{inside}{item.name}"
            is_folder = item.is_dir(follow_symlinks=False)
            standing = rules.standing(path, is_folder=is_folder, above=above)
            if standing.is_ignored and not (is_folder and rules.may_take_back_below(path)):
                continue
            if is_folder:
                self._check(path)
                yield from self._inner(folder, item.name, path, rules, standing)
            else:
                self._check(path)
                is_link = item.is_symlink()
                yield self._link(folder, path) if is_link else self._file(folder, path, rules)

    def _inner(
        self, above: int, name: str, path: str, rules: IgnoreRules, standing: Standing
    ) -> Iterator[Entry]:
        try:
            opened = _open(name, os.O_DIRECTORY, above)
        except OSError as error:
            raise UnsafePath(f"{self._root}/{path}: {error.strerror}") from None
        with _closing(opened) as folder:
            inner = rules.within(path, _patterns(".gitignore", folder))
            yield from self._folder(folder, f"{path}/", inner, standing)

    def _check(self, path: str) -> None:
        shown = ascii(f"{self._root}/{path}")
        if not path.isprintable() or "\\" in path:
            raise UnsafePath(
                f"{shown}: a name with characters that cannot be shown", hint="rename it"
            )
        other = self._folded.setdefault(_folded(path), path)
        if other != path:
            raise UnsafePath(
                f"{shown}: differs from {other!a} only in case, or in how its letters are written",
                hint="rename one",
            )
        self._files += 1
        if self._files > LIMIT_FILES:
            raise ContextTooLarge(
                f"{self._root}: over {LIMIT_FILES} files",
                hint="name what does not belong into the image in .dockerignore",
            )

    def _link(self, folder: int, path: str) -> Entry:
        full = os.path.join(self._real_root, path)  # noqa: PTH118 - the link itself is not followed
        target = os.readlink(os.path.basename(path), dir_fd=folder)  # noqa: PTH119
        here = os.path.dirname(full)  # noqa: PTH120
        meant = os.path.realpath(os.path.join(here, target))  # noqa: PTH118
        if os.path.commonpath([meant, self._real_root]) != self._real_root:
            raise UnsafePath(
                f"{self._root}/{path}: a link out of the folder, to {target!a}",
                hint="copy what it links to, or name it in .dockerignore",
            )
        link = os.path.relpath(meant, os.path.realpath(here)).replace(os.sep, "/")
        return Entry(path=f"{self._prefix}/{path}", link=link)

    def _file(self, folder: int, path: str, rules: IgnoreRules) -> Entry:
        full = self._root / path
        try:
            opened = _open(os.path.basename(path), os.O_NONBLOCK, folder)  # noqa: PTH119
        except OSError as error:
            if error.errno in {errno.ENXIO, errno.ELOOP}:  # a socket, or a link put there meanwhile
                raise UnsafePath(f"{full}: no regular file") from None
            raise UnsafePath(f"{full}: {error.strerror}") from None
        with _closing(opened) as handle:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise UnsafePath(
                    f"{full}: no regular file", hint="remove it, or name it in .dockerignore"
                )
            # Asked before it is read, for a file may be long and hold nothing.
            content = b"" if status.st_size > self._left_bytes else self._content(handle)
        self._bytes += max(status.st_size, len(content))
        if self._left_bytes < 0:
            raise ContextTooLarge(
                f"{self._root}: over {LIMIT_BYTES} bytes",
                hint="name what does not belong into the image in .dockerignore",
            )
        if _PRIVATE_KEY.search(content) and not rules.is_taken_back(path):
            raise UnsafePath(
                f"{full}: it holds a private key, and whoever has the image has it",
                hint=f"name it in .dockerignore; or, if it is meant to be there, !{path}",
            )
        return Entry(
            path=f"{self._prefix}/{path}",
            content=content,
            is_executable=bool(status.st_mode & stat.S_IXUSR),
        )

    @property
    def _left_bytes(self) -> int:
        return LIMIT_BYTES - self._bytes

    def _content(self, handle: int) -> bytes:
        with open(handle, "rb", closefd=False) as file:
            return file.read(self._left_bytes + 1)


def _open(name: str, flags: int, above: int | None = None) -> int:
    """Open `name`, in the folder `above`, whatever it is but a link."""
    return os.open(name, flags | os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)


@contextmanager
def _closing(handle: int) -> Iterator[int]:
    try:
        yield handle
    finally:
        os.close(handle)


def _folded(path: str) -> str:
    """What names have in common that are one name on some file systems."""
    if path.isascii():
        return path.lower()
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _patterns(name: str, folder: int) -> str:
    """The text of the ignore file `name` in `folder`; empty when there is none, or a link."""
    try:
        with (
            _closing(_open(name, os.O_NONBLOCK, folder)) as handle,
            open(handle, "rb", closefd=False) as opened,
        ):
            return opened.read(_LIMIT_PATTERNS_BYTES).decode(errors="replace")
    except OSError:
        return ""
