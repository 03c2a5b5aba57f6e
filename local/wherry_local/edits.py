"""Tells which files of functions have changed, as they are saved. It knows no function."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
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
    """Sources in and below `folders` that have changed, as often as some have, until `stopping`."""
    from watchfiles import DefaultFilter, awatch

    class Filter(DefaultFilter):
        """Sources of the function; no caches, environments, version control or swap files."""

        def __init__(self) -> None:
            super().__init__(ignore_dirs=[*self.ignore_dirs, STATE_FOLDER])

        def __call__(self, change: Change, path: str) -> bool:
            return Path(path).suffix in SUFFIXES and super().__call__(change, path)

    watched = awatch(*folders, watch_filter=Filter(), stop_event=stopping, step=_STEP_MS)
    async for found in watched:
        yield {Path(path) for _, path in found}


def check_watcher() -> None:
    """WatcherUnavailable where the package that watches is not installed."""
    try:
        import watchfiles  # noqa: F401
    except ModuleNotFoundError:
        raise WatcherUnavailable(
            "--watch needs the package watchfiles", hint="pip install 'wherry[local]'"
        ) from None
