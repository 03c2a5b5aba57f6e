"""From a path to the routes of a door, by one look-up. Sans I/O.

A path that was met before is found in a dictionary, another one by a dictionary of the patterns
without places and one regular expression of all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import unquote_to_bytes

from wherry.problem import Problem
from wherry_local.front.path_rules import fault_of
from wherry_local.front.route import Route

ServiceT = TypeVar("ServiceT")
_PLACE = re.compile(r"\{([a-z_]+)(\.\.\.)?\}")
_REMEMBERED = 2048


class Place(Generic[ServiceT]):
    """Where a path leads.

    Attributes:
        service: Who takes every request to it, or None.
        routes: Else the routes, by method, HEAD included where there is GET.
        named: What stands at the named places of the pattern.
        problem: Why the path leads nowhere, or None.
    """

    __slots__ = ("named", "problem", "routes", "service")

    def __init__(
        self,
        *,
        service: ServiceT | None = None,
        routes: Mapping[str, Route] | None = None,
        named: Mapping[str, str] | None = None,
        problem: Problem | None = None,
    ) -> None:
        self.service = service
        self.routes = routes or {}
        self.named = named or {}
        self.problem = problem


class _Pattern:
    """One pattern: its expression, the names of its places, and the routes that have it."""

    def __init__(self, text: str) -> None:
        self.names: list[str] = []
        self.rest = ""
        self.routes: dict[str, Route] = {}
        parts: list[str] = []
        position = 0
        for place in _PLACE.finditer(text):
            parts.append(re.escape(text[position : place.start()]))
            position = place.end()
            self.names.append(place[1])
            if place[2] is None:
                parts.append("([^/]+)")
            elif position == len(text):
                self.rest = place[1]
                parts.append("(.*)")
            else:
                raise ValueError(f"{text}: {{{place[1]}...}} stands at the end alone")
        parts.append(re.escape(text[position:]))
        self.expression = "".join(parts)
        # Where several fit, a text is before a segment, and that before a rest.
        self.order = [
            2 if "..." in segment else 1 if "{" in segment else 0 for segment in text.split("/")
        ]


class Routing(Generic[ServiceT]):
    """The routes and services of one door.

    Args:
        routes: The routes.
        services: Whole services, by the prefix of the paths that are theirs, which ends in `/`.

    Attributes:
        places: Paths that were met before, and where they lead.

    Raises:
        ValueError: Two routes want the same, or a pattern is none.
    """

    def __init__(self, routes: Iterable[Route], services: Mapping[str, ServiceT]) -> None:
        self._services = dict(services)
        self.places: dict[str, Place[ServiceT]] = {}
        patterns: dict[str, _Pattern] = {}
        for route in routes:
            pattern = patterns.setdefault(route.pattern, _Pattern(route.pattern))
            for method in route.methods:
                if method in pattern.routes:
                    raise ValueError(f"two routes answer {method} {route.pattern}")
                pattern.routes[method] = route
        for pattern in patterns.values():
            if "GET" in pattern.routes:
                pattern.routes.setdefault("HEAD", pattern.routes["GET"])
        self._fixed = {text: each for text, each in patterns.items() if not each.names}
        self._open = sorted((p for p in patterns.values() if p.names), key=lambda p: p.order)
        self._numbers: dict[int, _Pattern] = {}
        self._expression = self._compiled(self._open)

    def _compiled(self, patterns: Sequence[_Pattern]) -> re.Pattern[str] | None:
        group = 1
        for pattern in patterns:
            self._numbers[group] = pattern
            group += 1 + len(pattern.names)
        alternatives = "|".join(f"({pattern.expression})" for pattern in patterns)
        return re.compile(alternatives) if patterns else None

    def find(self, path: str) -> Place[ServiceT]:
        """Where a path leads, as it was sent."""
        return self.places.get(path) or self._look_up(path)

    def _look_up(self, path: str) -> Place[ServiceT]:
        place = self._found(path)
        if len(self.places) >= _REMEMBERED:
            self.places.clear()
        self.places[path] = place
        return place

    def _found(self, path: str) -> Place[ServiceT]:
        for prefix, service in self._services.items():
            if path.startswith(prefix) or path == prefix[:-1]:
                end = path.find("/", len(prefix))
                fault = fault_of(path, len(path) if end < 0 else end + 1)
                return _refused(fault) if fault else Place(service=service)
        fixed = self._fixed.get(path)
        if fixed is not None:
            return Place(routes=fixed.routes)
        found = None if self._expression is None else self._expression.fullmatch(path)
        if found is None or found.lastindex is None:
            fault = fault_of(path, len(path))
            return _refused(fault) if fault else Place(problem=Problem(status=404))
        pattern = self._numbers[found.lastindex]
        routed = found.start(found.lastindex + len(pattern.names)) if pattern.rest else len(path)
        fault = fault_of(path, routed)
        if fault:
            return _refused(fault)
        return self._named(pattern, found, found.lastindex)

    @staticmethod
    def _named(pattern: _Pattern, found: re.Match[str], group: int) -> Place[ServiceT]:
        named: dict[str, str] = {}
        for number, name in enumerate(pattern.names, group + 1):
            text = found[number]
            try:
                named[name] = text if name == pattern.rest else unquote_to_bytes(text).decode()
            except UnicodeDecodeError:
                return _refused("the path is not UTF-8")
        return Place(routes=pattern.routes, named=named)


def _refused(fault: str) -> Place[Any]:
    return Place(problem=Problem(status=400, detail=fault))
