"""Files as a layer: a tar packed by gzip, the same bytes on every machine that has the same zlib.

Entries are sorted, root's, without names of users, 0644 or 0755; the folders that they need are
there once, but never one that a base has of its own, whose modes an entry would change. The tar is
the same everywhere and so is its hash, the layer's diff_id; deflate's output, and so the layer's
digest, is zlib's.

The headers are written here and not by `tarfile`, whose import takes as long as the edit of a
function may (POSIX.1-2017, pax, "pax Interchange Format" and "ustar Interchange Format").
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import BinaryIO

from wherry_build.errors import ContextTooLarge
from wherry_build.image.content import Descriptor, FileContent
from wherry_build.image.engine import Layer
from wherry_build.image.layers.cache import LayerCache, LayerFacts
from wherry_build.image.layers.entry import Entry, tree
from wherry_build.image.oci.media_types import MediaTypes

FORMAT = 1
LEVEL = 6
_BASE_FOLDERS = frozenset(
    {"bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root"}
    | {"run", "sbin", "srv", "sys", "tmp", "usr", "var"}
)
_BLOCK = 512
_LIMIT_FILE = 8**11 - 1
_CHUNK = 1 << 20
# No time, no name, no system (RFC 1952 section 2.3.1).
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def layer(
    entries: Iterable[Entry],
    *,
    purpose: str,
    cache: LayerCache,
    media: MediaTypes,
    key: str = "",
    epoch_s: int = 0,
) -> Layer:
    """The layer of `entries`.

    Args:
        entries: What is in it, with paths relative to the image's root; they are asked for only
            where the cache does not know `key`.
        purpose: What is in it, for people.
        cache: Where layers are kept.
        media: Family of media types.
        key: What the entries follow from, of any length; empty when only the entries say.
        epoch_s: The time that its files have, since 1970, in seconds.

    Raises:
        UnsafePath: A path that no layer should have.
        CacheUnwritable: The cache's folder cannot be written to.
    """
    if key:
        key = f"{epoch_s}\n{key}"
        return packed(
            lambda: tar(tree(entries), epoch_s=epoch_s),
            key=key,
            purpose=purpose,
            cache=cache,
            media=media,
        )
    chunks = list(tar(tree(entries), epoch_s=epoch_s))
    return packed(lambda: chunks, key=_digest(chunks), purpose=purpose, cache=cache, media=media)


def packed(
    chunks: Callable[[], Iterable[bytes]],
    *,
    key: str,
    purpose: str,
    cache: LayerCache,
    media: MediaTypes,
) -> Layer:
    """The layer of a tar that comes in `chunks`, which follow from `key`.

    Raises:
        CacheUnwritable: The cache's folder cannot be written to.
    """
    key = f"{FORMAT} zlib {zlib.ZLIB_RUNTIME_VERSION} level {LEVEL}\n{key}"
    kept = cache.find(key) or cache.keep(key, lambda file: pack(chunks(), file))
    descriptor = Descriptor(
        media_type=media.layer, digest=kept.facts.digest, size_bytes=kept.facts.packed_bytes
    )
    return Layer(
        content=FileContent(descriptor=descriptor, file=kept.file),
        diff_id=kept.facts.diff_id,
        purpose=purpose,
        size_bytes=kept.facts.size_bytes,
    )


def _digest(chunks: Iterable[bytes]) -> str:
    hashed = hashlib.sha256()
    for chunk in chunks:
        hashed.update(chunk)
    return hashed.hexdigest()


def pack(chunks: Iterable[bytes], file: BinaryIO) -> LayerFacts:
    """Write `chunks`, packed by gzip, into `file`; what the layer is known by."""
    plain, packed = hashlib.sha256(), hashlib.sha256()
    checksum = size_bytes = packed_bytes = 0
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)

    def write(content: bytes) -> None:
        nonlocal packed_bytes
        packed.update(content)
        packed_bytes += file.write(content)

    write(_GZIP_HEADER)
    for chunk in chunks:
        plain.update(chunk)
        checksum = zlib.crc32(chunk, checksum)
        size_bytes += len(chunk)
        write(deflate.compress(chunk))
    write(deflate.flush())
    write(checksum.to_bytes(4, "little") + (size_bytes % 2**32).to_bytes(4, "little"))
    return LayerFacts(
        digest=f"sha256:{packed.hexdigest()}",
        packed_bytes=packed_bytes,
        diff_id=f"sha256:{plain.hexdigest()}",
        size_bytes=size_bytes,
    )


def tar(
    members: Mapping[str, Entry | None],
    *,
    epoch_s: int = 0,
    left_out: frozenset[str] = _BASE_FOLDERS,
) -> Iterator[bytes]:
    """`members` as a tar, in their order, in chunks; folders in `left_out` are not in it."""
    for path, entry in members.items():
        if entry is None:
            if path not in left_out:
                yield folder_header(path, epoch_s=epoch_s)
        elif entry.link:
            yield _headers(path, kind=b"2", mode=0o777, link=entry.link, epoch_s=epoch_s)
        else:
            size_bytes = len(entry.content)
            mode = 0o755 if entry.is_executable else 0o644
            yield file_header(path, size_bytes, mode=mode, epoch_s=epoch_s)
            for start in range(0, size_bytes, _CHUNK):
                yield entry.content[start : start + _CHUNK]
            yield padding(size_bytes)
    yield end()


def file_header(path: str, size_bytes: int, *, mode: int = 0o644, epoch_s: int = 0) -> bytes:
    """What is before the bytes of a file.

    Raises:
        ContextTooLarge: The file is longer than the format has digits for.
    """
    if size_bytes > _LIMIT_FILE:
        raise ContextTooLarge(f"{path}: over {_LIMIT_FILE} bytes")
    return _headers(path, kind=b"0", mode=mode, size_bytes=size_bytes, epoch_s=epoch_s)


def folder_header(path: str, *, epoch_s: int = 0) -> bytes:
    """What says that there is a folder."""
    return _headers(f"{path}/", kind=b"5", mode=0o755, epoch_s=epoch_s)


def padding(size_bytes: int) -> bytes:
    """What is after the bytes of a file."""
    return bytes(-size_bytes % _BLOCK)


def end() -> bytes:
    """What is after the last member."""
    return bytes(2 * _BLOCK)


def _headers(
    path: str, *, kind: bytes, mode: int, epoch_s: int, size_bytes: int = 0, link: str = ""
) -> bytes:
    """The header of one member, after an extended one if ustar cannot hold its names."""
    extended = b"".join(
        _record(name, value)
        for name, value in (("linkpath", link), ("path", path))
        if len(value) > 100 or not value.isascii()
    )
    own = _header(path, kind, mode, size_bytes, epoch_s, link)
    if not extended:
        return own
    said = _header("././@PaxHeader", b"x", 0, len(extended), 0, "")
    return said + extended + bytes(-len(extended) % _BLOCK) + own


def _record(name: str, value: str) -> bytes:
    """One record of an extended header, which begins with its own length."""
    body = f" {name}={value}\n".encode()
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def _header(path: str, kind: bytes, mode: int, size_bytes: int, epoch_s: int, link: str) -> bytes:
    start = path.encode("ascii", "replace")[:100].ljust(
        100, b"\0"
    ) + b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, 0, 0, size_bytes, epoch_s)
    end = kind + link.encode("ascii", "replace")[:100].ljust(100, b"\0") + b"ustar\x0000"
    rest = bytes(_BLOCK - len(start) - 8 - len(end))
    checksum = sum(start) + 8 * ord(" ") + sum(end)
    return start + b"%06o\0 " % checksum + end + rest
