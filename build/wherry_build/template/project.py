"""Scaffolds a project: a function with its test, wherry.yaml, a workflow, a container to work in.

The files are those of `_project/`, with the project's name and our version put in; the function is
made from a template like any other.
"""

from __future__ import annotations

import json
from pathlib import Path

from wherry._version import __version__
from wherry_build import names
from wherry_build.template.function import function_files, write_new

FUNCTION = "hello"
"""What the first function is called."""
SCHEMA = "wherry.schema.json"

_FOLDER = Path(__file__).parents[1] / "_project"


def scaffold_project(name: str, *, style: str, parent: Path) -> list[Path]:
    """Make the folder of a project called `name` in `parent`; the files made.

    Raises:
        InvalidName: `name` is no name.
        TemplateNotFound: There is no template for `style`.
        DestinationExists: There is something at its place already.
    """
    return write_new(project_files(name, style=style), parent / name)


def project_files(name: str, *, style: str) -> dict[str, bytes]:
    """The files of a project called `name`, by their path in its folder.

    Raises:
        InvalidName: `name` is no name, or is too long for a part of an image's.
        TemplateNotFound: There is no template for `style`.
    """
    from wherry_build.project.json_schema import json_schema

    names.function_name(name)
    files = {
        path.relative_to(_FOLDER).as_posix(): path.read_bytes()
        .replace(b"PROJECT_NAME", name.encode())
        .replace(b"WHERRY_VERSION", __version__.encode())
        for path in _FOLDER.rglob("*")
        if path.is_file()
    }
    files[SCHEMA] = (json.dumps(json_schema(), indent=2) + "\n").encode()
    function = function_files(FUNCTION, style=style)
    files |= {f"functions/{FUNCTION}/{path}": content for path, content in function.items()}
    return dict(sorted(files.items()))
