"""Which functions of a module are handlers: the decorated ones, else `handle` or `main`.

This module must not know files or how modules are imported.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from wherry.declarations import declaration_of, hook_of
from wherry.errors import HandlerNameNotFound
from wherry.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("handle", "main")
"""Names of a function that is a handler without being decorated."""

_SHOWN_NAMES = 20


def function_of(module: ModuleType, name: str | None, shown: str) -> tuple[Callable[..., Any], str]:
    """The one handler of `module`, and its name.

    Args:
        module: The module.
        name: The function that is wanted; None for the one there is.
        shown: The module's file, for messages.

    Raises:
        HandlerNameNotFound: There is no such function, or several are declared.
    """
    names = vars(module)
    if name is not None:
        if name in names:
            return names[name], name
        raise _no_such_name(module, name, shown)
    found = declared(module)
    if len(found) == 1:
        found_name, only = next(iter(found.items()))
        return only, found_name
    if found:
        first = next(iter(found))
        raise HandlerNameNotFound(
            f"handler {shown!r}: declares several functions: {', '.join(found)}",
            hint=f"name one of them: {name_of(shown)}:{first}",
        )
    for each in NAMES:
        if callable(names.get(each)):
            return names[each], each
    raise _no_such_name(module, None, shown)


def declared(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """Declared functions by name, those of the module itself where it has any."""
    found: dict[int, tuple[str, Any]] = {}
    for name, value in vars(module).items():
        if declaration_of(value) is not None and callable(value):
            found.setdefault(id(value), (name, value))
    own = {
        name: value
        for name, value in found.values()
        if getattr(value, "__module__", None) == module.__name__
    }
    return own or dict(found.values())


def _no_such_name(module: ModuleType, name: str | None, shown: str) -> HandlerNameNotFound:
    import difflib  # only who fails needs these
    import inspect

    defined = [
        each
        for each, value in vars(module).items()
        if inspect.isroutine(value)
        and getattr(value, "__module__", None) == module.__name__
        and hook_of(value) is None
        and not each.startswith("_")
    ]
    listed = ", ".join(defined[:_SHOWN_NAMES]) or "no functions"
    wanted = NAMES if name is None else (name,)
    close = [near for each in wanted for near in difflib.get_close_matches(each, defined, n=1)]
    looked = "handle or main, nor a decorated one" if name is None else repr(name)
    hint = f"did you mean {close[0]!r}? " if close else ""
    example = close[0] if close else defined[0] if defined else None
    if example is not None:
        hint += f"name it: {name_of(shown)}:{example}"
    else:
        hint = "define `def handle(request): ...`"
    return HandlerNameNotFound(
        f"handler {shown!r}: has no function {looked}; it defines: {listed}", hint=hint
    )
