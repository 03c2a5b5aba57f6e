"""Header fields of a message, looked up by name. No I/O."""

from __future__ import annotations

from collections.abc import Iterable


def first_value(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """The first header of that name, in any case; None where there is none."""
    wanted = name.lower().encode("ascii")
    for found, value in headers:
        if found.lower() == wanted:
            return value.decode("latin-1")
    return None
