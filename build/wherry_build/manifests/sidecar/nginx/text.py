"""The text of an nginx.conf: directives, blocks, and arguments in quotes. Knows no directive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

_STEP = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A directive with others in it."""

    head: str
    body: Sequence[Part]


Part: TypeAlias = "str | Block"
"""A directive without its semicolon, or a block."""


def text(parts: Sequence[Part]) -> str:
    """The configuration of `parts`."""
    return "".join(f"{line}\n" for line in _lines(parts, ""))


def quoted(argument: str) -> str:
    """An argument that is read as it is, but for the variables in it."""
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _lines(parts: Sequence[Part], indent: str) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield f"{indent}{part};"
        else:
            yield f"{indent}{part.head} {{"
            yield from _lines(part.body, indent + _STEP)
            yield f"{indent}}}"
