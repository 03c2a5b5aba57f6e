"""From `handler.py`, a folder or `module:name` to a Handler.

Each way in which that fails has an error of its own.

The user's module is loaded under a name that clashes with nothing, inside a package of its own so
that relative imports work; its folder goes on `sys.path` behind the standard library (a handler
may be called json.py) and before installed packages, so that what lies beside it can be imported.
This module must not know requests.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
import zlib
from types import ModuleType
from typing import TYPE_CHECKING

from wherry import adapters, handler, paths
from wherry.adapters.registry import OURS
from wherry.discovery import declared, function_of
from wherry.errors import (
    HandlerError,
    HandlerImportError,
    HandlerNameNotFound,
    HandlerNotFound,
)
from wherry.values import replaced

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CANDIDATES = (
    "handler.py", "function/handler.py", "func.py", "function/func.py", "function/__init__.py",
    "main.py", "app.py", "asgi.py", "wsgi.py",
)  # fmt: skip
_PACKAGE = "wherry_function_"


def load(
    source: str | os.PathLike[str] | None,
    *,
    name: str | None = None,
    signature: str | None = None,
) -> handler.Handler:
    """Load the handler that `source` names, a function of ours or of another framework.

    From the first call on, the modules that other frameworks' functions import are found in this
    process where they are not installed.

    Args:
        source: A Python file, a folder, or a module; text may end in `:name`. None is the
            working folder. A folder is searched for the `CANDIDATES`, in their order.
        name: Name of the function, unless `source` has one. None finds the only decorated
            function, else `handle`, else `main`.
        signature: What the function is written for, one of `adapters.signatures()`; None to find
            out, which is a function of ours but where another framework's is beyond doubt.

    Raises:
        HandlerNotFound: There is no such file, folder or module.
        HandlerImportError: The module raised while it was imported.
        HandlerNameNotFound: It has no such function, or several and none is named.
        HandlerSignatureError: Nothing fills one of the function's parameters, or it is not what
            `signature` says.
    """
    where, wanted = _split(source)
    adapters.install()
    module, shown = _module(where)
    return _one(module, shown, wanted or name, signature)


def load_all(
    sources: Iterable[str], *, name: str | None = None, signature: str | None = None
) -> list[list[handler.Handler]]:
    """Load every function that each of `sources` declares, in its order; a file is run once.

    Just one where a name is given, where the module declares none or one, and where it is of
    another framework. The other arguments and the errors are those of `load`.
    """
    adapters.install()
    folders: set[str] = set()
    return [_all(source, folders, name, signature) for source in sources]


def _all(
    source: str, folders: set[str], name: str | None, signature: str | None
) -> list[handler.Handler]:
    where, wanted = _split(source)
    module, shown = _module(where, folders)
    functions = declared(module)
    if wanted or name or signature not in {None, OURS} or len(functions) < 2:
        return [_one(module, shown, wanted or name, signature)]
    return [
        handler.of(function, name=f"{paths.stem_of(shown)}.{each}", module=module)
        for each, function in functions.items()
    ]


def _one(
    module: ModuleType, shown: str, name: str | None, signature: str | None
) -> handler.Handler:
    file = shown if paths.is_absolute(shown) else None
    stem = paths.stem_of(shown)
    if stem == "__init__":
        stem = paths.name_of(paths.parent_of(shown))
    adapted = adapters.find(adapters.Source(module=module, file=file, name=name), signature)
    if adapted is not None:
        found = handler.of(
            adapted.function,
            name=f"{stem}.{adapted.name}",
            module=module,
            hooks=adapted.hooks,
        )
        return replaced(found, on_mount=adapted.on_mount)
    function, found_name = function_of(module, name, shown)
    return handler.of(function, name=f"{stem}.{found_name}", module=module)


def function_folders() -> list[Path]:
    """The folders that functions have been loaded from, those of installed modules left out."""
    from pathlib import Path

    return [
        Path(module.__path__[0])
        for name, module in list(sys.modules.items())
        if name.startswith(_PACKAGE) and "." not in name
    ]


def _split(source: str | os.PathLike[str] | None) -> tuple[str, str | None]:
    if source is None:
        return ".", None
    text = os.fspath(source) or "."
    if not isinstance(source, str) or paths.exists(text):
        return text, None
    where, colon, name = text.rpartition(":")
    if not colon:
        return text, None
    if not name.isidentifier():
        raise HandlerNameNotFound(
            f"handler {text!r}: {name!r} is no name of a function", hint="file.py:function"
        )
    return where or ".", name


def _module(where: str, folders: set[str] | None = None) -> tuple[ModuleType, str]:
    """The module, and the file it came from, for messages.

    What was imported from one of `folders` stays; from another it is imported afresh.
    """
    if paths.is_folder(where):
        file = _in_folder(where)
    elif paths.is_file(where):
        if paths.suffix_of(where) != ".py":
            raise HandlerNotFound(
                f"handler {where!r}: is no Python file", hint="name a file that ends in .py"
            )
        file = where
    elif re.fullmatch(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*", where) and not where.endswith(".py"):
        return _imported(where)
    else:
        raise HandlerNotFound(
            f"handler {where!r}: no such file or folder; looked in {paths.working_folder()}",
            hint="name a Python file, a folder with a handler.py, or a module",
        )
    file = paths.resolved(file)
    return _from_file(file, set() if folders is None else folders), file


def _in_folder(folder: str) -> str:
    for candidate in CANDIDATES:
        file = paths.joined(folder, candidate)
        if paths.is_file(file):
            return file
    raise HandlerNotFound(
        f"handler {folder!r}: looked for {', '.join(CANDIDATES)} in {paths.resolved(folder)}",
        hint="put a handler.py there with `def handle(request): ...`",
    )


def _from_file(file: str, folders: set[str]) -> ModuleType:
    folder, stem = paths.parent_of(file), paths.stem_of(file)
    package = f"{_PACKAGE}{zlib.crc32(os.fsencode(folder)):08x}"
    before, path_before = set(sys.modules), list(sys.path)
    _put_on_path(folder)
    is_package = paths.is_file(paths.joined(folder, "__init__.py"))
    if paths.name_of(folder) == "function" or is_package:
        _put_on_path(paths.parent_of(folder))  # others' modules name the package they are in
    try:
        if folder not in folders:
            _run_package(package, folder)
            folders.add(folder)
        name = package if stem == "__init__" else f"{package}.{stem}"
        return sys.modules.get(name) or _run(name, file)
    except BaseException as error:
        sys.path[:] = path_before
        for each in set(sys.modules) - before:
            if each.startswith(package):
                del sys.modules[each]
        if isinstance(error, (HandlerError, KeyboardInterrupt)):
            raise
        raise _import_failed(file, folder, error) from error


def _run_package(name: str, folder: str) -> None:
    for each in [each for each in sys.modules if each == name or each.startswith(name + ".")]:
        del sys.modules[each]
    init = paths.joined(folder, "__init__.py")
    if paths.is_file(init):
        _run(name, init, within=folder)
        return
    package = ModuleType(name)
    package.__path__ = [folder]
    sys.modules[name] = package


def _run(name: str, file: str, *, within: str | None = None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        name, file, submodule_search_locations=None if within is None else [within]
    )
    if spec is None or spec.loader is None:
        raise HandlerNotFound(f"handler {file!r}: is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _put_on_path(folder: str) -> None:
    """Behind the standard library, before installed packages."""
    if folder in sys.path:
        return
    standard = paths.parent_of(os.__file__)  # `sysconfig` costs 4 ms to ask
    ends = [
        index
        for index, each in enumerate(sys.path)
        if each == standard or paths.name_of(each) == "lib-dynload"
    ]
    sys.path.insert(max(ends) + 1 if ends else len(sys.path), folder)


def _imported(where: str) -> tuple[ModuleType, str]:
    top, path_before = where.partition(".")[0], list(sys.path)
    if paths.is_folder(top) or paths.is_file(f"{top}.py"):
        _put_on_path(paths.working_folder())
    try:
        module = importlib.import_module(where)
    except BaseException as error:
        sys.path[:] = path_before
        if isinstance(error, (HandlerError, KeyboardInterrupt)):
            raise
        is_absent = isinstance(error, ModuleNotFoundError) and error.name is not None
        if is_absent and (where + ".").startswith(f"{error.name}."):  # type: ignore[attr-defined]
            raise HandlerNotFound(
                f"handler {where!r}: no such file, folder or module; "
                f"looked in {paths.working_folder()} and on sys.path",
                hint="name a Python file, a folder with a handler.py, or a module",
            ) from error
        spec = sys.modules.get(top)
        folder = paths.parent_of(getattr(spec, "__file__", None) or top)
        raise _import_failed(where, folder, error) from error
    return module, where


def _import_failed(file: str, folder: str, error: BaseException) -> HandlerImportError:
    import traceback  # only who fails needs these
    from pathlib import Path

    if isinstance(error, SyntaxError) and error.filename is not None:
        return HandlerImportError(
            f"handler {file!r}: {error.filename}, line {error.lineno}: {error.msg}",
            hint="correct the line",
        )
    lines = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(folder) or frame.filename == file
    ]
    at = f" at {lines[-1].filename}, line {lines[-1].lineno}" if lines else ""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return HandlerImportError(
            f"handler {file!r}: module {error.name!r} is not installed{at}",
            hint=f"pip install the package that has {error.name!r}, and add it to requirements.txt",
        )
    return HandlerImportError(
        f"handler {file!r}: {type(error).__name__}{at}: {error}".removesuffix(": "),
        hint="the cause is in the traceback",
    )
