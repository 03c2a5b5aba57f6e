"""What is imported just after the start instead of during it: no ordinary first call needs it.

The first caller does not wait for these, and neither does whoever sends the first unusual request.
"""

from __future__ import annotations

import logging
from importlib import import_module

_log = logging.getLogger("wherry.serving")

AFTER_S = 0.25
"""How long after the start: the calls that have waited for it have been answered by then."""

MODULES = ("orjson", "wherry.serving.parser", "wherry.serving.blocking_body")


def warm() -> None:
    """Import them, in the calling thread.

    What cannot be had just now, for want of a descriptor or of memory, is imported where it is
    needed; a server that is busy must not end because of it.
    """
    try:
        for name in MODULES:
            import_module(name)
    except (ImportError, OSError, MemoryError):
        _log.debug("a module could not be imported beforehand", exc_info=True)
