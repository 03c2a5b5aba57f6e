"""Renews a function when its files change, and tells whoever reads the project."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from wherry_local.deployment import FunctionKey
from wherry_local.edits import changes, check_watcher
from wherry_local.fleet.fleet import Fleet


class Watching:
    """Watches the folders of the functions of `fleet`, whichever there are at the time.

    A function whose folder is in one of `folders` is watched from there, and so comes back when
    its folder does: a watch of the folder itself would have ended with it.

    Args:
        fleet: Whose functions.
        tell: Is told when the system does not let us watch, or an edit cannot be served.
        folders: What else is watched, as the project's own.
        edited: Is called after each edit, wherever it was.

    Raises:
        WatcherUnavailable: The package that watches files is not installed.
    """

    def __init__(
        self,
        fleet: Fleet,
        tell: Callable[[str], object] = lambda _: None,
        *,
        folders: Sequence[Path] = (),
        edited: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        check_watcher()
        self._fleet = fleet
        self._tell = tell
        self._fixed = tuple(each.resolve() for each in folders)
        self._edited = edited
        self._folders: dict[FunctionKey, Path] = {}
        self._there: list[Path] | None = None
        self._is_over = False
        self._stopping = asyncio.Event()
        self._watches: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to watch."""
        self._fleet.observe(lambda _: self._look())
        self._look()

    async def stop(self) -> None:
        """Watch no more."""
        self._is_over = True
        self._stopping.set()
        if self._watches:
            await asyncio.wait(self._watches)

    def _look(self) -> None:
        """Watch other folders where there are other functions."""
        found = [self._fleet.find(key) for key in self._fleet.keys()]  # noqa: SIM118 - no mapping
        folders = {
            each.deployment.key: each.deployment.folder
            for each in found
            if each is not None and each.deployment.folder is not None
        }
        if folders == self._folders and self._there is not None:
            return
        self._folders = folders
        there = self._watched(each.resolve() for each in folders.values())
        if there != self._there and not self._is_over:
            self._there = there
            before, self._stopping = self._stopping, asyncio.Event()
            watch = asyncio.get_running_loop().create_task(self._watch(there, self._stopping))
            self._watches.add(watch)
            watch.add_done_callback(self._watches.discard)
            # The new watch stands after its first step, and so no edit falls between the two.
            asyncio.get_running_loop().call_soon(before.set)

    def _watched(self, folders: Iterable[Path]) -> list[Path]:
        """What is watched for `folders`: each once, and none that is within another."""
        others = [
            each for each in folders if not any(each.is_relative_to(fixed) for fixed in self._fixed)
        ]
        return sorted({each for each in (*self._fixed, *others) if each.is_dir()})

    async def _watch(self, folders: Sequence[Path], stopping: asyncio.Event) -> None:
        if not folders:
            return
        try:
            async for changed in changes(folders, stopping):
                await self._take_over(changed)
        except (OSError, RuntimeError) as error:  # RuntimeError is the library's own
            self._tell(f"edits are not noticed any more: {error}")

    async def _take_over(self, changed: set[Path]) -> None:
        try:
            await self._renew(changed)
            if self._edited is not None:
                await self._edited()
        except Exception as error:  # noqa: BLE001 - the next edit may mend it
            self._tell(f"an edit is not served: {type(error).__name__}: {error}")

    async def _renew(self, changed: set[Path]) -> None:
        for key, folder in list(self._folders.items()):
            of_function = [path for path in changed if path.is_relative_to(folder.resolve())]
            if of_function:
                await self._fleet.renew(key, of_function)
