"""What a function asks for: the files in its folder that say which packages it needs.

The first that is there counts: pylock.toml, uv.lock, requirements.txt, pyproject.toml. Here they
are read and, as far as pip's file format goes, taken apart; what versions fit is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from wherry_build.errors import RequirementsInvalid
from wherry_build.values import frozen

LIMIT_BYTES = 16 * 1024 * 1024
_LIMIT_FILES = 50
_COMMENT = re.compile(r"(?:^|[ \t])#.*$")
_INCLUDED = re.compile(r"(-r|--requirement|-c|--constraint)(?:[ \t]+|=|(?<=-r|-c))(.+)")


class Source(Enum):
    """Where the requirements come from."""

    NOTHING = "nothing"
    PYLOCK = "pylock.toml"
    UV_LOCK = "uv.lock"
    TEXT = "requirements.txt"
    PROJECT = "pyproject.toml"


@frozen(kw_only=False)
class Line:
    """One line of a requirements file, its continuations joined and its comment gone.

    Attributes:
        text: The line.
        is_constraint: Whether it stands in a file of constraints.
    """

    text: str
    is_constraint: bool = False

    @property
    def is_option(self) -> bool:
        """Whether it is an option, such as `--index-url`, and no requirement."""
        return self.text.startswith("-")

    @property
    def requirement(self) -> str:
        """The requirement, without the options behind it."""
        return re.split(r"[ \t]--", self.text, maxsplit=1)[0].strip()

    @property
    def hashes(self) -> tuple[str, ...]:
        """The SHA-256 digests that are allowed."""
        return tuple(re.findall(r"--hash[= \t]+sha256:([0-9a-fA-F]{64})(?![0-9a-fA-F])", self.text))


@frozen
class Requirements:
    """What a folder asks for.

    Attributes:
        folder: The folder.
        source: Which file says so.
        contents: Every file that was read for it, name and bytes.
        lines: The lines of a `requirements.txt` and of what it includes.
    """

    folder: Path
    source: Source
    contents: tuple[tuple[str, bytes], ...] = ()
    lines: tuple[Line, ...] = ()

    @property
    def file(self) -> Path:
        """The file that says so; there is none when `source` is NOTHING."""
        return self.folder / self.source.value

    @property
    def text(self) -> str:
        """What is in `file`."""
        return self.contents[0][1].decode(errors="replace")

    @property
    def is_hashed(self) -> bool:
        """Whether every requirement has hashes, which makes the file a lock."""
        wanted = [line for line in self.lines if not line.is_option and not line.is_constraint]
        return bool(wanted) and all("--hash" in line.text for line in wanted)

    @property
    def options(self) -> tuple[str, ...]:
        """The options that its lines have for pip as a whole."""
        return tuple(line.text for line in self.lines if line.is_option)


def read_requirements(folder: Path, *, is_foreign: bool = False) -> Requirements:
    """What `folder` asks for.

    Args:
        folder: The function's folder.
        is_foreign: Whether a stranger wrote it, who must not read files or variables of ours.

    Raises:
        RequirementsInvalid: A file cannot be read, or includes what cannot be locked.
    """
    for source in (Source.PYLOCK, Source.UV_LOCK, Source.TEXT, Source.PROJECT):
        file = folder / source.value
        if not file.is_file():
            continue
        if is_foreign:
            _check_inside(file, folder.resolve())
        if source is Source.TEXT:
            return _text(folder, is_foreign=is_foreign)
        contents = ((source.value, _content(file)),)
        if is_foreign:
            _check_variables(contents[0][1].decode(errors="replace"), file)
        return Requirements(folder=folder, source=source, contents=contents)
    return Requirements(folder=folder, source=Source.NOTHING)


def _text(folder: Path, *, is_foreign: bool) -> Requirements:
    walk = _Walk(folder.resolve() if is_foreign else None)
    lines = tuple(walk.lines(folder / Source.TEXT.value, is_constraint=False))
    return Requirements(
        folder=folder, source=Source.TEXT, contents=tuple(walk.contents.items()), lines=lines
    )


class _Walk:
    """One pass over a requirements file and those that it includes."""

    def __init__(self, inside: Path | None) -> None:
        self._inside = inside
        self.contents: dict[str, bytes] = {}
        self._open: list[Path] = []

    def lines(self, file: Path, *, is_constraint: bool) -> Iterator[Line]:
        if file in self._open or len(self.contents) >= _LIMIT_FILES:
            raise RequirementsInvalid(
                f"{file}: includes itself, or is one of over {_LIMIT_FILES} files",
                hint="take the -r or -c line out",
            )
        if self._inside is not None:
            _check_inside(file, self._inside)
        content = _content(file)
        # The name counts for what files hold together, not for where the folder is.
        self.contents[f"{len(self.contents)}:{file.name}"] = content
        self._open.append(file)
        for text in logical_lines(_decoded(content, file)):
            if self._inside is not None:
                _check_variables(text, file)
            included = _INCLUDED.fullmatch(text)
            if included is None:
                yield Line(text, is_constraint=is_constraint)
                continue
            kind, name = included.groups()
            yield from self.lines(
                _included(file, name), is_constraint=is_constraint or kind in {"-c", "--constraint"}
            )
        self._open.pop()


def _check_inside(file: Path, folder: Path) -> None:
    if not file.resolve().is_relative_to(folder):
        raise RequirementsInvalid(f"{file.name}: a file out of the function's folder")


def _check_variables(text: str, file: Path) -> None:
    if "${" in text:  # uv would look it up, and send it along in a URL
        raise RequirementsInvalid(f"{file.name}: asks for a variable, which are not given")


def logical_lines(text: str) -> Iterator[str]:
    """The lines of a requirements file, joined where they go on, without comments.

    A comment ends with its own line, as for uv: a backslash at its end joins nothing to it.
    """
    begun = ""
    for line in text.lstrip("\ufeff").splitlines():
        said = _COMMENT.sub("", line)
        if said == line and line.endswith("\\"):
            begun += line.rstrip("\\")
            continue
        whole, begun = f"{begun}{said}".strip(), ""
        if whole:
            yield whole
    if begun.strip():
        yield begun.strip()


def included_name(line: str) -> str | None:
    """The path of the file that a logical line includes; None where it includes no file."""
    included = _INCLUDED.fullmatch(line)
    if included is None or "://" in included[2]:
        return None
    return included[2].strip().strip("'\"")


def _included(file: Path, name: str) -> Path:
    if "://" in name:
        raise RequirementsInvalid(
            f"{file}: includes {name.partition('://')[0]}://..., expected a file",
            hint="download it once and include the copy",
        )
    return file.parent / name.strip().strip("'\"")


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise RequirementsInvalid(f"{file}: {error.strerror}") from None
    if len(content) > LIMIT_BYTES:
        raise RequirementsInvalid(f"{file}: got over {LIMIT_BYTES} bytes")
    return content


def _decoded(content: bytes, file: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequirementsInvalid(f"{file}: byte {error.start}: expected UTF-8") from None
