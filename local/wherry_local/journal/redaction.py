"""Keeps a function's secrets out of what is kept of its output, however it wrote them.

The runtime replaces secrets in what handlers print and log; a library that writes to a descriptor,
or a module that prints while it is imported, passes it by.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from wherry.secrets import Redactor

_MOST_BYTES = 64 * 1024


def redaction(folder: Path) -> Callable[[bytes], bytes]:
    """What replaces the secrets in `folder`, as they are now, in lines that are written.

    Args:
        folder: A file for each secret; there may be no such folder.
    """
    redactor, has_some = Redactor(), False
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        with suppress(OSError):
            value = file.read_bytes()[:_MOST_BYTES].decode("utf-8", "surrogateescape").strip()
            if value:
                has_some = True
                redactor.remember(value)
    if not has_some:
        return bytes

    def redacted(content: bytes) -> bytes:
        text = content.decode("utf-8", "surrogateescape")
        return redactor.redact(text).encode("utf-8", "surrogateescape")

    return redacted
