"""Which paths are judged too odd to be routed. Sans I/O.

A path is matched as it was sent. What another reader of the same path could take for a separator
or a dot segment is refused wherever it could lead from one route to another; the part that belongs
to a function may hold any encoding but a dot segment.
"""

from __future__ import annotations

import re

# An empty segment, a backslash, and what is encoded: a dot, a separator, a percent sign, a control.
_ODD = re.compile(r"//|\\|%(?:2[eEfF5]|5[cC]|[01][0-9a-fA-F]|7[fF])|%(?![0-9a-fA-F]{2})")
_DOTS = re.compile(r"(?:^|/|\\|%2[fF]|%5[cC])(?:\.|%2[eE]){1,2}(?=/|\\|;|%2[fF]|%5[cC]|%3[bB]|$)")


def fault_of(path: str, routed: int) -> str:
    """What is wrong with a path; empty where nothing is.

    Args:
        path: The path as sent.
        routed: How much of it decides where the request goes.
    """
    if _DOTS.search(path) is not None:
        return "the path has a segment of dots"
    if _ODD.search(path, 0, routed) is not None:
        return "the path has an empty segment, or an encoding of a dot, a separator or a control"
    return ""
