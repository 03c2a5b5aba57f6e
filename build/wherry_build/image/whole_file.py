"""Files of the cache: each is put in its place whole or not at all, and its owner alone reads it.

What is kept may come from private registries and indexes, and its names say which. It knows
nothing of what is in a file.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

OWNER_ONLY = 0o600


def own_folder(folder: Path) -> None:
    """Make `folder`, for its owner alone, if it is not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_whole(file: Path, content: bytes) -> None:
    """Put `content` into `file`, readable by its owner alone, at once or not at all.

    Raises:
        OSError: It cannot be written.
    """
    own_folder(file.parent)
    with name_beside(file) as part:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(part, flags, OWNER_ONLY), "wb") as written:
            written.write(content)
        part.replace(file)


@contextlib.contextmanager
def name_beside(file: Path) -> Iterator[Path]:
    """A new name in `file`'s folder; what is left there at the end is removed."""
    part = file.with_name(f".{os.urandom(8).hex()}.part")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)
