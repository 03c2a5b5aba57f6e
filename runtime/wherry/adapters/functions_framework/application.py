"""`functions_framework.create_app`: a function as a Flask application, to test or to serve it.

The application is that of `wherry.create_app`; errors take the framework's classes. This module
must not know how functions are called.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherry import flask_app, loader
from wherry.adapters.functions_framework.declarations import declaration_of
from wherry.adapters.functions_framework.exceptions import (
    FunctionsFrameworkException,
    InvalidConfigurationException,
    InvalidTargetTypeException,
    MissingSourceException,
    MissingTargetException,
)
from wherry.config import Config
from wherry.errors import (
    HandlerError,
    HandlerImportError,
    HandlerNameNotFound,
    HandlerNotFound,
    HandlerSignatureError,
)

if TYPE_CHECKING:
    from wherry.handler import Handler

_SOURCE = "main.py"
_KINDS: dict[type[HandlerError], type[FunctionsFrameworkException]] = {
    HandlerNotFound: MissingSourceException,
    HandlerNameNotFound: MissingTargetException,
    HandlerSignatureError: InvalidTargetTypeException,
}


def create_app(
    target: str | None, source: str | os.PathLike[str] | None, signature_type: str | None
) -> Any:
    """The application, for a function of `aio` Starlette's; raises as the framework's."""
    settings = Config.from_environment()
    handler = loaded(settings, target, source, signature_type)
    declaration = declaration_of(handler.function)
    if declaration is not None and declaration.is_aio:
        from wherry.adapters.functions_framework import asgi_application

        return asgi_application.application_of(handler, settings)
    return flask_app.create_app(handler, config=settings)


def loaded(
    settings: Config,
    target: str | None,
    source: str | os.PathLike[str] | None,
    signature_type: str | None,
) -> Handler:
    """The function, from the arguments and else the settings.

    Raises:
        FunctionsFrameworkException: One of its kind, where it cannot be found or served.
    """
    name = target or settings.name
    if not name:
        raise InvalidConfigurationException(
            "create_app: got no target; pass one, or set FUNCTION_TARGET"
        )
    if source is None:
        source = _SOURCE if settings.handler == "." else settings.handler
    if not Path(source).exists():
        raise MissingSourceException(f"create_app: there is no file {os.fspath(source)!r}")
    try:
        return loader.load(
            Path(source), name=name, signature=signature_type or settings.signature or "http"
        )
    except HandlerImportError as error:
        if error.__cause__ is not None:  # the module's own error, as the framework raises it
            raise error.__cause__ from None
        raise FunctionsFrameworkException(error.message) from error
    except HandlerError as error:
        raise _KINDS.get(type(error), FunctionsFrameworkException)(error.message) from error
