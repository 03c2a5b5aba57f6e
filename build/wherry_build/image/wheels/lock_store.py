"""Keeps what was resolved, by a hash of all that it came from, so that it is found without a tool.

    <folder>/<key>.json     the wheels of one target
    <folder>/<key>.toml     a lock of every platform

What has not been used for longest goes when there is too much (`cache_room`).
No password is part of a key or of what is kept: keys are made of what `IndexSettings.public` says,
and URLs are stored without credentials.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from wherry_build.image.cache_folder import cache_folder
from wherry_build.image.cache_room import make_room
from wherry_build.image.wheels.locked import LockedWheel, parse_locked_wheel
from wherry_build.image.whole_file import write_whole
from wherry_build.values import frozen

VERSION = 1
LIMIT_BYTES = 100_000_000
_LIMIT_LOCK_BYTES = 64 * 1024 * 1024


@frozen(kw_only=False)
class LockStore:
    """Locks in one folder.

    Attributes:
        folder: Where.
        limit_bytes: How much is kept.
    """

    folder: Path
    limit_bytes: int = LIMIT_BYTES

    @classmethod
    def default(cls) -> LockStore:
        """The one of this user, for all projects."""
        return cls(cache_folder("locks"))

    @staticmethod
    def key(*inputs: object) -> str:
        """The name under which what comes from `inputs` is kept; bytes stand for themselves."""
        hashed = hashlib.sha256(f"wherry lock {VERSION}".encode())
        for item in inputs:
            content = item if isinstance(item, bytes) else json.dumps(item).encode()
            hashed.update(f"\n{len(content)}:".encode() + content)
        return hashed.hexdigest()

    def wheels(self, key: str) -> tuple[LockedWheel, ...] | None:
        """The wheels that are kept under `key`; None when there are none that can be read."""
        try:
            document = json.loads(self._content(f"{key}.json") or b"null")
            return tuple(parse_locked_wheel(item) for item in document["wheels"])
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    def keep_wheels(self, key: str, wheels: tuple[LockedWheel, ...]) -> None:
        """Keep `wheels` under `key`."""
        document = {"version": VERSION, "wheels": [wheel.document() for wheel in wheels]}
        self._keep(f"{key}.json", json.dumps(document, indent=1).encode())

    def text(self, key: str) -> str | None:
        """The lock that is kept under `key`; None when there is none."""
        content = self._content(f"{key}.toml")
        return None if content is None else content.decode(errors="replace")

    def keep_text(self, key: str, lock: str) -> None:
        """Keep `lock` under `key`."""
        self._keep(f"{key}.toml", lock.encode())

    def _keep(self, name: str, content: bytes) -> None:
        write_whole(self.folder / name, content)
        with suppress(OSError):  # there is then more than should be, until the next
            make_room(self.folder, limit_bytes=self.limit_bytes)

    def _content(self, name: str) -> bytes | None:
        try:
            with (self.folder / name).open("rb") as file:
                with suppress(OSError):
                    os.utime(file.fileno())
                return file.read(_LIMIT_LOCK_BYTES)
        except OSError:
            return None
