"""Telling a person at the terminal why the function cannot be served."""

from __future__ import annotations

import sys
import traceback

from wherry.errors import WherryError


def report(error: WherryError) -> None:
    """Print the error, the user's own frames of its cause, and the next thing to type."""
    print(f"error: {error.message}", file=sys.stderr)
    cause = error.__cause__
    if cause is not None:
        frames = traceback.extract_tb(cause.__traceback__)
        for frame in [f for f in frames if _is_users(f.filename)][-3:]:
            print(f"  at {frame.filename}:{frame.lineno}: {frame.line}", file=sys.stderr)
        print(f"  {type(cause).__name__}: {cause}", file=sys.stderr)
    if error.hint:
        print(f"  hint: {error.hint}", file=sys.stderr)


def _is_users(filename: str) -> bool:
    ours = ("/wherry/", "<frozen", "importlib")
    return not any(part in filename for part in ours)
