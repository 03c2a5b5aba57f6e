"""What the zygote imports, so that no replica has to: the runtime, and what functions often use."""

from __future__ import annotations

import gc
from importlib import import_module
from importlib.util import find_spec

from wherry.serving import warming

_RUNTIME = (
    "wherry.__main__",
    "wherry.config",
    "wherry.serving.alone",
    "wherry.serving.leader",
    "wherry.serving.loop_watch",
    "wherry.serving.mounts",
    "wherry.serving.report",
    "wherry.serving.server",
    "wherry.serving.tasks",
    "wherry.cloudevents",
    "wherry.event_invocation",
    "wherry.payload_faults",
    "wherry.server_sent",
    "wherry.typed",
    # A fifth of a second for functions that take its request, as most that are ported do.
    "wherry.flask_request",
    *warming.MODULES,
)
_OFTEN = (
    "asyncio",
    "collections",
    "dataclasses",
    "datetime",
    "functools",
    "json",
    "logging",
    "pathlib",
    "typing",
    "urllib.parse",
    "uuid",
    "uvloop",
)


def warm() -> None:
    """Import it all, and keep the collector from ever looking at it."""
    gc.disable()
    for name in (*_RUNTIME, *_OFTEN):
        if find_spec(name.partition(".")[0]) is not None:
            import_module(name)
    gc.collect()
    gc.freeze()
