"""Prints what functions write, as they write it, where a person watches."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

from wherry_local.journal.line import LogLine

_CONTROLS = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if code != 0x09}


async def print_lines(lines: AsyncIterator[LogLine]) -> None:
    """Print each line behind the name of its function, until cancelled."""
    colour = sys.stderr.isatty()
    async for line in lines:
        name = line.function.name
        shown = f"\x1b[36m{name}\x1b[0m" if colour else name
        # A function must not move the cursor of who runs it.
        print(f"{shown} | {line.text.translate(_CONTROLS)}", file=sys.stderr, flush=True)  # noqa: T201 - what it is for
