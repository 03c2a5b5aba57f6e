"""What a stranger's requirements may name: packages, and URLs of wheels; no file of this machine.

A requirements file can include other files, install folders and look for wheels in them, wherever
they are; and what is no wheel runs its author's code when it is looked at. For one's own function
that is as it should be. Here it is refused, before a resolver sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from wherry_build.errors import ExtraMissing, RemoteBuildRefused
from wherry_build.image.wheels.index_settings import IndexSettings
from wherry_build.image.wheels.pylock import toml_document
from wherry_build.image.wheels.requirements import Source, logical_lines
from wherry_build.image.wheels.tool import found_uv

_LIMIT_FILES = 50
_LIMIT_BYTES = 4 * 1024 * 1024
_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:[ \t]+|=)?(.+)")
_PLACE = re.compile(
    r"(?:-f|--find-links|-i|--index-url|--pypi-url|--extra-index-url)(?:[ \t]+|=)?(.+)"
)
_HARMLESS = re.compile(
    r"--(?:no-index|pre|prefer-binary|require-hashes|(?:no|only)-binary|trusted-host)\b.*"
)
_REQUIREMENT = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?[ \t]*(?:\[[A-Za-z0-9._, \t-]*\])?[ \t]*"
    r"(?:@[ \t]*(?P<url>\S+)|[ \t(<>=!~][0-9A-Za-z.*+!<>=~, \t()-]*)?"
)
_WHEEL_URL = re.compile(r"https?://[^\s#?]+\.whl(?:#\S*)?")
_WEB = re.compile(r"https?://\S+")
_PLACES = frozenset({"path", "directory", "editable", "registry", "url", "find-links", "index"})


def check_resolver() -> None:
    """See that there is a resolver that runs nobody's code, before it is needed.

    Raises:
        ExtraMissing: uv is not installed; pip may run the code of what it looks at.
    """
    if found_uv(IndexSettings()) is None:
        raise ExtraMissing(
            "uv is not installed, and pip may run the code of what strangers ask for",
            hint="pip install uv; or allow it: wherry builder serve --sources",
        )


def screen(folder: Path) -> None:
    """See that the requirements in a function's `folder` name nothing that they should not.

    Raises:
        RemoteBuildRefused: They do; says which file and line.
    """
    for source in (Source.PYLOCK, Source.UV_LOCK, Source.TEXT, Source.PROJECT):
        file = folder / source.value
        if not file.is_file():
            continue
        if source is Source.TEXT:
            _Screening(folder).read(file)
        else:
            _screen_document(file, folder)
        return


class _Screening:
    """One pass over a requirements file and those that it includes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: set[Path] = set()

    def read(self, file: Path) -> None:
        if file in self._read:
            return
        self._read.add(file)
        if len(self._read) > _LIMIT_FILES:
            raise RemoteBuildRefused(f"{file.name}: one of over {_LIMIT_FILES} files")
        for line in logical_lines(_text(file)):
            self._judge(line, file)

    def _judge(self, line: str, file: Path) -> None:
        if line.startswith("-"):
            self._judge_option(line, file)
            return
        text, _, _marker = re.split(r"[ \t]--", line, maxsplit=1)[0].partition(";")
        text = text.strip()
        if _WHEEL_URL.fullmatch(text) or self._is_own_wheel(text, file):
            return
        found = _REQUIREMENT.fullmatch(text)
        if found is None or (found["url"] and not _WHEEL_URL.fullmatch(found["url"])):
            raise _refused(line, file, "a package, or the URL of a wheel")

    def _judge_option(self, line: str, file: Path) -> None:
        included = _INCLUDE.fullmatch(line)
        if included is not None:
            name = included[1].strip().strip("'\"")
            target = file.parent / name
            if "://" in name or not target.is_file() or not self._is_within(target):
                raise _refused(line, file, "a file of the function")
            self.read(target)
            return
        place = _PLACE.fullmatch(line)
        if place is not None:
            if not _WEB.fullmatch(place[1].strip()):
                raise _refused(line, file, "an address with http:// or https://")
        elif not _HARMLESS.fullmatch(line):
            raise _refused(line, file, "no such option")

    def _is_own_wheel(self, text: str, file: Path) -> bool:
        target = file.parent / text
        return text.endswith(".whl") and target.is_file() and self._is_within(target)

    def _is_within(self, target: Path) -> bool:
        return target.resolve().is_relative_to(self._folder.resolve())


def _screen_document(file: Path, folder: Path) -> None:
    """A lock or project file in TOML: no place in it is on this machine but in the folder."""
    document = toml_document(_text(file), Path(file.name))
    for key, text in _texts(document):
        if key in _PLACES and not _WEB.match(text) and not _is_inner(text, folder):
            raise _refused(text, file, "a place in the function's folder, or on the web")
        if re.search(r"\bfile:|@[ \t]*[./~]|@[ \t]*git", text):
            raise _refused(text, file, "no file and no source of this machine")


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a document, with the key that it is under."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, key)
    elif isinstance(value, str):
        yield key, value


def _is_inner(text: str, folder: Path) -> bool:
    path = PurePosixPath(text)
    if path.is_absolute() or text.startswith("~") or "://" in text:
        return False
    return (folder / path).resolve().is_relative_to(folder.resolve())


def _text(file: Path) -> str:
    with file.open("rb") as opened:
        content = opened.read(_LIMIT_BYTES + 1)
    try:
        if len(content) <= _LIMIT_BYTES:
            return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    raise RemoteBuildRefused(f"{file.name}: expected at most {_LIMIT_BYTES} bytes of UTF-8")


def _refused(line: str, file: Path, expected: str) -> RemoteBuildRefused:
    # Without credentials, which a line may have.
    shown = re.sub(r"(?<=://)[^/\s@]+@", "****@", ascii(line)[1:-1])[:120]
    return RemoteBuildRefused(f"{file.name}: got {shown}, expected {expected}")
