"""What each trigger said of an event, for lists: asked for once, since it never changes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from wherry_local.console import lineage
from wherry_local.console.api import Api

MOST = 1000


class Explanations:
    """Keeps why the triggers did not get the events of the last pages."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._kept: OrderedDict[str, Sequence[Mapping[str, Any]]] = OrderedDict()

    async def of(self, events: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]]:
        """For each event the triggers that it did not match, with clause and reason."""
        wanted = [each["key"] for each in events if each["mismatches"]]
        unknown = [key for key in wanted if key not in self._kept]
        for key, found in zip(
            unknown,
            await asyncio.gather(*(lineage.event_of(self._api, key) for key in unknown)),
            strict=True,
        ):
            if found is not None:
                self._kept[key] = [each for each in found["triggers"] if not each["matched"]]
        answer = {key: self._kept[key] for key in wanted if key in self._kept}
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return answer
