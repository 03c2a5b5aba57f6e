"""The last calls made from the console, kept for a while: so that their pages can be reloaded.

Bounded by count and by bytes; the oldest go first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from wherry_local.console.api import Invocation, Invoked

MOST = 50
MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One call with what came of it.

    Attributes:
        fields: The form as it was filled in.
        invocation: What was sent.
        invoked: What was answered, or None where nothing was.
        fault: Why nothing was answered, or empty.
        at: Seconds since the epoch.
    """

    fields: Mapping[str, str]
    invocation: Invocation
    invoked: Invoked | None
    fault: str
    at: float

    @property
    def weight_bytes(self) -> int:
        """About how much memory it holds."""
        answered = len(self.invoked.body) if self.invoked else 0
        return answered + len(self.invocation.body) + sum(map(len, self.fields.values()))


class Answers:
    """Keeps the last calls by their call ids."""

    def __init__(self, *, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._weight_bytes = 0
        self._kept: OrderedDict[str, Answered] = OrderedDict()

    def keep(self, answered: Answered) -> None:
        """Keep one; it stays at least until the next comes, however large it is."""
        self._kept[answered.invocation.call_id] = answered
        self._weight_bytes += answered.weight_bytes
        while len(self._kept) > 1 and (
            len(self._kept) > self._most or self._weight_bytes > self._most_bytes
        ):
            _, gone = self._kept.popitem(last=False)
            self._weight_bytes -= gone.weight_bytes

    def find(self, call_id: str) -> Answered | None:
        """One of them; None where it is not kept (any more)."""
        return self._kept.get(call_id)
