r"""The test kit: a handler called in memory, or behind the real server on a free port.

Names are imported when they are first used, since pytest loads this package at every start.

Example:
    >>> from wherry.testing import invoke
    >>> invoke(lambda request: f"Hello, {request.args['name']}!", path="/?name=Ada").text
    'Hello, Ada!'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherry.testing.answer import Answer
    from wherry.testing.delivery import Delivery, Recorder
    from wherry.testing.golden import GOLDEN, GOLDEN_FAULTS, Golden
    from wherry.testing.invoking import Invoke, invoke, invoke_async, invoke_event
    from wherry.testing.server import Running, running
    from wherry.testing.sink import Sink

__all__ = [
    "GOLDEN",
    "GOLDEN_FAULTS",
    "Answer",
    "Delivery",
    "Golden",
    "Invoke",
    "Recorder",
    "Running",
    "Sink",
    "invoke",
    "invoke_async",
    "invoke_event",
    "running",
]

_HOMES = {
    "Answer": "answer",
    **dict.fromkeys(("Delivery", "Recorder"), "delivery"),
    **dict.fromkeys(("GOLDEN", "GOLDEN_FAULTS", "Golden"), "golden"),
    **dict.fromkeys(("Invoke", "invoke", "invoke_async", "invoke_event"), "invoking"),
    **dict.fromkeys(("Running", "running"), "server"),
    "Sink": "sink",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'wherry.testing' has no attribute {name!r}")
    value: object = getattr(import_module(f"wherry.testing.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
