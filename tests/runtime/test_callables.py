"""What a plain function says by itself is what `inspect` says of it; all else is asked of that."""

from __future__ import annotations

import functools
import inspect

import pytest

from wherry import callables
from wherry.callables import EMPTY, Parameter


def plain(first, /, second: int, third="3", *rest, fourth, fifth: str = "5", **others): ...


async def coroutine(event): ...


def generator():
    yield


async def async_generator():
    yield


@functools.wraps(plain)
def wrapped(*args, **kwargs): ...


def signed(*args): ...


signed.__signature__ = inspect.signature(generator)  # type: ignore[attr-defined]


class Handler:
    def method(self, event): ...

    async def __call__(self, event, context=None): ...


FUNCTIONS = [
    plain, coroutine, generator, async_generator, wrapped, signed, lambda request, context: None,
    Handler().method, Handler(), functools.partial(plain, 1), functools.partial(coroutine), len,
]  # fmt: skip


def inspected(function) -> list[Parameter]:
    def known(value):
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


@pytest.mark.parametrize("function", FUNCTIONS, ids=repr)
def test_what_it_takes(function):
    assert callables.parameters_of(function) == inspected(function)


@pytest.mark.parametrize("function", FUNCTIONS, ids=repr)
def test_how_it_is_called(function):
    assert callables.is_coroutine_function(function) == inspect.iscoroutinefunction(function)
    assert callables.is_generator_function(function) == inspect.isgeneratorfunction(function)
    is_async_generator = callables.is_async_generator_function(function)
    assert is_async_generator == inspect.isasyncgenfunction(function)
    assert callables.is_routine(function) == inspect.isroutine(function)
    assert callables.unwrapped(function) is inspect.unwrap(function)


def test_only_what_def_makes_is_plain():
    found = [callables.is_plain(function) for function in FUNCTIONS]
    assert found == [True] * 4 + [False] * 2 + [True] + [False] * 5


def test_what_is_no_function():
    assert not callables.is_coroutine_function(None)
    with pytest.raises(TypeError):
        callables.parameters_of(3)


def test_what_can_be_awaited():
    awaited = coroutine(None)
    assert callables.is_awaitable(awaited)
    awaited.close()
    assert not callables.is_awaitable(None)
    assert not callables.is_awaitable(generator())
