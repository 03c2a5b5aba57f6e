"""What a stranger's requirements may name: packages, and URLs of wheels; no file of this machine.

A requirements file can include other files, install folders and look for wheels in them, wherever
they are; and what is no wheel runs its author's code when it is looked at. For one's own function
that is as it should be. Here it is refused, before a resolver sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from wherry_build.errors import ExtraMissing, RemoteBuildRefused
from wherry_build.image.wheels.index_settings import IndexSettings
from wherry_build.image.wheels.pip_configuration import read_pip_file
from wherry_build.image.wheels.pylock import toml_document
from wherry_build.image.wheels.requirements import Source, logical_lines
from wherry_build.image.wheels.tool import found_uv

_LIMIT_FILES = 50
_LIMIT_BYTES = 4 * 1024 * 1024
_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:[ \t]+|=|(?<=-r|-c))(.+)")
_PLACE = re.compile(
    r"(?:-f|--find-links|-i|--index-url|--pypi-url|--extra-index-url)(?:[ \t]+|=)?(.+)"
)
# To its end, since uv takes another option on the same line. `--no-binary` would run code.
_HARMLESS = re.compile(
    r"--(?:no-index|pre|prefer-binary|require-hashes|"
    r"only-binary[ \t=]+(?::all:|[A-Za-z0-9._,-]+)|trusted-host[ \t=]+[A-Za-z0-9.:_-]+)"
)
_HASHES = re.compile(r"(?:[ \t]+--hash[ \t=]+[a-z0-9_]+:[0-9A-Fa-f]+)+")
_SETTING = re.compile(r"(?:extra-)?index-url|find-links")
_REQUIREMENT = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?[ \t]*(?:\[[A-Za-z0-9._, \t-]*\])?[ \t]*"
    r"(?:@[ \t]*(?P<url>\S+)|[ \t(<>=!~][0-9A-Za-z.*+!<>=~, \t()-]*)?"
)
_WHEEL_URL = re.compile(r"https?://[^\s#?]+\.whl(?:#\S*)?")
# Neither `..` nor what could be the beginning of a URL, `file:`, whatever folders are called.
_OWN_WHEEL = re.compile(r"(?:\./)?(?:[A-Za-z0-9_][A-Za-z0-9._+-]*/)*[A-Za-z0-9_][\w.+!-]*\.whl")
_WEB = re.compile(r"https?://\S+")
_PLACES = frozenset({"path", "directory", "editable", "registry", "url", "find-links", "index"})
_LOCAL = re.compile(r"\bfile:|@\s*[./~]|@\s*git\+", re.IGNORECASE)
_INSTEAD = "a lock or a requirements.txt instead"


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


def screen(folder: Path, *, builds_sources: bool = False) -> None:
    """See that the requirements in a function's `folder` name nothing that they should not.

    Args:
        folder: The folder.
        builds_sources: Whether its author's code may be run to see what it needs.

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
            document = toml_document(_text(file), Path(file.name))
            if source is Source.PROJECT:
                _screen_project(document, file, builds_sources=builds_sources)
            _screen_document(document, file, folder)
        return


