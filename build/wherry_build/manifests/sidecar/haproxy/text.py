"""The text of an haproxy.cfg: sections, lines, and words in quotes. Knows no keyword."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wherry_build.errors import ManifestError

LIMIT_LINE = 2000
"""Characters of a line; HAProxy reads 2,047."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section: its first line, and those below."""

    head: str
    lines: Sequence[str]


def text(sections: Sequence[Section]) -> str:
    """The configuration of `sections`.

    Raises:
        ManifestError: A line is longer than HAProxy reads.
    """
    found = []
    for section in sections:
        found += [section.head, *(f"  {line}" for line in section.lines), ""]
    for line in found:
        if len(line) > LIMIT_LINE:
            raise ManifestError(
                f"--sidecar haproxy: a route makes a line of {len(line)} characters, and HAProxy "
                f"reads {LIMIT_LINE}: {line[:120]}...",
                hint="--sidecar envoy",
            )
    return "\n".join(found)


def quoted(word: str) -> str:
    """A word that is read as it is, whatever is in it."""
    return "'" + word.replace("'", r"'\''") + "'"


def literal(text: str) -> str:
    """A text of a format, in which a percent sign is itself."""
    return text.replace("%", "%%")
