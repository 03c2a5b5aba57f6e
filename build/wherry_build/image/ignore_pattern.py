r"""One pattern of an ignore file as a regular expression that no path makes slow. Pure.

The common part of `.gitignore` and `.dockerignore`: `*`, `?`, `[a-z]`, `\`, and `**` for any number
of folders. A wildcard that another one follows keeps the first match that it finds, since whatever
could follow it can follow that as well; an expression that tried them all would take years for a
few stars and a long name. Source: gitignore(5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count

_STARS = re.compile(r"\*+")
_CLASS = re.compile(r"\[([!^]?)(\]?(?:[^\]\\/]|\\.)*)\]", re.DOTALL)
_FOLDERS = "(?:[^/]+/)*?"


def compiled(
    pattern: str, *, is_anchored: bool, is_git: bool, flags: re.RegexFlag
) -> re.Pattern[str]:
    """The expression that matches the whole of a path that `pattern` names.

    Args:
        pattern: Without `!`, and without `/` at either end.
        is_anchored: Whether it begins where the path does; else at any folder.
        is_git: Whether `**` beside other letters is a `*`, as in git, and no more.
        flags: Of the expression.
    """
    text = pattern if is_anchored else f"**/{pattern}"
    try:
        return re.compile(_Translation(is_git=is_git).of(text), flags)
    except re.error:  # a range such as `[z-a]` is taken as it stands
        lead = "" if is_anchored else "(?:.*/)?"
        return re.compile(lead + re.escape(pattern), flags)


class _Translation:
    """One pattern on its way; its groups are numbered."""

    def __init__(self, *, is_git: bool) -> None:
        self._is_git = is_git
        self._numbers = count()

    def of(self, text: str) -> str:
        """The expression of all of `text`."""
        runs: list[list[str]] = [[]]  # of segments, between two `**`
        for segment in text.split("/"):
            if segment == "**":
                runs.append([])
            elif segment.startswith("**") and not self._is_git:
                runs.append([segment[1:]])
            else:
                runs[-1].append(segment)
        first, *middle = ["/".join(map(self._segment, run)) for run in runs]
        if not middle:
            return first
        *middle, last = middle
        made = f"{first}/" if first else ""
        made += "".join(self._kept(f"{_FOLDERS}{run}/") for run in middle if run)
        return made + (f"(?:.*/)?{last}" if last else ".+")

    def _segment(self, segment: str) -> str:
        """The expression of what is between two `/`."""
        first, *others = self._pieces(segment)
        if not others:
            return first
        *middle, last = others
        kept = "".join(self._kept(f"[^/]*?{piece}") for piece in middle if piece)
        return f"{first}{kept}[^/]*{last}(?![^/])"

    def _kept(self, expression: str) -> str:
        """The first match of `expression`, and no other is tried."""
        name = f"k{next(self._numbers)}"
        return f"(?=(?P<{name}>{expression}))(?P={name})"

    def _pieces(self, segment: str) -> Sequence[str]:
        """The expressions of what is between the stars of `segment`."""
        pieces = [""]
        position = 0
        while position < len(segment):
            if found := _STARS.match(segment, position):
                pieces.append("")
            elif segment[position] == "?":
                pieces[-1] += "[^/]"
            elif segment[position] == "\\" and position + 1 < len(segment):
                position += 1
                pieces[-1] += re.escape(segment[position])
            elif found := _CLASS.match(segment, position):
                inner = found[2].replace("[", "\\[")
                pieces[-1] += f"(?!/)[{'^' if found[1] else ''}{inner}]"
            else:
                pieces[-1] += re.escape(segment[position])
            position = found.end() if found else position + 1
        return pieces
