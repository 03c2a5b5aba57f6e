"""Reads a project from a folder of functions; the edge between the model and the disk.

A folder is a function when it holds one of `HANDLER_FILES`. A path that is a function itself, or
that names a handler's file, is a project of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wherry_build import names
from wherry_build.errors import FunctionsNotFound, InvalidName, ProjectError
from wherry_build.project.declarations import read_declarations
from wherry_build.project.model import Function, Project
from wherry_build.values import replaced

HANDLER_FILES = (
    "handler.py", "function/handler.py", "func.py", "function/func.py", "function/__init__.py",
    "main.py", "app.py", "asgi.py", "wsgi.py",
)  # fmt: skip
"""Where a function's handler is looked for in its folder, the first that exists counts."""

# Such a file may also be that of a program beside a folder of functions.
_PROGRAMS = frozenset({"main.py", "app.py", "asgi.py", "wsgi.py"})

_NO_FUNCTIONS = frozenset({"build", "template", "templates", "node_modules", "tests", "venv"})
_LIMIT_SOURCE_BYTES = 4 * 1024 * 1024


def read_folder(path: Path, *, name: str | None = None) -> Project:
    """Read the functions at `path`.

    Args:
        path: A folder of functions, a function's folder, or a handler's file.
        name: What the only function is called, when its folder's name will not do.

    Raises:
        FunctionsNotFound: There is no function.
        InvalidName: A folder's name is no function name.
        HandlerUnreadable: A handler's file is no Python that parses.
    """
    functions = [read_file(path, name)] if path.is_file() else _read_folder(path, name)
    if name is not None and len(functions) > 1:
        raise several_for_one_name(path, functions)
    return Project(root=path if path.is_dir() else path.parent, functions=tuple(functions))


def several_for_one_name(path: Path, functions: Sequence[Function]) -> ProjectError:
    """The error when one name is given for several functions."""
    found = ", ".join(function.name for function in functions)
    return ProjectError(
        f"{path}: a name was given, and there is more than one function: {found}",
        hint=f"give the folder of one, {functions[0].folder}",
    )


def select(project: Project, chosen: tuple[str, ...]) -> Project:
    """Keep the functions called as in `chosen`; all when it is empty."""
    if not chosen:
        return project
    there = {function.name: function for function in project.functions}
    for name in chosen:
        if name not in there:
            raise FunctionsNotFound(
                f"no function {name!r} in {project.root}", hint=f"there are: {', '.join(there)}"
            )
    kept = tuple(function for function in project.functions if function.name in chosen)
    return replaced(project, functions=kept)


def handler_place(function: Function) -> str:
    """The handler of `function` in its folder on this machine, as `WHERRY_HANDLER` takes it."""
    is_found = function.handler in HANDLER_FILES
    return str(function.folder if is_found else function.folder / function.handler)


def function_folders(path: Path) -> list[Path]:
    """The functions' folders at `path`, sorted: itself, or those in it; none when there is none."""
    handler = handler_in(path)
    nested = path / "functions"
    if handler is not None and not (handler in _PROGRAMS and nested.is_dir()):
        return [path]
    parent = nested if nested.is_dir() else path
    if not parent.is_dir():
        return []
    found = (item for item in parent.iterdir() if _may_hold_function(item) and handler_in(item))
    return sorted(found, key=lambda folder: folder.name)


def _read_folder(path: Path, name: str | None) -> list[Function]:
    if not path.is_dir():
        raise FunctionsNotFound(f"{path}: no such file or folder", hint="wherry new hello")
    found = [
        read_function(folder, handler, name)
        for folder in function_folders(path)
        if (handler := handler_in(folder)) is not None
    ]
    if not found:
        raise FunctionsNotFound(
            f"no function in {path}: no folder there holds {', '.join(HANDLER_FILES)}",
            hint="wherry new hello",
        )
    return found


def read_file(path: Path, name: str | None) -> Function:
    """Read the function whose handler's file is `path`.

    Raises:
        InvalidName: Its name is none, or the file's is no module's.
        HandlerUnreadable: The file is no Python that parses.
    """
    names.handler_file(path.name)
    if path.name in HANDLER_FILES:
        folder = path.parent
        nested = f"function/{path.name}"
        if folder.name == "function" and nested in HANDLER_FILES:
            return read_function(folder.parent, nested, name)
        return read_function(folder, path.name, name)
    return read_function(path.parent, path.name, name or path.stem)


def read_function(folder: Path, handler: str, name: str | None) -> Function:
    """Read the function whose handler's file is `handler` in `folder`.

    Raises:
        InvalidName: Its name is none.
        HandlerUnreadable: The file is no Python that parses.
    """
    source = folder / handler
    try:
        called = names.function_name(name or folder.name)
    except InvalidName as error:
        if name is not None:
            raise
        raise InvalidName(
            f"{folder}: {error.message}",
            hint=f"rename the folder, or give --name {names.nearest_function_name(folder.name)}",
        ) from None
    with source.open("rb") as file:
        text = file.read(_LIMIT_SOURCE_BYTES)
    return Function(
        name=called,
        folder=folder,
        handler=handler,
        declarations=read_declarations(text, filename=str(source)),
        has_requirements=(folder / "requirements.txt").is_file(),
    )


def handler_in(folder: Path) -> str | None:
    """The handler's file in `folder`; None when it is no function."""
    for file in HANDLER_FILES:
        if (folder / file).is_file():
            return file
    return None


def _may_hold_function(folder: Path) -> bool:
    return (
        folder.is_dir()
        and not folder.name.startswith((".", "_"))
        and folder.name not in _NO_FUNCTIONS
    )
