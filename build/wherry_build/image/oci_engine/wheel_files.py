"""The wheels of one image as files of layers; all are fetched when the first is unpacked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from wherry_build.image.engine import Progress, WheelSources
from wherry_build.image.layers.entry import Entry
from wherry_build.image.layers.wheels import WheelFiles
from wherry_build.image.wheels.cache import WheelCache
from wherry_build.image.wheels.locked import LockedWheel
from wherry_build.image.wheels.resolution import settings_of
from wherry_build.image.wheels.target import Target

_UNPACKED = "unpacked 1"
"""How a wheel becomes entries; another number where the same wheel becomes others."""


class ImageWheels:
    """The wheels of one image.

    Args:
        locked: Which ones.
        target: What they are for.
        sources: Where they come from besides the index.
        progress: Is told how downloads go on.
        folder: Folder of the function, whose requirements may name an index.
    """

    def __init__(
        self,
        locked: Sequence[LockedWheel],
        target: Target,
        sources: WheelSources,
        progress: Progress,
        *,
        folder: Path,
    ) -> None:
        self._locked = locked
        self._target = target
        self._sources = sources
        self._progress = progress
        self._folder = folder
        self._cache = WheelCache.default()
        self._fetched: tuple[Path, ...] | None = None
        self._turn = threading.Lock()

    def files(self) -> tuple[WheelFiles, ...]:
        """Each wheel; of those whose length no index says, the file is looked at."""
        return tuple(
            WheelFiles(
                name=f"{wheel.name} {wheel.version}",
                key=f"{_UNPACKED} {wheel.sha256} {self._target.machine.name}",
                size_bytes=self._size_bytes(place),
                entries=partial(self._entries, place),
            )
            for place, wheel in enumerate(self._locked)
        )

    def _size_bytes(self, place: int) -> int:
        wheel = self._locked[place]
        if wheel.size_bytes is not None:
            return wheel.size_bytes
        return (self._cache.found(wheel) or self._file(place)).stat().st_size

    def _entries(self, place: int) -> Iterable[Entry]:
        from wherry_build.image.wheels.contents import wheel_entries

        return wheel_entries(self._file(place), self._target)

    def _file(self, place: int) -> Path:
        with self._turn:
            if self._fetched is None:
                from wherry_build.image.wheels.download import fetch

                settings = settings_of(self._folder, self._sources)
                self._fetched = fetch(
                    self._locked,
                    self._cache,
                    self._progress,
                    settings=settings,
                    folder=self._folder,
                )
        return self._fetched[place]
