"""Wherry: one Python function, carried unchanged to OpenFaaS, Knative and an Istio mesh.

Names are imported when they are first used, so `import wherry` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from wherry._version import __version__

if TYPE_CHECKING:
    from wherry.cloudevents import CloudEvent, InvalidEvent
    from wherry.context import Context
    from wherry.declarations import alive, cloud_event, http, ready, start, stop
    from wherry.errors import (
        ConfigError,
        EmitError,
        EventError,
        HandlerConflict,
        HandlerError,
        HandlerImportError,
        HandlerNameNotFound,
        HandlerNotFound,
        HandlerSignatureError,
        HandlerStartError,
        InvocationFailed,
        PayloadError,
        RequestRefused,
        ResponseError,
        SecretNotFound,
        WherryError,
    )
    from wherry.flask_app import create_app
    from wherry.outcomes import Drop, Refuse, Retry
    from wherry.server_sent import sse

__all__ = [
    "CloudEvent",
    "ConfigError",
    "Context",
    "Drop",
    "EmitError",
    "EventError",
    "HandlerConflict",
    "HandlerError",
    "HandlerImportError",
    "HandlerNameNotFound",
    "HandlerNotFound",
    "HandlerSignatureError",
    "HandlerStartError",
    "InvalidEvent",
    "InvocationFailed",
    "PayloadError",
    "Refuse",
    "RequestRefused",
    "ResponseError",
    "Retry",
    "SecretNotFound",
    "WherryError",
    "__version__",
    "alive",
    "cloud_event",
    "create_app",
    "http",
    "ready",
    "sse",
    "start",
    "stop",
]

_HOMES = {
    "CloudEvent": "wherry.cloudevents",
    "InvalidEvent": "wherry.cloudevents",
    "Context": "wherry.context",
    "create_app": "wherry.flask_app",
    "sse": "wherry.server_sent",
    **dict.fromkeys(
        ("alive", "cloud_event", "http", "ready", "start", "stop"), "wherry.declarations"
    ),
    **dict.fromkeys(("Drop", "Refuse", "Retry"), "wherry.outcomes"),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'wherry' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES.get(name, "wherry.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
