"""Where a project is said: in a `wherry.yaml`, or by the folders alone.

What reads a wherry.yaml is imported where there is one; a project without pays nothing for it.
"""

from __future__ import annotations

import os
from pathlib import Path

from wherry_build import names
from wherry_build.errors import FunctionsNotFound, ProjectError
from wherry_build.project.folder import read_folder, several_for_one_name
from wherry_build.project.image_lock import read_digests
from wherry_build.project.model import Project
from wherry_build.values import replaced

PROJECT_FILE = "wherry.yaml"


def project_file(path: Path) -> Path | None:
    """The wherry.yaml that `path` belongs to.

    It is looked for in the folder itself, and then above it up to the folder that the command runs
    in and no further: a file that somebody else left above is never taken.
    """
    path = _absolute(path)
    here = _absolute(Path())
    folder = path if path.is_dir() else path.parent
    while True:
        file = folder / PROJECT_FILE
        if file.is_file():
            return file
        if here not in folder.parents:
            return None
        folder = folder.parent


def read_project(path: Path, *, name: str | None = None, environment: str = "") -> Project:
    """Read the functions at `path`.

    Args:
        path: A folder of functions, a function's folder, or a handler's file.
        name: What the only function is called, when its folder's name will not do.
        environment: Environment of the wherry.yaml.

    Raises:
        FunctionsNotFound: There is no function.
        InvalidName: A folder's name is no function name.
        HandlerUnreadable: A handler's file is no Python that parses.
        ProjectFileInvalid: The wherry.yaml says what cannot be.
        ProjectError: An environment is asked for, and there is no wherry.yaml; or the lock of
            images is none.
    """
    path = _absolute(path)
    project = declared_project(path, environment=environment)
    if project is None:
        found = read_folder(path, name=name)
        return replaced(found, digests=read_digests(found.root))
    if name is None:
        return project
    if len(project.functions) > 1:
        raise several_for_one_name(path, project.functions)
    called = names.function_name(name)
    renamed = tuple(replaced(function, name=called) for function in project.functions)
    return replaced(project, functions=renamed)


def declared_project(path: Path, *, environment: str = "") -> Project | None:
    """What a wherry.yaml says of the functions at `path`; None when none says anything of them.

    Raises:
        FunctionsNotFound: An environment is asked for, and the file names no function that is here.
        HandlerUnreadable: A handler's file is no Python that parses.
        ProjectFileInvalid: The wherry.yaml says what cannot be.
        ProjectError: An environment is asked for, and there is no wherry.yaml; or the lock of
            images is none.
    """
    path = _absolute(path)
    file = project_file(path)
    if file is None:
        if environment:
            raise ProjectError(
                f"{path}: no {PROJECT_FILE} with an environment {environment!r}",
                hint=f"write {PROJECT_FILE}, or leave --env out",
            )
        return None
    from wherry_build.project.file import read_file_project

    project = read_file_project(file, environment=environment)
    project = replaced(project, digests=read_digests(project.root))
    kept = tuple(
        function
        for function in project.functions
        if path in {function.folder, function.folder / function.handler, *function.folder.parents}
    )
    if kept:
        return replaced(project, functions=kept)
    if environment:
        raise FunctionsNotFound(
            f"{path}: no function of {file} is there",
            hint=f"there are: {', '.join(function.name for function in project.functions)}",
        )
    return None


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - a link keeps the name it is called by
