"""Blobs of registries kept on this machine, by digest: `blobs/sha256/<hex>` of the cache.

What is there is whole and is what its name says: it is written beside and put in its place when it
has been checked. Of several that want one blob at a time, processes too, one fetches it. When there
is more than the limit, what was not used for longest goes (`cache_room`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from wherry_build.image.cache_folder import cache_folder
from wherry_build.image.cache_room import make_room
from wherry_build.image.content import Descriptor
from wherry_build.image.whole_file import OWNER_ONLY, own_folder, write_whole

LIMIT_BYTES = 5_000_000_000
_LIMIT_DOCUMENT_BYTES = 8 * 1024 * 1024


class BlobStore:
    """Blobs in a folder.

    Args:
        folder: Where; `blobs` of the cache when not given.
        limit_bytes: How much is kept.
    """

    def __init__(self, folder: Path | None = None, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = (folder if folder is not None else cache_folder("blobs")) / "sha256"
        self._limit_bytes = limit_bytes

    def find(self, descriptor: Descriptor) -> Path | None:
        """The file of a blob; None when it is not kept."""
        file = self._file(descriptor.digest)
        try:
            size = file.stat().st_size
        except OSError:
            return None
        if size != descriptor.size_bytes:
            file.unlink(missing_ok=True)  # cut by somebody else: it is never written like that
            return None
        with suppress(OSError):
            os.utime(file)
        return file

    def read(self, digest: str) -> bytes | None:
        """A small blob, checked; None when it is not kept."""
        file = self._file(digest)
        try:
            with file.open("rb") as opened:
                content = opened.read(_LIMIT_DOCUMENT_BYTES)
        except OSError:
            return None
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
            file.unlink(missing_ok=True)
            return None
        with suppress(OSError):
            os.utime(file)
        return content

    def write(self, digest: str, content: bytes) -> None:
        """Keep a small blob that has been checked; a cache that cannot be written keeps nothing."""
        with suppress(OSError):
            write_whole(self._file(digest), content)

    def fetch(self, descriptor: Descriptor, download: Callable[[BinaryIO], None]) -> Path:
        """The file of a blob, which `download` writes and checks when it is not kept.

        Raises:
            OSError: It cannot be written.
        """
        found = self.find(descriptor)
        if found is not None:
            return found
        file = self._file(descriptor.digest)
        own_folder(self._folder)
        part = file.with_name(f".{file.name}.part")
        with _alone(part) as opened:
            found = self.find(descriptor)
            if found is None:
                download(opened)
                opened.flush()
                part.replace(file)
        with suppress(OSError):  # the cache may be emptied at any time
            make_room(self._folder, limit_bytes=self._limit_bytes)
        return file

    def _file(self, digest: str) -> Path:
        return self._folder / digest.partition(":")[2]


@contextmanager
def _alone(part: Path) -> Iterator[BinaryIO]:
    """The file that a blob is written to, which one holds at a time."""
    while True:
        with open(part, "a+b", opener=_opened) as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            # Whoever held it has put it in its place meanwhile: then this name is another file.
            if not _is_at(part, opened):
                continue
            os.utime(opened.fileno())  # what an interrupted one left is in use again
            try:
                yield opened
            except BaseException:
                if _is_at(part, opened):
                    part.unlink(missing_ok=True)
                raise
            return


def _is_at(part: Path, opened: BinaryIO) -> bool:
    try:
        return part.stat().st_ino == os.fstat(opened.fileno()).st_ino
    except FileNotFoundError:
        return False


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)
