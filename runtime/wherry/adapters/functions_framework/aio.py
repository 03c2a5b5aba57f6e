"""What a function gets that imports `functions_framework.aio` where that is not installed.

This module must not know how functions are found or called.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from wherry.adapters.functions_framework.declarations import Declaration, Signature, declare

__all__ = ["cloud_event", "create_asgi_app", "http"]

F = TypeVar("F", bound=Callable[..., Any])


def http(function: F) -> F:
    """Declare a function of a `starlette.requests.Request`."""
    return declare(function, Declaration(signature=Signature.HTTP, is_aio=True))


def cloud_event(function: F) -> F:
    """Declare a function of a CloudEvent of version 1 of the cloudevents SDK."""
    return declare(function, Declaration(signature=Signature.CLOUD_EVENT, is_aio=True))


def create_asgi_app(
    target: str | None = None,
    source: str | os.PathLike[str] | None = None,
    signature_type: str | None = None,
) -> Any:
    """Make the Starlette application that serves a function; takes and raises as `create_app`."""
    from wherry.adapters.functions_framework.asgi_application import create_asgi_app

    return create_asgi_app(target, source, signature_type)
