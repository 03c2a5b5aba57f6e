"""Which function of a module is functions_framework's, and what it is called with.

A decorator is beyond doubt; an undecorated function is one only where the user has said so. As
with the framework, a decorator wins over what the user says. This module must not know requests.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from wherry import declarations
from wherry.adapters.adapter import Adapted, Source
from wherry.adapters.functions_framework.declarations import (
    AIO,
    Declaration,
    Signature,
    declaration_of,
    declare,
)
from wherry.errors import HandlerImportError, HandlerNameNotFound, HandlerSignatureError
from wherry.handler import Hooks

SIGNATURES = ("functions-framework", *(each.value for each in Signature), AIO)
_NAMES = ("handle", "main")
_ERROR_HOOKS = "wherry.adapters.functions_framework.error_hooks"


def find(source: Source, signature: str | None) -> Adapted | None:
    """The function of the framework in `source`; None where there is none.

    Raises:
        HandlerSignatureError: It cannot be called with what it is declared for.
        HandlerNameNotFound: There is no such function, or several and none is named.
        HandlerImportError: It needs a package that is not installed, or the framework itself is.
    """
    _check_provided(source)
    found = _declared(source, required=signature is not None)
    if found is None:
        if signature is None:
            return None
        found = _undeclared(source)
        if declarations.declaration_of(found[1]) is not None:
            return None
    name, function = found
    declaration = declaration_of(function) or _said(signature)
    call = _adapted(function, name, declaration, source)
    hooks = _hooks(source.module)
    if declaration.is_aio and declaration.signature is Signature.HTTP:
        from wherry.adapters.functions_framework import aio_functions

        hooks = aio_functions.finishing(hooks)
    return Adapted(function=declare(call, declaration), name=name, hooks=hooks)


def _said(signature: str | None) -> Declaration:
    """What the user says of an undecorated function; HTTP where that is the framework alone."""
    if signature in {None, SIGNATURES[0], AIO}:
        return Declaration(signature=Signature.HTTP, is_aio=signature == AIO)
    return Declaration(signature=Signature(signature))


def _adapted(
    function: Callable[..., Any], name: str, declaration: Declaration, source: Source
) -> Callable[..., Any]:
    shown = f"handler {_shown(source)!r}: {name!r}"
    if not callable(function) or isinstance(function, type):
        raise HandlerSignatureError(f"{shown} is no function", hint="name a function")
    if declaration.is_aio and declaration.signature is Signature.HTTP:
        from wherry.adapters.functions_framework import aio_functions

        return aio_functions.http(function, shown)
    from wherry.adapters.functions_framework import functions

    if declaration.signature is Signature.TYPED:
        call = functions.typed(function, functions.input_type_of(function, declaration, shown))
    elif declaration.signature is Signature.EVENT:
        from wherry.adapters.functions_framework import background

        call = background.event(function)
    elif declaration.signature is Signature.CLOUD_EVENT:
        call = functions.cloud_event(function)
        if declaration.is_aio:
            from wherry.adapters.functions_framework import aio_functions

            call = aio_functions.refusing(call)
    else:
        _show_templates(source)
        call = functions.http(function)
    error_hooks = sys.modules.get(_ERROR_HOOKS)  # imported by the first that is registered
    if error_hooks is None:
        return call
    guarded: Callable[..., Any] = error_hooks.guarded(call, error_hooks.hooks_of(source.module))
    return guarded


def _hooks(module: ModuleType) -> Hooks:
    """The hooks that are declared: by its name alone, none was meant for us."""
    hooks = {
        hook: value for value in vars(module).values() if (hook := declarations.hook_of(value))
    }
    return Hooks(**{hook.value: value for hook, value in hooks.items()})


def _show_templates(source: Source) -> None:
    folder = None if source.file is None else Path(source.file).parent / "templates"
    if folder is not None and folder.is_dir():
        from wherry.flask_request import add_templates

        add_templates(folder)


def _declared(source: Source, *, required: bool) -> tuple[str, Callable[..., Any]] | None:
    names = vars(source.module)
    if source.name is not None:
        if source.name in names:
            value = names[source.name]
            return None if declaration_of(value) is None else (source.name, value)
        if not required:
            return None
        raise _no_such_name(source)
    found = {
        id(value): (name, value)
        for name, value in reversed(names.items())
        if declaration_of(value) is not None and callable(value)
    }
    if len(found) > 1:
        listed = ", ".join(name for name, _ in reversed(found.values()))
        first = listed.partition(",")[0]
        raise HandlerNameNotFound(
            f"handler {_shown(source)!r}: declares several functions: {listed}",
            hint=f"name one of them: {Path(_shown(source)).name}:{first}",
        )
    return next(iter(found.values()), None)


def _undeclared(source: Source) -> tuple[str, Callable[..., Any]]:
    names = vars(source.module)
    if source.name is not None and source.name in names:
        return source.name, names[source.name]
    for name in _NAMES if source.name is None else ():
        if callable(names.get(name)):
            return name, names[name]
    defined = _defined(source)
    if source.name is None and len(defined) == 1:
        return defined[0], names[defined[0]]
    raise _no_such_name(source)


def _defined(source: Source) -> list[str]:
    return [
        name
        for name, value in vars(source.module).items()
        if inspect.isfunction(value) and value.__module__ == source.module.__name__
    ]


def _no_such_name(source: Source) -> HandlerNameNotFound:
    wanted = "handle or main" if source.name is None else repr(source.name)
    defined = _defined(source)
    listed = ", ".join(defined) or "no functions"
    example = defined[0] if defined else "function"
    return HandlerNameNotFound(
        f"handler {_shown(source)!r}: has no function {wanted}; it defines: {listed}",
        hint=f"name it: {Path(_shown(source)).name}:{example}, or set FUNCTION_TARGET",
    )


def _check_provided(source: Source) -> None:
    """HandlerImportError where the module has its decorators from the framework itself."""
    framework = sys.modules.get("functions_framework")
    provided = str(Path(__file__).parent)
    if framework is None or str(framework.__file__).startswith(provided):
        return
    if any(
        value is framework or _top(getattr(value, "__module__", None)) == framework.__name__
        for value in vars(source.module).values()
    ):
        raise HandlerImportError(
            f"handler {_shown(source)!r}: the package functions-framework is installed, and its "
            "decorators keep to themselves what they were told",
            hint="pip uninstall functions-framework, and take it out of requirements.txt",
        )


def _top(module: object) -> str:
    return str(module).partition(".")[0]


def _shown(source: Source) -> str:
    return str(source.file or source.module.__name__)
