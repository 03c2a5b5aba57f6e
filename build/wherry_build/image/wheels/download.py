"""Brings locked files into the cache: several at a time, each checked against its hash.

Whatever is in the cache already costs one look. A file is there under its hash only when the bytes
had it; another run that downloads the same waits for this one.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from wherry_build.errors import IndexUnavailable, WheelRefused
from wherry_build.image.wheels.cache import WheelCache
from wherry_build.image.wheels.index_settings import IndexSettings
from wherry_build.image.wheels.locked import LockedFile

if TYPE_CHECKING:
    from wherry_build.image.engine import Progress
    from wherry_build.image.wheels.connection import Connections

AT_ONCE = 8
LIMIT_BYTES = 4 * 1024**3
_CHUNK_BYTES = 256 * 1024
_TRIES = 3


def fetch(
    locked: Sequence[LockedFile],
    cache: WheelCache,
    progress: Progress,
    *,
    settings: IndexSettings,
    folder: Path | None = None,
) -> tuple[Path, ...]:
    """The files of `locked`, in that order, from `cache` and otherwise downloaded.

    Args:
        locked: Which files.
        cache: Where they are kept.
        progress: Is told the bytes of each.
        settings: The indexes and folders that they may come from.
        folder: Folder of the function; a stranger's lock (`settings.builds` is false) has files
            of this machine from there and from the folders of `settings` alone.

    Raises:
        IndexUnavailable: A file cannot be had.
        WheelRefused: Its bytes have another hash than the lock says, or it is not for strangers.
    """
    places = [cache.found(item) for item in locked]
    absent = [item for item, place in zip(locked, places, strict=True) if place is None]
    if absent:
        _Download(settings, cache, progress, folder).all(absent)
    return tuple(cache.place(item) for item in locked)


@dataclass(slots=True)
class _Download:
    """One batch of downloads."""

    settings: IndexSettings
    cache: WheelCache
    progress: Progress
    folder: Path | None
    _connections: Connections | None = None
    _telling: threading.Lock = field(default_factory=threading.Lock)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def all(self, locked: Sequence[LockedFile]) -> None:
        from concurrent.futures import ThreadPoolExecutor

        known = [item.size_bytes for item in locked if item.size_bytes is not None]
        size = f", {sum(known) / 1e6:.1f} MB" if len(known) == len(locked) else ""
        self.progress.step(f"downloading {len(locked)} wheels{size}")
        if not self.settings.is_offline:
            from wherry_build.image.wheels.connection import Connections

            self._connections = Connections(self.settings)
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="wheel")
        try:
            for done in [pool.submit(self._one, item) for item in locked]:
                done.result()
        finally:
            # After the first error, or Ctrl-C, nothing is begun and nothing goes on.
            self._stopped.set()
            pool.shutdown(cancel_futures=True)
            if self._connections is not None:
                self._connections.close()

    def _one(self, item: LockedFile) -> None:
        with self.cache.alone(item):
            if self.cache.found(item) is not None:
                return
            beside = self._beside(item)
            if beside is not None:
                self._copied(item, beside)
            elif item.url.startswith("file:"):
                self._copied(item, self._named(item))
            else:
                self._downloaded(item)

    def _beside(self, item: LockedFile) -> Path | None:
        """The file in a folder of wheels, if it is the one that was locked."""
        for folder in self.settings.folders:
            file = folder / item.file_name
            if file.is_file():
                with file.open("rb") as opened:
                    if _sha256(iter(lambda: opened.read(_CHUNK_BYTES), b"")) == item.sha256:
                        return file
        return None

    def _named(self, item: LockedFile) -> Path:
        """The file of this machine that the URL names, if it may be had."""
        file = Path(url2pathname(urlsplit(item.url).path))
        folders = [*self.settings.folders, *([self.folder] if self.folder is not None else [])]
        if not self.settings.builds and not any(_is_within(file, each) for each in folders):
            raise WheelRefused(
                f"{item.file_name}: got a file of this machine, expected one of the function's "
                "folder or of a folder of wheels",
                hint="put the wheel into the function's folder and lock it by its path there",
            )
        return file

    def _copied(self, item: LockedFile, file: Path) -> None:
        try:
            # A device has no end, and a pipe no beginning.
            if file.exists() and not file.is_file():
                raise IndexUnavailable(f"{item.file_name}: {file}: expected a regular file")
            with file.open("rb") as opened:
                self._received(item, iter(lambda: opened.read(_CHUNK_BYTES), b""), None)
        except OSError as error:
            raise IndexUnavailable(
                f"{item.file_name}: {file}: {error.strerror}",
                hint="put it back, or lock anew without it",
            ) from None

    def _downloaded(self, item: LockedFile) -> None:
        if self._connections is None:
            raise IndexUnavailable(
                f"{item.file_name}: neither in the cache nor in the folder of wheels",
                hint="build once without --no-index, or put it into the folder of --wheels",
            )
        import urllib3

        for left in reversed(range(_TRIES)):
            answer = self._connections.get(item.url)
            try:
                if answer.status in {401, 403, 407}:
                    self._by_pip(item, answer.status)
                    return
                if answer.status != 200:
                    raise IndexUnavailable(
                        f"{item.file_name}: {_host(item)} answers {answer.status}",
                        hint="lock anew if the file is no longer there, or try again",
                    )
                total = answer.headers.get("Content-Length", "")
                self._received(
                    item, answer.stream(_CHUNK_BYTES), int(total) if total.isdecimal() else None
                )
            except (urllib3.exceptions.HTTPError, OSError) as error:
                # Cut off in the middle: what came is thrown away.
                if not left:
                    raise IndexUnavailable(
                        f"{item.file_name}: {_host(item)} broke off: {type(error).__name__}",
                        hint="try again",
                    ) from None
            else:
                return
            finally:
                # Read to its end it went back to its pool; else it is of no more use.
                answer.close()

    def _by_pip(self, item: LockedFile, status: int) -> None:
        """Let pip try, which knows keyrings and whatever else it was taught.

        Not for a stranger: pip builds what it takes for a source.
        """
        from wherry_build.image.wheels.pip_download import downloaded_by_pip

        if self.settings.builds:
            with downloaded_by_pip(item, self.settings) as file:
                if file is not None:
                    self._copied(item, file)
                    return
        raise IndexUnavailable(
            f"{item.file_name}: {_host(item)} answers {status}, and lets no one in with "
            "the credentials that were found",
            hint="give them in the index's URL (PIP_INDEX_URL) or in ~/.netrc",
        )

    def _received(self, item: LockedFile, chunks: Iterator[bytes], total: int | None) -> None:
        """Write `chunks` to the cache, if they are what was locked.

        Raises:
            WheelRefused: They are not.
        """
        hashed = hashlib.sha256()
        expected = item.size_bytes if item.size_bytes is not None else total
        done = 0
        with self.cache.receiving(item) as part, part.open("wb") as written:
            for chunk in chunks:
                if self._stopped.is_set():
                    raise IndexUnavailable(f"{item.file_name}: stopped, as another one failed")
                done += len(chunk)
                if done > min(LIMIT_BYTES, item.size_bytes or LIMIT_BYTES):
                    raise WheelRefused(
                        f"{item.file_name}: got over {done - len(chunk)} bytes, expected "
                        f"{item.size_bytes or f'at most {LIMIT_BYTES}'}"
                    )
                hashed.update(chunk)
                written.write(chunk)
                with self._telling:
                    self.progress.moved(item.file_name, done, expected)
            written.flush()
            if hashed.hexdigest() != item.sha256:
                raise WheelRefused(
                    f"{item.file_name}: from {_host(item)}: got sha256 {hashed.hexdigest()}, "
                    f"expected {item.sha256}",
                    hint="ask the index's owner; lock anew only if it was replaced on purpose",
                )


def _sha256(chunks: Iterator[bytes]) -> str:
    hashed = hashlib.sha256()
    for chunk in chunks:
        hashed.update(chunk)
    return hashed.hexdigest()


def _is_within(file: Path, folder: Path) -> bool:
    """Whether `file` is in `folder`, wherever links lead."""
    return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder))


def _host(item: LockedFile) -> str:
    return urlsplit(item.url).netloc or "a folder"
