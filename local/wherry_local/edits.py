"""Tells which files of functions have changed, as they are saved. It knows no function."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wherry_local.errors import WatcherUnavailable
from wherry_local.state import NAME as STATE_FOLDER

if TYPE_CHECKING:
    from watchfiles import Change

SUFFIXES = frozenset(
    {".py", ".toml", ".yaml", ".yml", ".json", ".txt", ".html", ".jinja", ".jinja2", ".sql"}
)
"""Files whose change is a change of the function; what it writes itself should not be."""

_STEP_MS = 100
"""How often the library looks for what the system has told it, and how long a save may go on."""


async def changes(folders: Sequence[Path], stopping: asyncio.Event) -> AsyncIterator[set[Path]]:
    """Sources in and below `folders` that have changed, as often as some have, until `stopping`.

    Of a folder that has come they are all that is in it: the system tells of files there only from
    when it is watched.
    """
    from watchfiles import Change, DefaultFilter, awatch

    class Filter(DefaultFilter):
        """Sources of the function; no caches, environments, version control or swap files."""

        def __init__(self) -> None:
            super().__init__(ignore_dirs=[*self.ignore_dirs, STATE_FOLDER])

        def __call__(self, change: Change, path: str) -> bool:
            is_wanted = Path(path).suffix in SUFFIXES or (
                change is Change.added and Path(path).is_dir()
            )
            return is_wanted and super().__call__(change, path)

    accepts = Filter()
    watched = awatch(*folders, watch_filter=accepts, stop_event=stopping, step=_STEP_MS)
    async for found in watched:
        changed: set[Path] = set()
        for change, path in found:
            changed.update(_files(Path(path), partial(accepts, change)))
        if changed:
            yield changed


def _files(path: Path, accepts: Callable[[str], bool]) -> Iterable[Path]:
    """`path`, or those of the files in it that `accepts` takes, where it is a folder."""
    if not path.is_dir():
        return (path,)
    return [each for each in path.rglob("*") if accepts(str(each)) and not each.is_dir()]


def check_watcher() -> None:
    """WatcherUnavailable where the package that watches is not installed."""
    try:
        import watchfiles  # noqa: F401
    except ModuleNotFoundError:
        raise WatcherUnavailable(
            "--watch needs the package watchfiles", hint="pip install 'wherry[local]'"
        ) from None
