"""How deep JSON may nest before it is refused.

A parser or a handler that recurses runs out of stack on hostile depth, so both the codec and the
typed bodies look first. Sans I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MAX_DEPTH = 64


def may_be_deep(text: bytes) -> bool:
    """Whether `text` has brackets enough to nest past the limit; cheap, and usually False."""
    return len(text) > MAX_DEPTH and text.count(b"[") + text.count(b"{") > MAX_DEPTH


def is_too_deep(value: object) -> bool:
    """Whether `value` nests past the limit; looked at level by level, so it cannot recurse."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in children(parent) if _nests(child)]
        if not level:
            return False
    return True


def children(value: Any) -> Iterable[Any]:
    """The values directly inside a dict or a list; nothing for anything else."""
    if value.__class__ is dict:
        inside: Iterable[Any] = value.values()
        return inside
    return value if value.__class__ is list else ()


def _nests(value: object) -> bool:
    return value.__class__ is dict or value.__class__ is list
