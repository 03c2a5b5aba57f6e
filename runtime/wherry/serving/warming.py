"""What is imported just after the start instead of during it: no ordinary first call needs it.

The first caller does not wait for these, and neither does whoever sends the first unusual request.
"""

from __future__ import annotations

from importlib import import_module

AFTER_S = 0.25
"""How long after the start: the calls that have waited for it have been answered by then."""

MODULES = ("wherry.serving.parser", "wherry.serving.blocking_body")


def warm() -> None:
    """Import them, in the calling thread."""
    for name in MODULES:
        import_module(name)
