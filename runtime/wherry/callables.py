"""What a callable takes and how it is called; of a plain function, without `inspect`.

`inspect` with what it imports is some 4 ms of a cold start, and a plain function says all of this
in its code. Whatever else there is (methods, partials, what decorators have wrapped) is asked of
`inspect`. This module must not know handlers.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any, Final

from wherry.values import frozen

_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200  # as in `co_flags`
# Who has one of these is not, or not only, what its code says.
_TELLING = frozenset(
    {"__wrapped__", "__signature__", "__partialmethod__", "_partialmethod", "_is_coroutine_marker"}
)


class _Empty:
    """Stands for what is not there; None may be."""

    def __repr__(self) -> str:
        return "EMPTY"


EMPTY: Final = _Empty()
"""In place of a default or of an annotation: there is none."""


@frozen
class Parameter:
    """One parameter that takes one argument.

    Attributes:
        name: Its name.
        is_keyword: Whether it is given by name alone.
        default: Its default, or `EMPTY`.
        annotation: Its annotation as it stands, or `EMPTY`.
    """

    name: str
    is_keyword: bool
    default: Any = EMPTY
    annotation: Any = EMPTY


def parameters_of(function: Any) -> list[Parameter]:
    """What `function` takes, in order, without `*args` and `**kwargs`.

    Raises:
        TypeError: It is not callable.
        ValueError: Nothing says what it takes.
    """
    if not is_plain(function):
        return _inspected(function)
    code, annotations = function.__code__, function.__annotations__
    count = code.co_argcount
    names = code.co_varnames[: count + code.co_kwonlyargcount]
    given = function.__defaults__ or ()
    defaults = dict(zip(names[count - len(given) : count], given, strict=True))
    defaults |= function.__kwdefaults__ or {}
    return [
        Parameter(
            name=name,
            is_keyword=index >= count,
            default=defaults.get(name, EMPTY),
            annotation=annotations.get(name, EMPTY),
        )
        for index, name in enumerate(names)
    ]


def is_plain(function: object) -> bool:
    """Whether it is a function as `def` makes them, about which there is nothing more to know."""
    return type(function) is FunctionType and _TELLING.isdisjoint(function.__dict__)


def is_coroutine_function(function: Any) -> bool:
    """Whether a call gives a coroutine; False for None."""
    if function is None or is_plain(function):
        return function is not None and bool(function.__code__.co_flags & _COROUTINE)
    import inspect

    return inspect.iscoroutinefunction(function)


def is_async_generator_function(function: Any) -> bool:
    """Whether a call gives an asynchronous generator."""
    if is_plain(function):
        return bool(function.__code__.co_flags & _ASYNC_GENERATOR)
    import inspect

    return inspect.isasyncgenfunction(function)


def is_generator_function(function: Any) -> bool:
    """Whether a call gives a generator."""
    if is_plain(function):
        return bool(function.__code__.co_flags & _GENERATOR)
    import inspect

    return inspect.isgeneratorfunction(function)


def is_routine(target: object) -> bool:
    """Whether it is a function or method, of Python or built in, and no object with `__call__`."""
    if type(target) is FunctionType:
        return True
    import inspect

    return inspect.isroutine(target)


def is_awaitable(value: object) -> bool:
    """Whether it can be awaited."""
    if value is None:
        return False
    import inspect

    return inspect.isawaitable(value)


def unwrapped(function: Any) -> Any:
    """The function that decorators have wrapped, at the bottom of all."""
    if not hasattr(function, "__wrapped__"):
        return function
    import inspect

    return inspect.unwrap(function)


def _inspected(function: Any) -> list[Parameter]:
    import inspect

    def known(value: Any) -> Any:
        return EMPTY if value is inspect.Parameter.empty else value

    return [
        Parameter(
            name=each.name,
            is_keyword=each.kind is each.KEYWORD_ONLY,
            default=known(each.default),
            annotation=known(each.annotation),
        )
        for each in inspect.signature(function).parameters.values()
        if each.kind not in {each.VAR_POSITIONAL, each.VAR_KEYWORD}
    ]
