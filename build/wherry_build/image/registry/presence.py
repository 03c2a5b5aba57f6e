"""What this machine has put into the repositories of a registry: `pushed` of the cache.

A blob that is known to be in a repository need not be asked for, and one that is known to be in
another repository of the same registry can be mounted. It is a memory, not the truth: a registry
that refuses a manifest for want of a blob is believed, and what is older than a day is asked for.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from wherry_build.image.cache_folder import cache_folder
from wherry_build.image.registry.reference import is_digest
from wherry_build.image.whole_file import write_whole

FRESH_S = 24 * 3600
_LIMIT_BYTES = 4 * 1024 * 1024
_LIMIT_DIGESTS = 1_000
_TURN = threading.Lock()  # several images may be published at a time


class Presence:
    """What is in the repositories of one registry, as far as this machine knows.

    Args:
        registry: The registry, `ghcr.io`.
        folder: Where that is kept; `pushed` of the cache when not given.
    """

    def __init__(self, registry: str, folder: Path | None = None) -> None:
        folder = folder if folder is not None else cache_folder("pushed")
        name = hashlib.sha256(registry.encode()).hexdigest()
        self._file = folder / f"{name}.json"
        self._registry = registry
        self._known = self._read()

    def has(self, repository: str, digest: str) -> bool:
        """Whether the blob is known to be in the repository."""
        since = self._known.get(digest, {}).get(repository)
        return since is not None and 0 <= time.time() - since < FRESH_S

    def knows(self, repository: str) -> bool:
        """Whether this machine has put something into the repository of late."""
        return any(self.has(repository, digest) for digest in self._known)

    def elsewhere(self, repository: str, digest: str) -> tuple[str, ...]:
        """Other repositories that have had the blob, the last first."""
        known = self._known.get(digest, {})
        others = sorted(
            (each for each in known if each != repository), key=lambda each: -known[each]
        )
        return tuple(others)

    def keep(self, repository: str, digests: Iterable[str]) -> None:
        """Keep that the repository has the blobs, beside what others have kept meanwhile."""
        with _TURN:
            known = self._read()
            for digest in digests:
                known.setdefault(digest, {})[repository] = time.time()
            self._write(known)

    def forget(self, repository: str) -> None:
        """Forget what the repository has."""
        with _TURN:
            known = self._read()
            for repositories in known.values():
                repositories.pop(repository, None)
            self._write(known)

    def _read(self) -> dict[str, dict[str, float]]:
        try:
            with self._file.open("rb") as opened:
                said = json.loads(opened.read(_LIMIT_BYTES))
            blobs = said["blobs"].items() if said["registry"] == self._registry else ()
            return {
                digest: {str(name): float(since) for name, since in repositories.items()}
                for digest, repositories in blobs
                if is_digest(digest)
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _write(self, known: dict[str, dict[str, float]]) -> None:
        """Write it all, the newest only when it is much; what cannot be written is not kept."""
        kept = sorted(
            ((digest, each) for digest, each in known.items() if each),
            key=lambda entry: -max(entry[1].values()),
        )
        self._known = dict(kept[:_LIMIT_DIGESTS])
        said = {"registry": self._registry, "blobs": self._known}
        with suppress(OSError):
            write_whole(self._file, json.dumps(said).encode())
