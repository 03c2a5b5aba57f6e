"""Expressions of CESQL (CloudEvents SQL), as far as they are looked at before a cluster does.

Only texts and parentheses are; there is no parser of it here.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)


def unfinished(expression: str) -> str:
    """What is wrong with texts and parentheses of `expression`; empty where nothing is."""
    if not expression.strip():
        return "is empty"
    rest = _QUOTED.sub(" ", expression)
    if "'" in rest or '"' in rest:
        return "has a text without its closing quote"
    depth = 0
    for character in rest:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return "closes a parenthesis that is not open"
    return "has an open parenthesis" if depth else ""
