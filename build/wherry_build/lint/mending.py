"""Guesses what a text that is no YAML was meant to be, so that the rest of it can be judged too.

Only slips of one line are tried: a line that is indented a little off its siblings, and a key
without a space after its colon. No line is added or taken away, so places stay true. The fault
itself is told whatever is guessed here, and a text that was mended is never written to disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wherry_build.lint.roundtrip import Unreadable, scan_yaml

_LIMIT_SLIPS = 3
_LIMIT_CHARACTERS = 8_000
_LIMIT_LINES = 6
_KEY_WITHOUT_SPACE = re.compile(r"^(\s*(?:- )?[A-Za-z][\w.-]*:)(?=[A-Za-z0-9])", re.ASCII)


def mend(text: str) -> str | None:
    """The text with its slips undone, or None when that is not enough to read it."""
    if len(text) > _LIMIT_CHARACTERS or "{{" in text or "{%" in text:  # a template is another text
        return None
    for _ in range(_LIMIT_SLIPS):
        fault = _fault(text)
        if fault is None:
            return text
        better = _further(text, fault)
        if better is None:
            return None
        text = better
    return text if _fault(text) is None else None


def _further(text: str, fault: Unreadable) -> str | None:
    """The first guess that reads, else the one that is read furthest; None when none helps."""
    best, reached = None, fault.line
    for guess in _guesses(text.splitlines(), fault.line - 1):
        left = _fault(guess)
        if left is None:
            return guess
        if left.line > reached:
            best, reached = guess, left.line
    return best


def _guesses(lines: list[str], faulty: int) -> Iterator[str]:
    """Texts with one line near the faulty one written otherwise, the likeliest first."""
    for index in (faulty - 1, faulty):
        if 0 <= index < len(lines):
            spaced = _KEY_WITHOUT_SPACE.sub(r"\1 ", lines[index])
            if spaced != lines[index]:
                yield _with(lines, index, spaced)
    for index in range(faulty, max(-1, faulty - _LIMIT_LINES), -1):
        if index < len(lines):
            indent = len(lines[index]) - len(lines[index].lstrip(" "))
            for shift in (1, -1, 2, -2):
                if indent + shift >= 0 and lines[index].strip():
                    shifted = " " * (indent + shift) + lines[index].lstrip(" ")
                    yield _with(lines, index, shifted)


def _with(lines: list[str], index: int, line: str) -> str:
    return "\n".join([*lines[:index], line, *lines[index + 1 :]]) + "\n"


def _fault(text: str) -> Unreadable | None:
    try:
        scan_yaml(text)
    except Unreadable as fault:
        return fault
    return None
