"""Rewriting of paths, as a pattern and what stands in its place; never with a double slash.

A path of `wherry.yaml` needs no escape in what stands in its place, for it has no backslash. The
patterns are within what RE2 and Python share.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wherry_build.project.specification.routing import PathMatch

_SPECIAL = re.compile(r"[$()*+.]")
"""What a path may have and a pattern takes for something else (`specification.scalars.Path`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRewrite:
    r"""A rewriting.

    Attributes:
        pattern: A regular expression over the whole path, without the query.
        to: What stands in its place; `\1` is what the pattern's group took.
    """

    pattern: str
    to: str


def path_rewrite(path: PathMatch | None, to: str | None, *, before: str = "") -> PathRewrite | None:
    """The rewriting of what `path` matched; None where the path stays as it is.

    Args:
        path: What is matched; any path when None.
        to: What stands where the path or prefix stood; None for what stood there.
        before: What stands before all that, without a slash at its end: `/function/hello`.
    """
    if to is None:
        return PathRewrite(pattern="^/(.*)$", to=rf"{before}/\1") if before else None
    to = before + to
    if path is not None and path.exact is not None:
        return PathRewrite(pattern=f"^{escaped(path.exact)}$", to=to)
    prefix = path.prefix if path is not None and path.prefix is not None else "/"
    stem = escaped(prefix.rstrip("/"))
    if prefix.endswith("/"):
        return PathRewrite(pattern=f"^{stem}/(.*)$", to=rf"{to.rstrip('/')}/\1")
    if to.endswith("/"):
        return PathRewrite(pattern=f"^{stem}/?(.*)$", to=rf"{to}\1")
    return PathRewrite(pattern=f"^{stem}(/.*)?$", to=rf"{to}\1")


def escaped(path: str) -> str:
    """`path` as a pattern that fits it alone."""
    return _SPECIAL.sub(r"\\\g<0>", path)
