"""What a function gets that imports `functions_framework` where that is not installed.

The decorators say what a function is called with and leave it as it is. This module must not know
how functions are found or called.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from wherry.adapters.functions_framework import exceptions
from wherry.adapters.functions_framework.declarations import Declaration, Signature, declare

__all__ = [
    "LazyWSGIApp",
    "app",
    "cloud_event",
    "create_app",
    "errorhandler",
    "exceptions",
    "http",
    "typed",
]

F = TypeVar("F", bound=Callable[..., Any])


def http(function: F) -> F:
    """Declare a function of a `flask.Request`."""
    return declare(function, Declaration(signature=Signature.HTTP))


def cloud_event(function: F) -> F:
    """Declare a function of a CloudEvent of version 1 of the cloudevents SDK."""
    return declare(function, Declaration(signature=Signature.CLOUD_EVENT))


def typed(given: Any) -> Any:
    """Declare a function of a type with `from_dict`: `@typed`, or `@typed(Order)`."""
    if not isinstance(given, type):
        return declare(given, Declaration(signature=Signature.TYPED))

    def decorate(function: F) -> F:
        return declare(function, Declaration(signature=Signature.TYPED, input_type=given))

    return decorate


def errorhandler(code_or_exception: int | type[Exception]) -> Callable[[F], F]:
    """Register the decorated function to answer for an exception class or a status code.

    Raises:
        ValueError: There is no exception of that status.
        TypeError: It is neither a status code nor a class of exceptions.
    """
    from wherry.adapters.functions_framework import error_hooks

    return error_hooks.errorhandler(code_or_exception)


def create_app(
    target: str | None = None,
    source: str | os.PathLike[str] | None = None,
    signature_type: str | None = None,
) -> Any:
    """Make the Flask application that serves a function; its `test_client()` is for tests.

    For a function of `functions_framework.aio` it is a Starlette application.

    Args:
        target: Name of the function; `FUNCTION_TARGET` when None.
        source: The file it is in; `FUNCTION_SOURCE`, else `main.py`, when None.
        signature_type: `http`, `cloudevent`, `event` or `typed`, for an undecorated function.

    Raises:
        FunctionsFrameworkException: One of its kind, where it cannot be found or served.
    """
    from wherry.adapters.functions_framework import application

    return application.create_app(target, source, signature_type)


class LazyWSGIApp:
    """A WSGI application that is made by its first request: `gunicorn functions_framework:app`.

    Attributes:
        app: The application once it is made, else None.
    """

    def __init__(
        self,
        target: str | None = None,
        source: str | os.PathLike[str] | None = None,
        signature_type: str | None = None,
    ) -> None:
        self._arguments = (target, source, signature_type)
        self.app: Any = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answer one request."""
        if self.app is None:
            self.app = create_app(*self._arguments)
        return self.app(environ, start_response)


app = LazyWSGIApp()
