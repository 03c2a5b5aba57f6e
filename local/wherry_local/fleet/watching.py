"""Renews a function when its files change."""

from __future__ import annotations

import asyncio
from pathlib import Path

from wherry_local.deployment import FunctionKey
from wherry_local.edits import changes, check_watcher
from wherry_local.fleet.fleet import Fleet


class Watching:
    """Watches the folders of the functions of `fleet`, whichever there are at the time.

    Raises:
        WatcherUnavailable: The package that watches files is not installed.
    """

    def __init__(self, fleet: Fleet) -> None:
        check_watcher()
        self._fleet = fleet
        self._folders: dict[FunctionKey, Path] = {}
        self._stopping = asyncio.Event()
        self._turn = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._fleet.observe(lambda _: self._look())
        self._look()
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        """Watch no more."""
        self._stopping.set()
        self._turn.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def _look(self) -> None:
        """Watch other folders where there are other functions."""
        found = [self._fleet.find(key) for key in self._fleet.keys()]  # noqa: SIM118 - no mapping
        folders = {
            each.deployment.key: each.deployment.folder
            for each in found
            if each is not None and each.deployment.folder is not None
        }
        if folders != self._folders:
            self._folders = folders
            self._turn.set()

    async def _watch(self) -> None:
        while not self._stopping.is_set():
            self._turn = asyncio.Event()
            folders = sorted({each.resolve() for each in self._folders.values() if each.is_dir()})
            if not folders:
                await self._turn.wait()
                continue
            async for changed in changes(folders, self._turn):
                await self._renew(changed)

    async def _renew(self, changed: set[Path]) -> None:
        for key, folder in list(self._folders.items()):
            of_function = [path for path in changed if path.is_relative_to(folder.resolve())]
            if of_function:
                await self._fleet.renew(key, of_function)
