"""How an event is tried, from what a trigger and its broker say of it. Values only, no I/O."""

from __future__ import annotations

from typing import TypeVar

from wherry_build.project.specification.amounts import Duration
from wherry_build.project.specification.eventing import Backoff, Delivery

USUAL = Delivery(retry=5, backoff=Backoff.EXPONENTIAL, delay=Duration(milliseconds=500))
"""What counts where neither a trigger nor its broker says anything."""

_T = TypeVar("_T")


def together(*said: Delivery | None) -> Delivery:
    """The delivery that `said` makes, of each key what the first says that says it.

    A key that none says is as usual; how the time grows is nothing where there is no retry.
    """
    given = [each for each in said if each is not None]
    retry = _first(*(each.retry for each in given), USUAL.retry)
    return Delivery(
        retry=retry,
        backoff=_first(*(each.backoff for each in given), USUAL.backoff if retry else None),
        delay=_first(*(each.delay for each in given), USUAL.delay if retry else None),
        timeout=_first(*(each.timeout for each in given)),
        dead_letter=_first(*(each.dead_letter for each in given)),
    )


def _first(*values: _T | None) -> _T | None:
    return next((value for value in values if value is not None), None)
