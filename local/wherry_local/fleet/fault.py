"""Why a function does not start, in its own words. No I/O."""

from __future__ import annotations

import signal
from collections.abc import Sequence

_SHOWN_LINES = 12
_REPORT = "error: "


def start_fault(lines: Sequence[str], code: int | None, within_s: float) -> str:
    """What is wrong with a function whose replica did not get ready.

    The runtime's own account of it, where it has given one; else the last lines that were written.

    Args:
        lines: The last lines that the replica wrote.
        code: Its exit code; None where it was still not ready after `within_s`.
        within_s: Seconds that it was given.
    """
    reports = [at for at, line in enumerate(lines) if line.startswith(_REPORT)]
    if code is not None and reports:
        told = list(lines[reports[-1] :])
        told[0] = told[0].removeprefix(_REPORT)
    else:
        said = [line for line in lines if line.strip()]
        how = f"it was not ready after {within_s:g} s" if code is None else ending(code)
        told = [how, *(f"  {line}" for line in said)]
    return "\n".join(told[:1] + told[1:][-_SHOWN_LINES:])


def ending(code: int) -> str:
    """How a process has ended."""
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"it was ended by {name}"
