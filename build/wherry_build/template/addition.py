"""Adds a function to what is there: its folder, and its entry in the wherry.yaml above it.

Nothing is made before all of it has been checked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from wherry_build.project.folder import function_folders
from wherry_build.project.location import project_file
from wherry_build.template.function import function_files, refuse_existing, write_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A function that has been added.

    Attributes:
        made: Its files.
        project_file: The wherry.yaml above it; None where there is none.
        is_written: Whether that has got an entry for it.
        is_taken: Whether the function belongs to the project, by an entry or by its place.
    """

    made: tuple[Path, ...]
    project_file: Path | None
    is_written: bool
    is_taken: bool


def add_function(name: str, *, style: str, parent: Path) -> Addition:
    """Make the folder of a function called `name` in `parent`, and say it in the wherry.yaml.

    Raises:
        InvalidName: `name` is no function name.
        TemplateNotFound: There is no template for `style`.
        DestinationExists: There is something at its place already, or in the wherry.yaml.
        ProjectError: The wherry.yaml cannot be read, or has no place for a function more.
        ExtraMissing: There is a wherry.yaml, and no ruamel.yaml to read it.
    """
    files = function_files(name, style=style)
    destination = parent / name
    refuse_existing(destination)
    file = project_file(destination)
    content = None if file is None else file.read_bytes()
    added = None
    if file is not None and content is not None:
        added = _with_function(file, content, name, destination)
    made = write_new(files, destination)
    is_written = added not in {None, content}
    if file is not None and added is not None and is_written:
        _replace(file, added)
    return Addition(
        made=tuple(made),
        project_file=file,
        is_written=is_written,
        is_taken=file is None or added is not None or _is_found(file, destination),
    )


def _with_function(file: Path, content: bytes, name: str, destination: Path) -> bytes | None:
    from wherry_build.project.addition import with_function

    handler = os.path.relpath(destination, file.parent).replace(os.sep, "/")
    return with_function(content, name, handler, path=os.path.relpath(file))


def _is_found(file: Path, destination: Path) -> bool:
    """Whether the function is where those of a file are looked for that names none."""
    there = destination.resolve()
    return any(folder.resolve() == there for folder in function_folders(file.parent))


def _replace(file: Path, content: bytes) -> None:
    """Write `file` so that nobody reads half of it; a link keeps leading to it."""
    file = file.resolve()
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.chmod(file.stat().st_mode & 0o7777)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
