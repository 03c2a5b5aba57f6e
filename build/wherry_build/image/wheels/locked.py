"""What a lock says of one file of a package: name, version, hash, and where it is. Values only."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
# A name and a version also go into files of requirements, where a line or a blank more is an option
# more. Not by `packaging`, which is not imported for what is kept.
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_VERSION = re.compile(
    r"v?(?:\d+!)?\d+(?:\.\d+)*"
    r"(?:[-_.]?(?:alpha|a|beta|b|preview|pre|c|rc|post|rev|r|dev)[-_.]?\d*|-\d+){0,3}"
    r"(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?",
    re.ASCII | re.IGNORECASE,
)
_URL = re.compile(r"(?:https?|file)://\S+")
_SEPARATORS = re.compile(r"[-_.]+")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,250}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFile:
    """One file of one version of a package.

    Attributes:
        name: Name of the package, normalized (PEP 503).
        version: Its version (PEP 440).
        file_name: Name of the file.
        sha256: 64 hexadecimal digits.
        url: Where it is, without credentials: `https:`, `http:` or `file:`.
        size_bytes: How long it is; None where the index does not say.
    """

    name: str
    version: str
    file_name: str
    sha256: str
    url: str
    size_bytes: int | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name: got {self.name!a}, expected a normalized one (PEP 503)")
        if not _VERSION.fullmatch(self.version):
            raise ValueError(f"{self.name}: version: got {self.version!a}, expected PEP 440's form")
        if not _URL.fullmatch(self.url) or not self.url.isprintable() or "%00" in self.url:
            raise ValueError(f"{self.name}: URL: expected https:, http: or file:, without blanks")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"{self.name}: sha256: got {self.sha256!a}, expected 64 hex digits")
        if not _FILE_NAME.fullmatch(self.file_name):
            raise ValueError(f"{self.name}: file name: got {self.file_name!a}")

    @property
    def pin(self) -> str:
        """The requirement that only this version fulfils."""
        return f"{self.name}=={self.version}"

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "name": self.name,
            "version": self.version,
            "file": self.file_name,
            "sha256": self.sha256,
            "url": self.url,
            "size": self.size_bytes,
        }


class LockedWheel(LockedFile):
    """A wheel that runs on the target."""

    __slots__ = ()


class LockedSource(LockedFile):
    """A source distribution, where there is no wheel that runs on the target."""

    __slots__ = ()


def parse_locked_wheel(document: dict[str, Any]) -> LockedWheel:
    """The wheel that `document()` gave.

    Raises:
        ValueError: It is of another form.
    """
    size = document.get("size")
    texts = [document.get(key) for key in ("name", "version", "file", "sha256", "url")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(size, int | None):
        raise ValueError("expected a locked wheel")
    name, version, file_name, sha256, url = map(str, texts)
    return LockedWheel(
        name=name, version=version, file_name=file_name, sha256=sha256, url=url, size_bytes=size
    )


def normalized(name: str) -> str:
    """`name` as packages are compared by it (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def file_name_of(url: str) -> str:
    """The last part of `url`'s path."""
    return unquote(urlsplit(url).path.rpartition("/")[2])


def file_url(folder: Path, *path: str) -> str:
    """The URL of the file at `path`, seen from `folder`; a `%` in a path stands for itself."""
    return Path(os.path.normpath(folder.absolute().joinpath(*path))).as_uri()


def without_credentials(url: str) -> str:
    """`url` without the user, the password and the fragment in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
