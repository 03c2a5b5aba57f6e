"""A page of a long list, newest first: what it was filtered by, and where it begins. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wherry_local.console.rendering import address
from wherry_local.front.asked import Asked

STATES = ("due", "leased", "delivered", "dead", "cancelled")
"""What a delivery may be in, as lists are filtered by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is asked of a list.

    Attributes:
        path: Address of its page.
        chosen: What is wanted of it, by the filter's name; empty where anything is.
        before: Position that the page ends before; empty for the newest page.
    """

    path: str
    chosen: Mapping[str, str]
    before: str

    @classmethod
    def of(cls, asked: Asked, path: str, filters: tuple[str, ...]) -> Listing:
        """What the query of a page's address says."""
        arguments = asked.arguments()
        before = arguments.get("before", "")
        return cls(
            path=path,
            chosen={name: arguments.get(name, "").strip() for name in filters},
            before=before if before.isdigit() else "",
        )

    def query(self, most: int) -> dict[str, str]:
        """The same, as the admin API is asked for it."""
        wanted = {**self.chosen, "before": self.before, "limit": str(most)}
        return {name: text for name, text in wanted.items() if text}

    def values(self, page: Mapping[str, Any]) -> dict[str, Any]:
        """What a template needs to show `page`, with the ways to the others."""
        following = page["next"]
        return {
            "page": page,
            "chosen": self.chosen,
            "is_filtered": any(self.chosen.values()),
            "is_latest": not self.before,
            "older": address(self.path, **self.chosen, before=following) if following else "",
        }
