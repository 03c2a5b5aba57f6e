"""The tar that the client of a remote builder sends, unpacked where it can do no harm.

It holds `context/...`, the configuration, and perhaps sealed secrets. Only files and folders are
taken: no link, device, sparse file, name that leads elsewhere or that two files share. What they
may take is bounded before it is written. It knows nothing of what the files mean.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from wherry_build.errors import ContextTooLarge, RemoteBuildRefused, UnsafePath
from wherry_build.image.context import LIMIT_BYTES, LIMIT_FILES
from wherry_build.remote import configuration, sealing

CONTEXT = "context"
_LIMIT_NAME_BYTES = 255
_LIMIT_PATH_BYTES = 2048
_LIMIT_READ_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a build context may take, unpacked."""

    files: int = LIMIT_FILES
    size_bytes: int = LIMIT_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What came.

    Attributes:
        context: The folder of the build context.
        configuration: What is to be built, as it came.
        sealed: Sealed build secrets, as they came; None when there are none.
    """

    context: Path
    configuration: bytes = field(repr=False)
    sealed: bytes | None = field(default=None, repr=False)


def unpack(archive: BinaryIO, folder: Path, limits: Limits | None = None) -> Unpacked:
    """Unpack `archive`, an uncompressed tar, into `folder`, which is there and empty.

    Raises:
        RemoteBuildRefused: It is no tar, or lacks what it should hold.
        UnsafePath: A link, a device, or a name that no context should have.
        ContextTooLarge: It is over `limits`.
    """
    return _Unpacking(folder, Limits() if limits is None else limits).unpacked(archive)


class _Unpacking:
    """One pass over an archive, with what it has counted so far."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._entries = 0
        self._bytes = 0
        self._folders: set[str] = set()
        self._named: dict[str, str] = {}
        self._documents: dict[str, bytes] = {}

    def unpacked(self, archive: BinaryIO) -> Unpacked:
        (self._folder / CONTEXT).mkdir(mode=0o755)
        self._folders.add(CONTEXT)
        bounded: BinaryIO = _BoundedReads(archive)  # type: ignore[assignment]
        try:
            with tarfile.open(fileobj=bounded, mode="r:", encoding="utf-8") as tar:
                while (member := tar.next()) is not None:
                    tar.members = []  # type: ignore[attr-defined]  # it would keep every one
                    self._take(tar, member)
        except (RemoteBuildRefused, UnsafePath, ContextTooLarge, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - tarfile raises whatever its input makes of it
            raise RemoteBuildRefused(
                f"the body: got no tar that can be read ({type(error).__name__}), expected a tar"
            ) from None
        if configuration.FILE not in self._documents:
            raise RemoteBuildRefused(f"the body: got a tar without {configuration.FILE}")
        return Unpacked(
            context=self._folder / CONTEXT,
            configuration=self._documents[configuration.FILE],
            sealed=self._documents.get(sealing.FILE),
        )

    def _take(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        self._entries += 1
        if self._entries > self._limits.files:
            raise ContextTooLarge(f"the tar: over {self._limits.files} files")
        parts = [part for part in member.name.split("/") if part != "."]
        if member.isdir() and not any(parts):
            return  # the archive's own root, which GNU tar writes
        path = _checked("/".join(parts).removesuffix("/"), member.name)
        if member.isdir():
            self._make_folder(path, member.name)
            return
        if not member.isreg() or member.issparse():
            kind = "a link" if member.issym() or member.islnk() else "neither file nor folder"
            raise UnsafePath(f"{member.name!a}: {kind}", hint="copy what it stands for")
        if member.size < 0:
            raise RemoteBuildRefused("the body: got a tar with sizes below nothing")
        self._bytes += member.size
        if self._bytes > self._limits.size_bytes:
            raise ContextTooLarge(f"the tar: over {self._limits.size_bytes} bytes, unpacked")
        if path in {configuration.FILE, sealing.FILE}:
            self._keep(tar, member, path)
        else:
            self._write(tar, member, path)

    def _keep(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        if path in self._documents:
            raise UnsafePath(f"{path}: there are two of it")
        if member.size > configuration.LIMIT_BYTES:
            raise ContextTooLarge(f"{path}: over {configuration.LIMIT_BYTES} bytes")
        self._documents[path] = b"".join(_content(tar, member))

    def _make_folder(self, path: str, name: str) -> None:
        for index, letter in enumerate(f"{path}/"):
            if letter != "/":
                continue
            folder = path[:index]
            if folder not in self._folders:
                self._claim(folder, name)
                (self._folder / folder).mkdir(mode=0o755)
                self._folders.add(folder)

    def _write(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        parent = path.rpartition("/")[0]
        if not parent:
            raise UnsafePath(f"{member.name!a}: expected a file of {CONTEXT}/")
        self._make_folder(parent, member.name)
        self._claim(path, member.name)
        mode = 0o755 if member.mode & 0o100 else 0o644
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(self._folder / path, flags, mode), "wb") as file:
            for chunk in _content(tar, member):
                file.write(chunk)
            os.fchmod(file.fileno(), mode)

    def _claim(self, path: str, name: str) -> None:
        """Take a name that neither another file nor another's lower case has."""
        if not path.startswith(f"{CONTEXT}/"):
            raise UnsafePath(f"{name!a}: expected {CONTEXT}/ and what lies in it")
        other = self._named.setdefault(path.casefold(), path)
        if other != path:
            raise UnsafePath(f"{name!a}: differs from {other!a} only in case")
        if path in self._folders or (self._folder / path).exists():
            raise UnsafePath(f"{name!a}: there are two of it")


def _checked(path: str, name: str) -> str:
    parts = path.split("/")
    is_plain = path.isprintable() and "\\" not in path
    if not is_plain or not all(parts) or ".." in parts:
        raise UnsafePath(f"{name!a}: a name that no file of a context should have")
    encoded = [len(os.fsencode(part)) for part in parts]
    if max(encoded) > _LIMIT_NAME_BYTES or sum(encoded) + len(parts) > _LIMIT_PATH_BYTES:
        raise UnsafePath(f"{ascii(name)[:80]}...: a name too long for a file")
    return path


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    """A member's content in pieces, and all of it."""
    rest = member.size
    file = tar.extractfile(member)
    while rest:
        chunk = b"" if file is None else file.read(min(_CHUNK_BYTES, rest))
        if not chunk:
            raise RemoteBuildRefused(f"the body: the tar ends within {member.name!a}")
        rest -= len(chunk)
        yield chunk


class _BoundedReads:
    """A file whose reader may want no more than a megabyte at once.

    tarfile reads the names and records before a member into memory, however long they claim to be.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """Read, unless it is too much."""
        if not 0 <= size <= _LIMIT_READ_BYTES:
            raise ContextTooLarge(f"the tar: a header over {_LIMIT_READ_BYTES} bytes")
        return self._file.read(size)

    def seek(self, position: int) -> int:
        """Go there; a header of a negative size would go back, for ever."""
        if position < 0:
            raise RemoteBuildRefused("the body: got no tar that can be read, expected a tar")
        return self._file.seek(position)

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()
