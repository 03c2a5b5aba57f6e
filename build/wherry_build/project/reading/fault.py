"""What is wrong with a `wherry.yaml`: one value a fault, and the error that carries them all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from wherry_build.errors import ProjectFileInvalid
from wherry_build.project.reading.tree import Position

_CLOSE_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        position: Where.
        what: What it is about, `unknown key 'tigger'`.
        got: What is there.
        expected: What would be right.
        nearest: The right word that is most like what is there.
    """

    position: Position
    what: str
    got: str = ""
    expected: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        said = f"{self.what} at {self.position}"
        told = [f"got {self.got}"] if self.got else []
        told += [f"expected {self.expected}"] if self.expected else []
        if told:
            said += f": {', '.join(told)}"
        return f"{said}, did you mean {self.nearest!r}?" if self.nearest else said


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of `known` that is most like `word`; empty when none is."""
    if len(word) > _CLOSE_LIMIT:
        return ""
    return next(iter(get_close_matches(word, list(known), n=1)), "")


def invalid(faults: Iterable[Fault], *, hint: str = "") -> ProjectFileInvalid:
    """The error that tells all of `faults`, in the order of the file."""
    lines = [str(fault) for fault in sorted(set(faults))]
    if len(lines) == 1:
        return ProjectFileInvalid(lines[0], hint=hint)
    return ProjectFileInvalid("\n  ".join([f"{len(lines)} faults", *lines]), hint=hint)
