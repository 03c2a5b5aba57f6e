"""What is kept between builds and projects: wheels by hash, and locks by what they came from.

Files are written beside their place and renamed into it, so that a reader sees all of one or none;
a wheel is there only once its hash was right. Two commands at a time wait for each other per wheel.
What has not been used for longest goes when there is too much (`cache_room`).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from wherry_build.image.cache_folder import cache_folder
from wherry_build.image.cache_room import USED_JUST_NOW_S, make_room
from wherry_build.image.wheels.locked import LockedFile
from wherry_build.image.whole_file import name_beside, own_folder
from wherry_build.values import frozen

LIMIT_BYTES = 5_000_000_000


@frozen(kw_only=False)
class WheelCache:
    """Wheels that were downloaded, each at `<folder>/<sha256>/<file name>`.

    Attributes:
        folder: Where.
        limit_bytes: How much is kept.
    """

    folder: Path
    limit_bytes: int = LIMIT_BYTES

    @classmethod
    def default(cls) -> WheelCache:
        """The one of this user, for all projects."""
        return cls(cache_folder("wheels"))

    def place(self, locked: LockedFile) -> Path:
        """Where `locked` is, or would be."""
        return self.folder / locked.sha256 / locked.file_name

    def found(self, locked: LockedFile) -> Path | None:
        """Where `locked` is; None when it is not there, or not as long as it was locked."""
        place = self.place(locked)
        try:
            status = place.stat()
        except OSError:
            return None
        if locked.size_bytes not in {None, status.st_size}:
            return None
        if time.time() - status.st_mtime > USED_JUST_NOW_S / 2:
            with contextlib.suppress(OSError):
                os.utime(place)
        return place

    @contextlib.contextmanager
    def receiving(self, locked: LockedFile) -> Iterator[Path]:
        """A name to write `locked` to; when the block ends well, it is in its place."""
        place = self.place(locked)
        own_folder(place.parent)
        with name_beside(place) as part:
            yield part
            part.replace(place)
        with contextlib.suppress(OSError):  # there is then more than should be, until the next
            make_room(self.folder, limit_bytes=self.limit_bytes)

    @contextlib.contextmanager
    def alone(self, locked: LockedFile) -> Iterator[None]:
        """Nobody else downloads `locked` meanwhile."""
        import fcntl

        own_folder(self.place(locked).parent)
        with (self.folder / locked.sha256 / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
