"""Where the Gateway API asks routes in another order than the file has them.

It asks the narrowest first: an exact path, then the longest prefix, then one with a method, then
the most headers; of two alike the older, and of two as old the one whose name comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from wherry_build.manifests.emission import Loss
from wherry_build.manifests.gateway_api.matches import path_text
from wherry_build.manifests.routing import Entry, Table
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
    earlier: dict[tuple[str, bool], list[tuple[Entry, Match]]] = {}
    for entry in table.entries:
        plain = [match for match in entry.matches if not match.preflight]
        for match in plain:
            for place in match.around():
                for before, wide in earlier.get(place, ()):
                    if wide.meets(match) and _is_before(entry.rule, before.rule):
                        yield before.rule.name, entry.rule.name
        for match in plain:
            earlier.setdefault((match.path, match.below), []).append((entry, match))


def _is_before(rule: RouteRule, other: RouteRule) -> bool:
    """Whether `rule` is asked before `other`."""
    if _rank(rule) != _rank(other):
        return _rank(rule) > _rank(other)
    return rule.name < other.name


def _rank(rule: RouteRule) -> _Rank:
    said = rule.said
    exact = said.path is not None and said.path.exact is not None
    return exact, len(path_text(said.path)), bool(said.methods), len(said.headers)
