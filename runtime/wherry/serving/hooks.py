"""The hooks of all functions of a process, each asked once, whichever functions share it.

A module's hooks belong to every function of the module. This module must not know requests.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from wherry.callables import is_awaitable, is_coroutine_function
from wherry.errors import HandlerStartError

if TYPE_CHECKING:
    from wherry.handler import Handler

_log = logging.getLogger("wherry.serving")
Hook = Callable[[], Any]
Complete = Callable[[Awaitable[Any]], Awaitable[None]]
"""How what a hook gives back is awaited; the server may have no event loop of its own."""


def needs_loop(handler: Handler) -> bool:
    """Whether anything of this handler runs on an event loop."""
    asked = (handler.hooks.start, handler.hooks.stop, handler.hooks.ready, handler.hooks.alive)
    return handler.is_async or any(is_coroutine_function(hook) for hook in asked)


async def start(handlers: Iterable[Handler], complete: Complete) -> None:
    """Run the start hooks, one after the other.

    Raises:
        HandlerStartError: One raised; those behind it are not run.
    """
    done: list[Hook] = []
    for handler in handlers:
        hook = handler.hooks.start
        if hook is None or hook in done:
            continue
        done.append(hook)
        try:
            await _run(hook, complete)
        except Exception as error:
            raise HandlerStartError(
                f"the start hook of {handler.name} raised {type(error).__name__}"
            ) from error


async def stop(handlers: Sequence[Handler], complete: Complete) -> None:
    """Run the stop hooks, the last one's first; what one raises is logged."""
    for hook in reversed(_unique(handler.hooks.stop for handler in handlers)):
        await _run_to_the_end(hook, complete)


def together(hooks: Iterable[Hook | None]) -> Hook | None:
    """One hook in the place of several of a kind: well when all are, else what the first says."""
    unique = _unique(hooks)
    if len(unique) < 2:
        return unique[0] if unique else None

    def one_by_one() -> object:
        return next((each for each in (hook() for hook in unique) if not _is_well(each)), True)

    if not any(is_coroutine_function(hook) for hook in unique):
        return one_by_one

    async def all_of_them() -> object:
        import asyncio  # who has async hooks has imported it

        answers = await asyncio.gather(*(_asked(hook) for hook in unique))
        return next((each for each in answers if not _is_well(each)), True)

    return all_of_them


def _unique(hooks: Iterable[Hook | None]) -> list[Hook]:
    unique: list[Hook] = []
    for hook in hooks:
        if hook is not None and hook not in unique:
            unique.append(hook)
    return unique


def _asked(hook: Hook) -> Awaitable[Any]:
    if is_coroutine_function(hook):
        answer: Awaitable[Any] = hook()
        return answer
    import asyncio

    return asyncio.to_thread(hook)


def _is_well(answer: object) -> bool:
    said = answer[0] if isinstance(answer, tuple) and len(answer) == 2 else answer
    return said is None or bool(said)


async def _run_to_the_end(hook: Hook, complete: Complete) -> None:
    try:
        await _run(hook, complete)
    except Exception:
        _log.exception("the stop hook raised")


async def _run(hook: Hook, complete: Complete) -> None:
    result = hook()
    if is_awaitable(result):
        await complete(result)