def screen_indexes(variables: Mapping[str, str], configuration: Path | None = None) -> None:
    """See that build arguments and pip's configuration, which a stranger sent, name the web alone.

    Args:
        variables: Addresses of indexes, several of them with blanks between.
        configuration: A file of pip's; None where none was sent.

    Raises:
        RemoteBuildRefused: Something else is named; says by which of them.
        RequirementsInvalid: The file is none of pip's.
    """
    said = list(variables.items())
    if configuration is not None:
        said += [
            (f"pip.conf: {name}", text)
            for name, text in read_pip_file(configuration).items()
            if _SETTING.fullmatch(name)
        ]
    for name, text in said:
        for word in text.split():
            if not _WEB.fullmatch(word):
                raise _refused(word, name, "addresses with http:// or https://")


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
            if "${" in line:
                raise _refused("${", file.name, "no variable")
            if "\\" in line:
                raise _refused(line, file.name, "no backslash but at the end of a line")
            self._judge(line, file)

    def _judge(self, line: str, file: Path) -> None:
        if line.startswith("-"):
            self._judge_option(line, file)
            return
        hashes = re.search(r"[ \t]+--", line)
        if hashes is not None and not _HASHES.fullmatch(line, hashes.start()):
            raise _refused(line, file.name, "no option but --hash")
        whole = line[: hashes.start()] if hashes is not None else line
        place = _without_marker(whole)
        is_wheel = _WHEEL_URL.fullmatch(place) is not None or self._is_own_wheel(place, file)
        if not is_wheel and not _is_package(whole):
            raise _refused(line, file.name, "a package, or the URL of a wheel")

    def _judge_option(self, line: str, file: Path) -> None:
        included = _INCLUDE.fullmatch(line)
        if included is not None:
            name = included[1].strip().strip("'\"")
            target = file.parent / name
            if "://" in name or not target.is_file() or not self._is_within(target):
                raise _refused(line, file.name, "a file of the function")
            self.read(target)
            return
        place = _PLACE.fullmatch(line)
        if place is not None:
            if not _WEB.fullmatch(place[1].strip()):
                raise _refused(line, file.name, "an address with http:// or https://")
        elif not _HARMLESS.fullmatch(line):
            raise _refused(line, file.name, "no such option")

    def _is_own_wheel(self, text: str, file: Path) -> bool:
        # uv looks for it in the function's folder, whichever file names it.
        places = (self._folder / text, file.parent / text)
        return _OWN_WHEEL.fullmatch(text) is not None and any(
            place.is_file() and self._is_within(place) for place in places
        )

    def _is_within(self, target: Path) -> bool:
        return target.resolve().is_relative_to(self._folder.resolve())


def _without_marker(text: str) -> str:
    # The marker of an address begins after a blank: without one it is a part of the address.
    return re.split(r"[ \t];", text, maxsplit=1)[0].strip()


def _is_package(text: str) -> bool:
    """Whether a requirement is a package's, with or without the URL of a wheel."""
    found = _REQUIREMENT.fullmatch(_without_marker(text))
    if found is not None and found["url"]:
        return _WHEEL_URL.fullmatch(found["url"]) is not None
    found = _REQUIREMENT.fullmatch(text.partition(";")[0])
    return found is not None and not found["url"]


def _screen_project(document: Mapping[str, Any], file: Path, *, builds_sources: bool) -> None:
    """A project file: what it needs is written in it, and uv is not told where that comes from."""
    project = _table(document, "project")
    for key in ("dependencies", "optional-dependencies"):
        for _, text in _texts(project.get(key)):
            if not _is_package(text):
                raise _refused(text, file.name, "a package, or the URL of a wheel")
    if builds_sources:
        return
    dynamic = project.get("dynamic")
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        raise _refused("dynamic dependencies", file.name, _INSTEAD)
    for name in ("sources", "index"):
        if _table(_table(document, "tool"), "uv").get(name):
            raise _refused(f"tool.uv.{name}", file.name, _INSTEAD)


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _screen_document(document: Mapping[str, Any], file: Path, folder: Path) -> None:
    """A lock or project file in TOML: no place in it is on this machine but in the folder."""
    for key, text in _texts(document):
        if "${" in text:  # as TOML says it, which has more than one way to write it
            raise _refused("${", file.name, "no variable")
        if key in _PLACES and not _WEB.match(text) and not _is_inner(text, folder):
            raise _refused(text, file.name, "a place in the function's folder, or on the web")
        if _LOCAL.search(text):
            raise _refused(text, file.name, "no file and no source of this machine")


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


def _refused(line: str, where: str, expected: str) -> RemoteBuildRefused:
    # Without credentials, which a line may have.
    shown = re.sub(r"(?<=://)[^/\s@]+@", "****@", ascii(line)[1:-1])[:120]
    return RemoteBuildRefused(f"{where}: got {shown}, expected {expected}")
