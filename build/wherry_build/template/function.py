"""A function's files, from a template, and a new folder for them; nothing is written over."""

from __future__ import annotations

from pathlib import Path

from wherry_build import names
from wherry_build.errors import DestinationExists
from wherry_build.template.catalogue import PLACEHOLDER, handler_files, template_of_style


def function_files(name: str, *, style: str) -> dict[str, bytes]:
    """The files of a function called `name`, by their name in its folder.

    Raises:
        InvalidName: `name` is no function name.
        TemplateNotFound: There is no template for `style`.
    """
    names.function_name(name)
    return {
        _test_file(name) if path == "test_handler.py" else path: content.replace(
            PLACEHOLDER, name.encode()
        )
        for path, content in handler_files(template_of_style(style)).items()
    }


def write_new(files: dict[str, bytes], folder: Path) -> list[Path]:
    """Make `folder` with `files` in it, by their path; the files made.

    Raises:
        DestinationExists: There is something at its place already.
    """
    refuse_existing(folder)
    made = []
    folder.mkdir(parents=True)
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        made.append(file)
    return made


def refuse_existing(folder: Path) -> None:
    """Refuse `folder` where there is something already.

    Raises:
        DestinationExists: There is.
    """
    if folder.exists() or folder.is_symlink():
        raise DestinationExists(f"{folder} exists", hint="choose another name")


def _test_file(name: str) -> str:
    """A test's file has a name of its own: pytest takes no two of one name in one run."""
    return f"test_{name.replace('-', '_')}.py"
