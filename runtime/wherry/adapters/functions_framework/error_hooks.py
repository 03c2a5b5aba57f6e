"""`@functions_framework.errorhandler`: functions that answer for an exception.

Registered while a module is imported, they belong to the functions of that module and of the
modules beside it. As with Flask, the nearest class wins, a status code wins over a class, and an
exception that nothing else takes goes to the hook for 500. This module must not know requests.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from types import ModuleType
from typing import Any, TypeVar

from werkzeug.exceptions import HTTPException, InternalServerError, default_exceptions

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorHook:
    """One registration.

    Attributes:
        kind: The class of exceptions that it answers for.
        code: The status it answers for, where it was registered for one or for a class of one.
        function: What is called with the exception.
    """

    kind: type[Exception]
    code: int | None
    function: Callable[[Exception], Any]


_registered: list[ErrorHook] = []


def errorhandler(code_or_exception: int | type[Exception]) -> Callable[[F], F]:
    """Register the decorated function for an exception class, or for a status code of `abort`.

    Raises:
        ValueError: There is no exception of that status.
        TypeError: It is neither a status code nor a class of exceptions.
    """
    if isinstance(code_or_exception, int):
        if code_or_exception not in default_exceptions:
            raise ValueError(f"errorhandler: {code_or_exception} is no status of an error")
        kind: type[Exception] = default_exceptions[code_or_exception]
    elif isinstance(code_or_exception, type) and issubclass(code_or_exception, Exception):
        kind = code_or_exception
    else:
        raise TypeError(
            f"errorhandler: got {code_or_exception!r}, expected an exception's class or a status"
        )
    code = kind.code if issubclass(kind, HTTPException) else None

    def register(function: F) -> F:
        _registered.append(ErrorHook(kind=kind, code=code, function=function))
        return function

    return register


def hooks_of(module: ModuleType) -> tuple[ErrorHook, ...]:
    """The hooks of `module` and of those beside it, the newest first."""
    folder = _folder(vars(module))
    return tuple(
        hook for hook in reversed(_registered) if _is_beside(hook.function, module, folder)
    )


def guarded(call: Callable[..., Any], hooks: Sequence[ErrorHook]) -> Callable[..., Any]:
    """`call`, but that an exception with a hook is answered by it; `call` where there is none."""
    if not hooks:
        return call
    if inspect.iscoroutinefunction(call):

        @wraps(call)
        async def guard_async(*arguments: Any) -> Any:
            try:
                return await call(*arguments)
            except Exception as error:
                return _answer(hooks, error)

        return guard_async

    @wraps(call)
    def guard(*arguments: Any) -> Any:
        try:
            return call(*arguments)
        except Exception as error:
            return _answer(hooks, error)

    return guard


def _answer(hooks: Sequence[ErrorHook], error: Exception) -> Any:
    """What the hook for `error` answers; raises `error` where there is none."""
    hook = _hook_for(hooks, error)
    if hook is not None:
        return hook.function(error)
    if not isinstance(error, HTTPException):
        fallen = InternalServerError(original_exception=error)
        hook = _hook_for(hooks, fallen)
        if hook is not None:
            return hook.function(fallen)
    raise error


def _hook_for(hooks: Sequence[ErrorHook], error: Exception) -> ErrorHook | None:
    code = error.code if isinstance(error, HTTPException) else None
    for wanted in (None,) if code is None else (code, None):
        for kind in type(error).__mro__:
            for hook in hooks:
                if hook.kind is kind and hook.code == wanted:
                    return hook
    return None


def _is_beside(function: Callable[..., Any], module: ModuleType, folder: str | None) -> bool:
    namespace = getattr(function, "__globals__", {})
    if namespace is vars(module):
        return True
    # One of an earlier import of the same file is no longer that module's.
    home = sys.modules.get(getattr(function, "__module__", None) or "")
    is_current = home is not None and vars(home) is namespace
    return is_current and folder is not None and _folder(namespace) == folder


def _folder(namespace: dict[str, Any]) -> str | None:
    file = namespace.get("__file__")
    return None if file is None else str(file).rpartition("/")[0]
