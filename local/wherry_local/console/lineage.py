"""Where an event came from and what came of it: the events before it, and the replies to it.

Bounded: a loop of functions that answer each other has no end, and no page shows it all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wherry_local.console.api import Api, ApiRefused

MOST_BEFORE = 10
MOST_AFTER = 50
_AT_ONCE = 8


@dataclass(slots=True, kw_only=True)
class Descendant:
    """An event with the replies to it; `more` says that there are others, which are not shown."""

    event: Mapping[str, Any]
    replies: list[Descendant] = field(default_factory=list)
    more: bool = False


async def event_of(api: Api, key: str) -> Mapping[str, Any] | None:
    """One event in full; None where its history is gone."""
    try:
        found: Mapping[str, Any] = await api.get(f"/system/events/{key}")
    except ApiRefused as refused:
        if refused.status == 404:
            return None
        raise
    return found


async def before(api: Api, event: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The events that led to one, the first of them first."""
    found: list[Mapping[str, Any]] = []
    seen = {event["key"]}
    parent = event["parent"]
    while parent and parent not in seen and len(found) < MOST_BEFORE:
        seen.add(parent)
        above = await event_of(api, parent)
        if above is None:
            break
        found.append(above)
        parent = above["parent"]
    return found[::-1]


async def after(api: Api, event: Mapping[str, Any]) -> Descendant:
    """An event with everything that came of it, level by level."""
    root = Descendant(event=event)
    seen, left, level = {event["key"]}, MOST_AFTER, [root]
    while level:
        wanted: list[tuple[Descendant, str]] = []
        for each in level:
            fresh = [key for key in each.event["replies"] if key not in seen]
            each.more = len(fresh) > left
            for key in fresh[:left]:
                seen.add(key)
                left -= 1
                wanted.append((each, key))
        level = []
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            found = await asyncio.gather(*(event_of(api, key) for _, key in part))
            for (above, _), below in zip(part, found, strict=True):
                if below is not None:
                    above.replies.append(Descendant(event=below))
                    level.append(above.replies[-1])
    return root
