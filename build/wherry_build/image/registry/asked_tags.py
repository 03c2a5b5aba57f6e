"""Which digest a tag had when its registry was last asked: `tags` of the cache.

A tag may move at any time; what it was is worth a day, so that a build need not ask again. Whoever
wants to know asks for a newer base (`--pull`), and `wherry.lock` keeps a project on one digest.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path

from wherry_build.image.cache_folder import cache_folder
from wherry_build.image.registry.reference import Reference, is_digest
from wherry_build.image.whole_file import write_whole
from wherry_build.values import frozen

FRESH_S = 24 * 3600
_LIMIT_BYTES = 64 * 1024


@frozen
class AskedTag:
    """What a tag was.

    Attributes:
        digest: The digest that it had.
        asked_s: When the registry said so, in seconds since 1970.
    """

    digest: str
    asked_s: float

    def is_fresh(self, now_s: float) -> bool:
        """Whether that was within a day; a clock that was set back makes nothing fresh."""
        return 0 <= now_s - self.asked_s < FRESH_S


class AskedTags:
    """What tags were.

    Args:
        folder: Where that is kept; `tags` of the cache when not given.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else cache_folder("tags")

    def find(self, reference: Reference) -> AskedTag | None:
        """What the tag of `reference` was; None when nobody has asked."""
        try:
            with self._file(reference).open("rb") as opened:
                said = json.loads(opened.read(_LIMIT_BYTES))
            found = AskedTag(digest=str(said["digest"]), asked_s=float(said["asked_s"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if is_digest(found.digest) else None

    def keep(self, reference: Reference, digest: str) -> None:
        """Keep what the registry has just said; a cache that cannot be written keeps nothing."""
        said = {"reference": str(reference), "digest": digest, "asked_s": time.time()}
        with suppress(OSError):
            write_whole(self._file(reference), json.dumps(said).encode())

    def _file(self, reference: Reference) -> Path:
        name = hashlib.sha256(str(reference).encode()).hexdigest()
        return self._folder / f"{name}.json"
