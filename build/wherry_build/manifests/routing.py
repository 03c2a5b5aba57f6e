"""The route table of each host: which routes it has, in their order, without what none reaches.

What the emitters of meshes share. A host that a route names has a table of its own, with the routes
of every host among its own; all others have the same one. Knows no mesh.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from wherry_build.errors import ManifestError
from wherry_build.manifests.document import response_s
from wherry_build.manifests.emission import Loss
from wherry_build.manifests.routing_match import Match, matches
from wherry_build.manifests.topology import RouteRule, Topology
from wherry_build.project.specification.amounts import Duration
from wherry_build.project.specification.routing import Retries, RetryOn

RETRY_ON = (RetryOn.CONNECT_FAILURE, RetryOn.REFUSED_STREAM, RetryOn.RESET_BEFORE_REQUEST)
"""After what a call is made again when nothing is said: what has not reached the function."""
_KEPT = 50
_LIMIT_NAME = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A route in a table.

    Attributes:
        rule: The route.
        matches: Those of its matches that no earlier route takes; at least one.
    """

    rule: RouteRule
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The routes of one host, or of all those that no route names.

    Attributes:
        hosts: The hosts, at least one.
        named: Whether a route names the host.
        entries: The routes that are reached, in the order that they are asked.
        taken: By name, the routes that are not, each with one that takes its calls.
    """

    hosts: tuple[str, ...]
    named: bool
    entries: tuple[Entry, ...]
    taken: dict[str, str]


def served_hosts(topology: Topology) -> tuple[str, ...]:
    """Hosts that the gateway serves: those of the project, and those that routes name besides.

    Raises:
        ManifestError: There is none.
    """
    hosts = dict.fromkeys([*topology.hosts, *(each.host for each in topology.routes if each.host)])
    if not hosts:
        raise ManifestError(
            "a mesh's gateway serves a host, and none was given", hint="--host fns.example.com"
        )
    return tuple(hosts)


def tables(topology: Topology) -> tuple[Table, ...]:
    """The tables, that of the hosts that no route names first; hosts without a route have none.

    Raises:
        ManifestError: There is no host.
    """
    by_host: dict[str, list[int]] = {}
    for place, rule in enumerate(topology.routes):
        by_host.setdefault(rule.host, []).append(place)
    wide = [host for host in by_host if host.startswith("*.")]
    shared: list[str] = []
    made: list[Table] = []
    for host in served_hosts(topology):
        named = [each for each in wide if _covers(each, host)] + [host] * (host in by_host)
        if not named:
            shared.append(host)
            continue
        places = sorted(place for each in ("", *named) for place in by_host.get(each, ()))
        made.append(_table((host,), [topology.routes[place] for place in places], named=True))
    if shared:
        general = [topology.routes[place] for place in by_host.get("", ())]
        made.insert(0, _table(tuple(shared), general, named=False))
    return tuple(each for each in made if each.entries)


def is_for(rule: RouteRule, host: str) -> bool:
    """Whether `rule` is asked for a call of `host`, which may begin with `*.` itself."""
    return rule.host in {"", host} or _covers(rule.host, host)


def unreached(made: Iterable[Table]) -> tuple[Loss, ...]:
    """The routes that no table has; which route takes their calls."""
    listed = list(made)
    reached = {entry.rule.name for table in listed for entry in table.entries}
    return tuple(
        Loss(
            key=f"routes.{name}",
            reason=f"it is never reached: routes.{taker} is asked before, and takes its calls",
            instead=f"put it before routes.{taker}",
        )
        for name, taker in {
            name: taker for table in listed for name, taker in table.taken.items()
        }.items()
        if name not in reached
    )


def of_host(host: str) -> str:
    """A name for what belongs to `host`, which no other host has."""
    name = f"wildcard-{host[2:]}" if host.startswith("*.") else f"host-{host}"
    if len(name) <= _LIMIT_NAME:
        return name
    return f"{name[:_KEPT].rstrip('.-')}-{sha256(host.encode()).hexdigest()[:8]}"


def rewritten_host(rule: RouteRule) -> str:
    """The host that the function sees in place of the caller's; empty for the caller's.

    One that begins with `*.` is many hosts and none to write.
    """
    host = rule.said.rewrite.host if rule.said.rewrite is not None else None
    return host if host is not None and not host.startswith("*.") else ""


def duration(rule: RouteRule, topology: Topology) -> Duration:
    """Time for a whole call of `rule`: what it says, or what its slowest function needs."""
    if rule.said.timeout is not None:
        return rule.said.timeout
    longest = max(topology.workloads[each.function].function.timeout_s for each in rule.backends)
    return Duration(milliseconds=response_s(longest) * 1000)


def retry_on(retries: Retries) -> tuple[str, ...]:
    """After what a call is made again, in the words of Envoy."""
    return tuple(each.value for each in retries.retry_on or RETRY_ON)


def _covers(wide: str, host: str) -> bool:
    return wide.startswith("*.") and wide != host and host.endswith(wide[1:])


def _table(hosts: tuple[str, ...], routes: Iterable[RouteRule], *, named: bool) -> Table:
    entries: list[Entry] = []
    taken: dict[str, str] = {}
    earlier: dict[tuple[str, bool], list[tuple[str, Match]]] = {}
    for rule in routes:
        takers = [(match, next(_takers(match, earlier), "")) for match in matches(rule)]
        left = tuple(match for match, taker in takers if not taker)
        if all(match.preflight for match in left):
            taken[rule.name] = next(taker for _, taker in takers if taker)
            continue
        entries.append(Entry(rule=rule, matches=left))
        for match in left:
            earlier.setdefault((match.path, match.below), []).append((rule.name, match))
    return Table(hosts=hosts, named=named, entries=tuple(entries), taken=taken)


def _takers(
    match: Match, earlier: dict[tuple[str, bool], list[tuple[str, Match]]]
) -> Iterator[str]:
    for place in match.around():
        for name, wide in earlier.get(place, ()):
            if wide.takes(match):
                yield name
