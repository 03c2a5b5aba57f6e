"""Prints what functions write, as they write it, where a person watches."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

from wherry_local.journal.line import LogLine


async def print_lines(lines: AsyncIterator[LogLine]) -> None:
    """Print each line behind the name of its function, until cancelled.

    The journal has written out what would move the cursor.
    """
    colour = sys.stderr.isatty()
    async for line in lines:
        name = line.function.name
        shown = f"\x1b[36m{name}\x1b[0m" if colour else name
        print(f"{shown} | {line.text}", file=sys.stderr, flush=True)  # noqa: T201 - what it is for
