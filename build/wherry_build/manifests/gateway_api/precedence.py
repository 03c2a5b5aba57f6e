"""Where the Gateway API asks routes in another order than the file has them.

It asks the narrowest first: an exact path, then the longest prefix, then one with a method, then
the most headers; of two alike the older, and of two as old the one whose name comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from wherry_build.manifests.emission import Loss
from wherry_build.manifests.gateway_api.matches import path_text
from wherry_build.manifests.routing import Table
from wherry_build.manifests.routing_match import Match
from wherry_build.manifests.topology import RouteRule

_Rank: TypeAlias = tuple[bool, int, bool, int]
_SHOWN = 3


def out_of_order(tables: Sequence[Table]) -> tuple[Loss, ...]:
    """The routes that another is asked before, though the file has it after them."""
    later: dict[str, dict[str, None]] = {}
    for table in tables:
        for name, other in _overtaken(table):
            later.setdefault(name, {})[other] = None
    return tuple(_loss(name, list(others)) for name, others in later.items())


def _loss(name: str, others: list[str]) -> Loss:
    shown = ", ".join(f"routes.{other}" for other in others[:_SHOWN])
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    return Loss(
        key=f"routes.{name}",
        reason=f"the Gateway API asks the narrowest route first, whatever the order: {shown}{more} "
        "gets the calls that both take",
        instead=f"put routes.{others[0]} first, if that is meant",
    )


def _overtaken(table: Table) -> Iterator[tuple[str, str]]:
    earlier: dict[tuple[str, bool], list[tuple[RouteRule, Match]]] = {}
    for entry in table.entries:
        for match in entry.matches:
            asked = _rank(entry.rule, match), entry.rule.name
            for place in match.around():
                for rule, wide in earlier.get(place, ()):
                    if _is_before(asked, (_rank(rule, wide), rule.name)) and wide.meets(match):
                        yield rule.name, entry.rule.name
        for match in entry.matches:
            earlier.setdefault((match.path, match.below), []).append((entry.rule, match))


def _is_before(one: tuple[_Rank, str], other: tuple[_Rank, str]) -> bool:
    """Whether the route and name that `one` stands for are asked before the `other`."""
    return one[0] > other[0] or (one[0] == other[0] and one[1] < other[1])


def _rank(rule: RouteRule, match: Match) -> _Rank:
    path = rule.said.path
    exact = path is not None and path.exact is not None
    return exact, len(path_text(path)), bool(match.methods), len(match.headers)
