"""What the layers of a base hold, as far as building on it must know. Nothing is unpacked.

Layers are read from the bottom, where the distribution is; a C library keeps its version for the
life of a release, so that the lowest one is the answer. A Python may be put over another by any
layer, and is asked for only where the configuration does not name it.
"""

from __future__ import annotations

import gzip
import posixpath
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, BinaryIO, cast

from wherry_build.errors import BaseUnusable
from wherry_build.image.content import Content
from wherry_build.image.oci.base import BaseImage
from wherry_build.image.oci.media_types import Compression, compression

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LIMIT_LAYER_BYTES = 16 * 1024**3
_LIMIT_LIBRARY_BYTES = 32 * 1024**2
_MOST_LINKS = 16
_WHITEOUT = ".wh."
_GLIBC = re.compile(r"(?:usr/)?lib(?:64|32)?/(?:[^/]+-linux-gnu[^/]*/)?libc\.so\.6", re.ASCII)
_GLIBC_OF_OLD = re.compile(r"(?:.*/)?libc-([0-9]+\.[0-9]+)\.so", re.ASCII)
_GLIBC_BANNER = re.compile(rb"GNU C Library [^\n\0]{0,200}?release version ([0-9]+\.[0-9]+)")
_MUSL = re.compile(r"(?:usr/)?lib/ld-musl-[^/]+\.so\.1", re.ASCII)
_MUSL_VERSION = re.compile(rb"\0(1\.[0-9]+)\.[0-9]+(?:[-_.a-z0-9]{0,40})\0")
_VERSIONED = re.compile(r"python(3\.[0-9]+)", re.ASCII)
_LIBRARY = re.compile(r"(.+)/(?:lib|lib64)/python(3\.[0-9]+)/os\.py", re.ASCII)


@dataclass(slots=True)
class Seen:
    """What was seen so far.

    Attributes:
        libc: `glibc 2.36` or `musl 1.2`; empty while it is not known.
        folders: Names at the root.
        links: Links that may lead to a Python, by their path.
        files: Files that may be one.
        libraries: Versions of the standard library, by the prefix that each is below.
        search: Folders that programs are looked for in.
    """

    libc: str = ""
    folders: frozenset[str] = frozenset()
    links: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    libraries: dict[str, set[str]] = field(default_factory=dict)
    search: tuple[str, ...] = ()

    @property
    def python(self) -> str:
        """The version of the `python3` that a shell would find; empty when it finds none."""
        for folder in self.search:
            path = self._resolved(f"{folder}/python3")
            if path in self.files:
                named = _VERSIONED.fullmatch(posixpath.basename(path))
                prefix = posixpath.dirname(posixpath.dirname(path))
                there = self.libraries.get(prefix, set())
                if named or len(there) == 1:
                    return named[1] if named else next(iter(there))
        return ""

    def _resolved(self, path: str) -> str:
        """`path` with links followed, those of folders at the root included."""
        for _ in range(_MOST_LINKS):
            head, _, rest = path.partition("/")
            if head in self.links and rest:
                path = posixpath.normpath(f"{self.links[head]}/{rest}").lstrip("/")
            elif path in self.links:
                where = posixpath.join("/", posixpath.dirname(path), self.links[path])
                path = posixpath.normpath(where).lstrip("/")
            else:
                break
        return path


def look(base: BaseImage, *, is_python_wanted: bool) -> Seen:
    """Look through the layers of `base`, until what is wanted is known.

    Raises:
        BaseUnusable: A layer cannot be read.
    """
    path = base.environment.get("PATH") or _PATH
    seen = Seen(search=tuple(each.strip("/") for each in path.split(":") if each))
    for number, layer in enumerate(base.layers, 1):
        try:
            with layer.open() as opened:
                _look_through(_plain(opened, layer), seen)
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise BaseUnusable(
                f"{base.reference}: layer {number} of {len(base.layers)} is no tar that can be "
                f"read ({type(error).__name__})",
                hint="build with --pull",
            ) from None
        if seen.libc and not is_python_wanted:
            break
    return seen


def _plain(opened: BinaryIO, layer: Content) -> IO[bytes]:
    packed = compression(layer.descriptor.media_type)
    if packed is Compression.ZSTD:
        raise BaseUnusable(
            "a layer of the base is packed by zstd, and cannot be looked into",
            hint="give the base the labels io.wherry.base.python=3.12 and "
            "'io.wherry.base.libc=glibc 2.36', or take one whose layers are packed by gzip",
        )
    if packed is Compression.NONE:
        return opened
    return cast("IO[bytes]", gzip.GzipFile(fileobj=opened))


class _Bounded:
    """A stream of so many bytes and no more: gzip packs a thousandfold."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._left_bytes = _LIMIT_LAYER_BYTES

    def read(self, size: int) -> bytes:
        content = self._stream.read(size)
        self._left_bytes -= len(content)
        if self._left_bytes < 0:
            raise EOFError
        return content


def _look_through(stream: IO[bytes], seen: Seen) -> None:
    with tarfile.open(fileobj=cast("IO[bytes]", _Bounded(stream)), mode="r|") as archive:
        for path, member in _members(archive):
            seen.folders |= {path.partition("/")[0]}
            name = posixpath.basename(path)
            if name.startswith(_WHITEOUT):
                _forget(posixpath.join(posixpath.dirname(path), name[len(_WHITEOUT) :]), seen)
            elif name.startswith("python") or ("/" not in path and member.issym()):
                _note_program(path, member, seen)
            elif found := _LIBRARY.fullmatch(path):
                seen.libraries.setdefault(found[1], set()).add(found[2])
            elif not seen.libc.startswith("glibc"):
                seen.libc = _libc(path, member, archive) or seen.libc


def _members(archive: tarfile.TarFile) -> Iterator[tuple[str, tarfile.TarInfo]]:
    """Each member with its path; what has been seen is forgotten, as `tarfile` keeps all."""
    for member in archive:
        archive.members.clear()  # type: ignore[attr-defined]  # of the class, and not in its stub
        path = posixpath.normpath(member.name).lstrip("/")
        if path not in {"", "."}:
            yield path, member


def _note_program(path: str, member: tarfile.TarInfo, seen: Seen) -> None:
    _forget(path, seen)
    if member.issym():
        seen.links[path] = member.linkname
    elif member.islnk():
        seen.links[path] = f"/{member.linkname.lstrip('./')}"
    elif member.isfile():
        seen.files.add(path)


def _forget(path: str, seen: Seen) -> None:
    seen.links.pop(path, None)
    seen.files.discard(path)


def _libc(path: str, member: tarfile.TarInfo, archive: tarfile.TarFile) -> str:
    """The C library that `member` is, `glibc 2.36` or `musl 1.2`; empty for any other file."""
    if _GLIBC.fullmatch(path):
        if member.issym():
            of_old = _GLIBC_OF_OLD.fullmatch(member.linkname)
            return f"glibc {of_old[1]}" if of_old else ""
        return _version("glibc", _GLIBC_BANNER, archive.extractfile(member))
    if _MUSL.fullmatch(path) and member.isfile():
        return _version("musl", _MUSL_VERSION, archive.extractfile(member))
    return ""


def _version(name: str, pattern: re.Pattern[bytes], file: IO[bytes] | None) -> str:
    content = file.read(_LIMIT_LIBRARY_BYTES) if file is not None else b""
    found = pattern.search(content)
    return f"{name} {found[1].decode()}" if found else ""
