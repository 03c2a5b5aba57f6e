"""Which functions one process serves, what each is called, and where it answers.

One function has the process's name and every path. Of several, each has a name of its own: the
folder's where a folder or file gives one function, else the function's. This module must not know
requests or engines.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wherry import paths
from wherry.config import Config, folder_name
from wherry.discovery import NAMES
from wherry.errors import HandlerConflict, HandlerSignatureError
from wherry.loader import function_folders, load_all
from wherry.setting import is_label
from wherry.values import frozen, replaced

if TYPE_CHECKING:
    from pathlib import Path

    from wherry.handler import Handler


@frozen
class Mount:
    """A function and where it is served.

    Attributes:
        name: Its name in metrics, logs and emitted events.
        path: The path that it answers, with all below it.
        handler: The function.
    """

    name: str
    path: str
    handler: Handler


def sources(text: str) -> tuple[str, ...]:
    """The handlers that `WHERRY_HANDLER` names; a comma stands between two."""
    if "," not in text or paths.exists(text):
        return (text,)
    return tuple(each.strip() for each in text.split(",") if each.strip()) or (".",)


def load_mounts(config: Config) -> tuple[Mount, ...]:
    """Import every function that this process serves.

    Raises:
        HandlerError: One cannot be served, or two want the same name; says which and where.
    """
    found: list[tuple[str, Handler]] = []
    named = sources(config.handler)
    loaded = load_all(named, name=config.name, signature=config.signature)
    for source, handlers in zip(named, loaded, strict=True):
        for handler in handlers:
            handler = replaced(handler, event_headers=config.event_headers)  # noqa: PLW2901
            found.append((_name(source, handler, alone=len(handlers) == 1), handler))
    if len(found) == 1:
        return (Mount(name=config.function, path="/", handler=found[0][1]),)
    _check_names(found)
    _check_siblings(function_folders())
    mounts = tuple(
        Mount(name=name, path=handler.path or f"/{name}", handler=handler)
        for name, handler in found
    )
    for mount in mounts:
        if mount.handler.on_mount is not None:
            mount.handler.on_mount(mount.path)
    return mounts


def _name(source: str, handler: Handler, *, alone: bool) -> str:
    own = handler.name.rpartition(".")[2]
    if alone and (own in NAMES or not _names_function(source)):
        return folder_name(source)
    return own


def _names_function(source: str) -> bool:
    return ":" in source and not paths.exists(source)


def _check_siblings(folders: Sequence[Path]) -> None:
    """HandlerConflict where modules beside two functions share a name, and so one would get both.

    `import pricing` gives the one that was imported first, whoever asks.
    """
    from pathlib import Path  # one function alone needs none

    for folder in folders:
        for file in sorted(folder.glob("*.py")):
            imported = getattr(sys.modules.get(file.stem), "__file__", None)
            if imported is None or Path(imported).parent == folder:
                continue
            if Path(imported).parent in folders:
                raise HandlerConflict(
                    f"{file} and {imported} are both the module {file.stem!r}",
                    hint=f"import each from its own folder: from . import {file.stem}",
                )


def _check_names(found: Sequence[tuple[str, Handler]]) -> None:
    seen: dict[str, Handler] = {}
    for name, handler in found:
        if not is_label(name):
            raise HandlerSignatureError(
                f"function {name!r}: its name stands in paths, metrics and event sources; expected "
                "letters, digits and inner underscores",
                hint="rename it",
            )
        if name in seen:
            raise HandlerConflict(
                f"two functions are called {name!r}: {seen[name].name} and {handler.name}",
                hint="rename one of them",
            )
        seen[name] = handler
