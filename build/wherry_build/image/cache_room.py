"""Room in a folder of the cache: what has not been used for longest goes when there is too much.

When a file was used says its time of modification, which whoever finds it sets (`os.utime`). What
was used just now stays, as another build may be about to open it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

USED_JUST_NOW_S = 3600


def make_room(folder: Path, *, limit_bytes: int) -> None:
    """Remove files below `folder` until the rest fits, and the folders that are empty then.

    Raises:
        OSError: `folder` cannot be read.
    """
    files = sorted(_files(os.fspath(folder)), key=lambda found: found[0].st_mtime)
    total = sum(status.st_size for status, _ in files)
    for status, path in files:
        if total <= limit_bytes or time.time() - status.st_mtime < USED_JUST_NOW_S:
            return
        file = Path(path)
        file.unlink(missing_ok=True)  # another build may have been quicker
        if file.parent != folder:
            with suppress(OSError):  # it has others in it
                file.parent.rmdir()
        total -= status.st_size


def _files(folder: str) -> Iterator[tuple[os.stat_result, str]]:
    with os.scandir(folder) as found:
        for each in found:
            with suppress(FileNotFoundError):  # another build has renamed or removed it
                if each.is_dir(follow_symlinks=False):
                    yield from _files(each.path)
                elif each.is_file():
                    yield each.stat(), each.path
