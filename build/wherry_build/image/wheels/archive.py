"""Reads a wheel as what it is, a zip from the Internet: nothing in it is believed before a look.

Refused are names that leave the wheel or cannot be shown, links and devices, what is encrypted,
two files of one name, more files or bytes than the limits, more bytes than were announced, and
what RECORD has another hash of.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wherry_build.errors import WheelRefused
from wherry_build.image.wheels.record import Record
from wherry_build.values import replaced

LIMIT_FILES = 50_000
LIMIT_BYTES = 2 * 1024**3
# Text shrinks to a twentieth at best; deflate makes a thousandth of zeros.
_LIMIT_RATIO = 200
_FREE_BYTES = 64 * 1024**2
_LIMIT_NAME = 1024
_ENCRYPTED = 0x1
_UNIX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of a wheel.

    Attributes:
        path: Where it is in the wheel.
        content: Its bytes.
        is_executable: Whether it may be run.
        digest: Its hash, as a row of RECORD has it; empty where it has none.
    """

    path: str
    content: bytes = field(repr=False)
    is_executable: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """What a wheel has in it.

    Attributes:
        name: Name of its file.
        information: Name of its `.dist-info` folder.
        members: Its files.
    """

    name: str
    information: str
    members: tuple[Member, ...]


def read_wheel(file: Path) -> Wheel:
    """The wheel in `file`.

    Raises:
        WheelRefused: It is broken or unsafe; the message names the wheel and the file in it.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            items = _checked(archive, file.name)
            information = _information(items, file.name)
            members = tuple(_members(archive, items, file.name))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise WheelRefused(f"{file.name}: no zip that can be read: {error}") from None
    except OSError as error:
        raise WheelRefused(f"{file}: {error.strerror}") from None
    return Wheel(
        name=file.name,
        information=information,
        members=tuple(_recorded(members, information, file.name)),
    )


def _checked(archive: zipfile.ZipFile, wheel: str) -> list[zipfile.ZipInfo]:
    """The files of `archive`, when each may be unpacked."""
    items = [item for item in archive.infolist() if not item.is_dir()]
    if len(items) > LIMIT_FILES:
        raise WheelRefused(f"{wheel}: got {len(items)} files, expected at most {LIMIT_FILES}")
    total = sum(item.file_size for item in items)
    if total > LIMIT_BYTES:
        raise WheelRefused(f"{wheel}: got {total} bytes unpacked, expected at most {LIMIT_BYTES}")
    packed = sum(item.compress_size for item in items)
    if total > max(_FREE_BYTES, packed * _LIMIT_RATIO):
        raise WheelRefused(f"{wheel}: {packed} bytes unfold to {total}, which no wheel's do")
    seen: set[str] = set()
    for item in archive.infolist():
        # `filename` ends at a NUL, which hides what follows.
        path = item.orig_filename.rstrip("/")
        parts = path.split("/")
        mode = item.external_attr >> 16
        if (
            not path.isprintable()
            or "\\" in path
            or len(path) > _LIMIT_NAME
            or any(part in {"", ".", ".."} for part in parts)
        ):
            raise WheelRefused(f"{wheel}: {path[:200]!a}: expected a relative path without `..`")
        if item.create_system == _UNIX and stat.S_IFMT(mode) not in {
            0,
            stat.S_IFREG,
            stat.S_IFDIR,
        }:
            raise WheelRefused(f"{wheel}: {path}: a link or a device, expected a file")
        if item.flag_bits & _ENCRYPTED:
            raise WheelRefused(f"{wheel}: {path}: encrypted")
        if path in seen:
            raise WheelRefused(f"{wheel}: {path}: there are two of it")
        seen.add(path)
    return items


def _members(
    archive: zipfile.ZipFile, items: list[zipfile.ZipInfo], wheel: str
) -> Iterator[Member]:
    for item in items:
        with archive.open(item) as opened:
            # One byte more than announced is read at most, however far the rest would unfold.
            content = opened.read(item.file_size + 1)
        if len(content) != item.file_size:
            raise WheelRefused(f"{wheel}: {item.filename}: not as long as announced")
        mode = item.external_attr >> 16 if item.create_system == _UNIX else 0
        yield Member(path=item.filename, content=content, is_executable=bool(mode & 0o111))


def _information(items: list[zipfile.ZipInfo], wheel: str) -> str:
    folders = {item.filename.partition("/")[0] for item in items}
    found = sorted(folder for folder in folders if folder.endswith(".dist-info"))
    if len(found) != 1:
        got = ", ".join(found) or "none"
        raise WheelRefused(f"{wheel}: got {got}, expected one .dist-info folder")
    return found[0]


def _recorded(members: tuple[Member, ...], information: str, wheel: str) -> Iterator[Member]:
    """`members` with the hash of each, when it is right."""
    contents = {member.path: member.content for member in members}
    for name in ("WHEEL", "METADATA", "RECORD"):
        if f"{information}/{name}" not in contents:
            raise WheelRefused(f"{wheel}: {information}/{name} is not in it")
    headers = contents[f"{information}/WHEEL"].decode(errors="replace").splitlines()
    version = next((line for line in headers if line.lower().startswith("wheel-version:")), "")
    if version.partition(":")[2].strip().partition(".")[0] != "1":
        raise WheelRefused(f"{wheel}: {version or 'no Wheel-Version'}, expected Wheel-Version: 1.x")
    record = Record(contents[f"{information}/RECORD"], wheel)
    record.check_complete(contents)
    for member in members:
        yield replaced(member, digest=record.check(member.path, member.content))
