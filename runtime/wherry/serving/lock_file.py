"""The file that says to `exec` probes that the function is ready, as OpenFaaS's watchdog has it.

It is there while calls are welcome: written when the first worker is ready, removed as soon as the
last one is told to stop. What cannot be written or removed is a line in the log and no more: the
file system may be read-only, and HTTP probes do without the file.
"""

from __future__ import annotations

import logging
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherry.config import Config

_log = logging.getLogger("wherry.probes")
_CREATE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW


class LockFile:
    """One lock file, which the workers of a process manager share.

    Args:
        path: Where it is; its folder is there already.
        ready: A byte for each worker, not 0 while that one is ready; in memory that they share.
    """

    def __init__(self, path: str | os.PathLike[str], ready: bytearray | memoryview) -> None:
        self._path = path
        self._ready = ready

    def write(self, slot: int) -> None:
        """A worker is ready: create the file, for its owner alone, unless another one has."""
        self._ready[slot] = 1
        try:
            os.close(os.open(self._path, _CREATE, 0o600))
        except FileExistsError:
            if not self._is_ours():
                _log.warning("the lock file %s was made by someone else", self._path)
        except OSError as error:
            _log.warning("the lock file %s cannot be written: %s", self._path, error.strerror)

    def leave(self, slot: int) -> None:
        """A worker is ready no longer: remove the file, unless another one is."""
        self._ready[slot] = 0
        if not any(self._ready):
            self.remove()

    def remove(self) -> None:
        """Remove it, and what a process that was killed has left of it."""
        try:
            with suppress(FileNotFoundError):
                os.unlink(self._path)  # noqa: PTH108 - see `wherry.paths`
        except OSError as error:
            _log.warning("the lock file %s cannot be removed: %s", self._path, error.strerror)

    def _is_ours(self) -> bool:
        try:
            found = os.lstat(self._path)
        except FileNotFoundError:  # removed meanwhile, by a worker that was told to stop
            return True
        return found.st_uid == os.getuid() and not stat.S_ISLNK(found.st_mode)


def lock_file(config: Config, ready: bytearray | memoryview) -> LockFile | None:
    """The lock file of these settings, absent as yet; None where there is to be none."""
    if config.lock_file is None:
        return None
    lock = LockFile(config.lock_file, ready)
    lock.remove()
    return lock
