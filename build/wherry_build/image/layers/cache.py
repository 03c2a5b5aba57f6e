"""Layers that were made, kept across projects by what they were made of.

A layer is a file under its digest and a record under the hash of its key. Both are written beside
their place and renamed into it, so that builds at the same time see all of one or none. What has
not been used for longest goes when there is too much (`cache_room`).
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from wherry_build.errors import CacheUnwritable
from wherry_build.image.cache_folder import cache_folder
from wherry_build.image.cache_room import USED_JUST_NOW_S, make_room
from wherry_build.values import frozen

LIMIT_BYTES = 4 * 1024**3
_LIMIT_RECORD_BYTES = 4096


@frozen
class LayerFacts:
    """What a layer is known by.

    Attributes:
        digest: `sha256:...` of its bytes.
        packed_bytes: How many those are.
        diff_id: `sha256:...` of its tar.
        size_bytes: How long that is.
    """

    digest: str
    packed_bytes: int
    diff_id: str
    size_bytes: int

    def document(self) -> dict[str, str | int]:
        """As JSON has it; the fields again."""
        return {
            "digest": self.digest,
            "packed_bytes": self.packed_bytes,
            "diff_id": self.diff_id,
            "size_bytes": self.size_bytes,
        }


@frozen
class KeptLayer:
    """A layer in the cache: what it is known by, and the file with its bytes."""

    facts: LayerFacts
    file: Path


class LayerCache:
    """The layers in one folder; by default this user's, for all projects."""

    def __init__(self, folder: Path | None = None, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = cache_folder("layers") if folder is None else folder
        self._limit_bytes = limit_bytes

    def find(self, key: str) -> KeptLayer | None:
        """The layer that was made of `key`; None when it is not there, or not whole."""
        record = self._record(key)
        try:
            with record.open("rb") as opened:
                facts = LayerFacts(**json.loads(opened.read(_LIMIT_RECORD_BYTES)))
            file = self._blob(facts)
            if not _is_whole(file, facts):
                return None
            status = file.stat()
            if time.time() - status.st_mtime > USED_JUST_NOW_S / 2:
                os.utime(file)
                os.utime(record)
        except (OSError, ValueError, TypeError, AttributeError):
            return None  # a cache: what cannot be read is made again
        return KeptLayer(facts=facts, file=file)

    def keep(self, key: str, write: Callable[[BinaryIO], LayerFacts]) -> KeptLayer:
        """Keep what `write` writes, as the layer that is made of `key`.

        Raises:
            CacheUnwritable: The folder cannot be written to.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._folder / f".{os.urandom(8).hex()}.part"
            try:
                with part.open("xb") as opened:
                    facts = write(opened)
                part.replace(self._blob(facts))
                part.write_text(json.dumps(facts.document()), encoding="utf-8")
                part.replace(self._record(key))
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise CacheUnwritable(
                f"{self._folder}: {error.strerror}",
                hint="set WHERRY_CACHE to a folder that can be written to",
            ) from None
        with suppress(OSError):  # there is then more than should be, until the next build
            make_room(self._folder, limit_bytes=self._limit_bytes)
        return KeptLayer(facts=facts, file=self._blob(facts))

    def is_noted(self, key: str) -> bool:
        """Whether `note` was told of `key`."""
        return self._note(key).exists()

    def note(self, key: str) -> None:
        """Keep in mind that what `key` stands for has been looked at."""
        with suppress(OSError):  # it is then looked at again
            self._note(key).touch(mode=0o600)

    def _record(self, key: str) -> Path:
        return self._folder / f"{_hashed(key)}.json"

    def _note(self, key: str) -> Path:
        return self._folder / f"{_hashed(key)}.note"

    def _blob(self, facts: LayerFacts) -> Path:
        return self._folder / f"{facts.digest.partition(':')[2]}.tar.gz"


def _is_whole(file: Path, facts: LayerFacts) -> bool:
    """Whether `file` is as long as it was and ends as gzip does, with the length of what is in it.

    A machine that loses its power may leave a file of the right length and nothing in it.
    """
    with file.open("rb") as opened:
        if opened.seek(0, os.SEEK_END) != facts.packed_bytes:
            return False
        opened.seek(-4, os.SEEK_END)
        return opened.read() == (facts.size_bytes % 2**32).to_bytes(4, "little")


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
