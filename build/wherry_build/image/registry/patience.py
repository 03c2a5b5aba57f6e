"""How often, and how long, a registry that is busy or cut off is asked again; waits, no I/O."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import TypeVar

from wherry_build.errors import RegistryError
from wherry_build.values import frozen

Result = TypeVar("Result")


@frozen
class Patience:
    """Bounds of asking again; `urllib3.Retry` bounds how often, not how long.

    Attributes:
        tries: How often at most.
        total_s: After so long nothing is begun again.
        first_pause_s: Pause before the second try; doubled for each that follows, and shortened
            by chance, so that those who failed together do not return together.
        longest_pause_s: Longest pause that is not the registry's own wish.
    """

    tries: int = 5
    total_s: float = 60
    first_pause_s: float = 0.25
    longest_pause_s: float = 8


class Interruption(Exception):  # noqa: N818 - not an error yet: what follows it may go well
    """What may go well when it is tried again.

    Attributes:
        error: What is raised when it is not.
        pause_s: How long the registry wants to be left alone; None when it does not say.
    """

    def __init__(self, error: RegistryError, *, pause_s: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.pause_s = pause_s


def patiently(
    call: Callable[[], Result],
    patience: Patience,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Result:
    """What `call` returns, which is called again when it is interrupted.

    Raises:
        RegistryError: It was interrupted as often, or for as long, as `patience` bears.
    """
    end_s = clock() + patience.total_s
    for tried in count(1):
        try:
            return call()
        except Interruption as interruption:  # noqa: PERF203 - it is what the loop is for
            pause_s = interruption.pause_s
            if pause_s is None:
                longest_s = min(patience.first_pause_s * 2 ** (tried - 1), patience.longest_pause_s)
                pause_s = longest_s * _chance()
            if tried >= patience.tries or clock() + pause_s > end_s:
                raise interruption.error from None
            sleep(pause_s)
    raise AssertionError  # pragma: no cover - counting does not end


def _chance() -> float:
    import random

    return random.uniform(0.5, 1)  # noqa: S311 - no secret
