"""Build secrets as files for as long as a build takes: in memory where the machine has that."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own in it, for its owner alone


@contextmanager
def secret_files(secrets: Mapping[str, bytes]) -> Iterator[Mapping[str, Path]]:
    """Each of `secrets` in a file that only this user reads, until the block ends."""
    if not secrets:
        yield {}
        return
    has_memory = _IN_MEMORY.is_dir() and os.access(_IN_MEMORY, os.W_OK | os.X_OK)
    folder = Path(tempfile.mkdtemp(prefix="wherry-", dir=_IN_MEMORY if has_memory else None))
    try:
        yield {name: _written(folder / name, value) for name, value in secrets.items()}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _written(file: Path, content: bytes) -> Path:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
    return file
