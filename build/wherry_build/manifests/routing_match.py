"""Which calls a route takes: paths, methods and headers, and when one match takes all of another.

A path and all below it are two matches, for that is how most proxies know a whole segment: `/a`
exactly, and what begins with `/a/`. Knows no proxy and no order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from wherry_build.manifests.topology import RouteRule
from wherry_build.project.specification.routing import HeaderMatch, Method, PathMatch

_PREFLIGHT = {
    "origin": HeaderMatch(present=True),
    "access-control-request-method": HeaderMatch(present=True),
}
"""What the question has that a browser asks before a call (Fetch Standard, CORS preflight)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Calls of one path, or of all paths below one.

    Attributes:
        path: The path; for those below it without its last slash, so that empty is every path.
        below: Whether what is below `path` is meant, and not `path` itself.
        methods: Methods; any when empty.
        headers: What headers must be, by lower-case name.
        preflight: Whether it is there for what browsers ask before a call.
    """

    path: str
    below: bool
    methods: tuple[Method, ...] = ()
    headers: Mapping[str, HeaderMatch] = field(default_factory=dict)
    preflight: bool = False

    def takes(self, other: Match) -> bool:
        """Whether every call that `other` takes is one of its own."""
        return (
            self._takes_path(other)
            and (not self.methods or _are_within(other.methods, self.methods))
            and all(
                name in other.headers and _implies(other.headers[name], wanted)
                for name, wanted in self.headers.items()
            )
        )

    def _takes_path(self, other: Match) -> bool:
        if self.below:
            lowest = f"{other.path}/" if other.below else other.path
            return lowest.startswith(f"{self.path}/")
        return not other.below and self.path == other.path

    def meets(self, other: Match) -> bool:
        """Whether some call may be one of both."""
        paths = self._takes_path(other) or other._takes_path(self)
        methods = not (self.methods and other.methods) or set(self.methods) & set(other.methods)
        return bool(
            paths
            and methods
            and all(
                _agree(wanted, other.headers[name])
                for name, wanted in self.headers.items()
                if name in other.headers
            )
        )

    def around(self) -> Iterator[tuple[str, bool]]:
        """Path and `below` of every match that could take this one's path."""
        lowest = f"{self.path}/" if self.below else self.path
        for place, character in enumerate(lowest):
            if character == "/":
                yield lowest[:place], True
        if not self.below:
            yield self.path, False


def matches(rule: RouteRule) -> tuple[Match, ...]:
    """The matches of `rule`; with what browsers ask before, where its conditions shut that out."""
    said = rule.said
    headers = {name.lower(): wanted for name, wanted in said.headers.items()}
    plain = tuple(
        replace(each, methods=said.methods, headers=headers) for each in _paths(said.path)
    )
    asks_before = said.cors is not None and bool(said.methods or headers)
    if not asks_before or (Method.OPTIONS in said.methods and not headers):
        return plain
    return plain + tuple(
        replace(each, methods=(Method.OPTIONS,), headers=_PREFLIGHT, preflight=True)
        for each in plain
    )


def repeated_headers(rule: RouteRule) -> list[str]:
    """Headers that `rule` names in two spellings, which are one header (RFC 9110 section 5.1)."""
    names = [name.lower() for name in rule.said.headers]
    return sorted({name for name in names if names.count(name) > 1})


def _paths(said: PathMatch | None) -> tuple[Match, ...]:
    if said is None:
        return (Match(path="", below=True),)
    if said.exact is not None:
        return (Match(path=said.exact, below=False),)
    prefix = said.prefix or "/"
    below = Match(path=prefix.rstrip("/"), below=True)
    return (below,) if prefix.endswith("/") else (Match(path=prefix, below=False), below)


def _are_within(methods: tuple[Method, ...], wide: tuple[Method, ...]) -> bool:
    return bool(methods) and set(methods) <= set(wide)


def _implies(given: HeaderMatch, wanted: HeaderMatch) -> bool:
    """Whether a header that is as `given` is as `wanted`."""
    if given == wanted:
        return True
    if wanted.present:
        return given.present is None
    if wanted.prefix is not None:
        return (given.exact or given.prefix or "").startswith(wanted.prefix)
    return False


def _agree(one: HeaderMatch, other: HeaderMatch) -> bool:
    """Whether a header can be as both say."""
    if one.present is False or other.present is False:
        return one == other
    if one.exact is not None and other.exact is not None:
        return one.exact == other.exact
    starts = [each.prefix or "" for each in (one, other)]
    exact = one.exact or other.exact
    if exact is not None:
        return all(exact.startswith(start) for start in starts)
    return starts[0].startswith(starts[1]) or starts[1].startswith(starts[0])
