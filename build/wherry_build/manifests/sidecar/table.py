"""What the proxies of a project route, and to whom: hosts, tables of routes, upstreams, secrets.

Made from the topology, once for every proxy alike. Knows no proxy and no pod.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wherry_build.manifests.document import response_s
from wherry_build.manifests.emission import Loss
from wherry_build.manifests.routing import Table, duration, tables, unreached
from wherry_build.manifests.topology import Backend, RouteRule, Topology, shares
from wherry_build.project.specification.amounts import Duration
from wherry_build.project.specification.traffic import TrafficPolicy

DEFAULT_SECRET = "functions-tls"  # noqa: S105 - the name of a Secret
RETRIES = 2
"""Times that a call is made again which has not reached its function, when nothing is said."""
_NOTHING_SAID = TrafficPolicy()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Upstream:
    """A function, or one of its revisions, that calls are sent to."""

    function: str
    revision: str

    @property
    def name(self) -> str:
        """A name that no other upstream has; functions have no underscore."""
        return f"{self.function}_{self.revision}" if self.revision else self.function


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A Secret of type kubernetes.io/tls, and the hosts that it is shown to."""

    secret: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """What the proxies route.

    Attributes:
        tables: Routes, by hosts.
        redirected: Hosts whose plain calls are sent to HTTPS.
        plain: Hosts that have no HTTPS.
        unrouted: Hosts without a route.
        upstreams: Where routes lead to.
        certificates: What HTTPS is spoken with; the first is shown to callers of any other host.
            None where HTTPS is not spoken at all.
        longest: The longest time that any call may take.
        routed: Whether the proxies carry the project's routes at all.
    """

    tables: tuple[Table, ...]
    redirected: frozenset[str]
    plain: frozenset[str]
    unrouted: tuple[str, ...]
    upstreams: tuple[Upstream, ...]
    certificates: tuple[Certificate, ...]
    longest: Duration
    routed: bool = True


def route_table(topology: Topology) -> RouteTable:
    """The table of a project whose proxies carry its routes."""
    made = tables(topology) if _has_hosts(topology) else ()
    served = {host for table in made for host in table.hosts}
    tls = {host: each for host, each in topology.hosts.items() if each is not None}
    return RouteTable(
        tables=made,
        redirected=frozenset(host for host, each in tls.items() if each.redirect is not False),
        plain=frozenset((served | topology.hosts.keys()) - tls.keys()),
        unrouted=tuple(host for host in topology.hosts if host not in served),
        upstreams=tuple(sorted(set(_upstreams(topology, made)))),
        certificates=_certificates(topology),
        longest=max([_longest(topology), *(duration(rule, topology) for rule in _rules(made))]),
    )


def function_table(topology: Topology) -> RouteTable:
    """The table of proxies behind whatever else carries the routes: each its own function's."""
    return RouteTable(
        tables=(),
        redirected=frozenset(),
        plain=frozenset(),
        unrouted=(),
        upstreams=(),
        certificates=(),
        longest=_longest(topology),
        routed=False,
    )


def backends(topology: Topology, rule: RouteRule) -> list[tuple[Upstream, int]]:
    """Where the calls of `rule` go, with percents that are 100 together."""
    return [(_upstream(each), each.percent) for each in shares(topology, rule)]


def mirror(topology: Topology, rule: RouteRule) -> Upstream | None:
    """Who gets a copy of the calls of `rule`; nobody when it is not among the functions chosen."""
    said = rule.said.mirror
    if said is None or said.function not in topology.workloads:
        return None
    return Upstream(function=said.function, revision="")


def policy(topology: Topology, upstream: Upstream) -> TrafficPolicy:
    """How callers connect to `upstream`."""
    return topology.workloads[upstream.function].said.traffic_policy or _NOTHING_SAID


def routing_losses(topology: Topology, table: RouteTable) -> Iterator[Loss]:
    """What is said and has no effect, because of what else is said or is not."""
    if not _has_hosts(topology):
        for rule in topology.routes:
            if not rule.generated:
                yield Loss(
                    key=f"routes.{rule.name}",
                    reason="a sidecar routes calls of the project's hosts, and there is none",
                    instead="`hosts` in wherry.yaml, or --host",
                )
    yield from unreached(table.tables)
    routed = {each.function for each in table.upstreams}
    divided = {each.function for each in table.upstreams if each.revision}
    for name, workload in topology.workloads.items():
        said = workload.said.traffic_policy
        if said is not None and name not in routed:
            for key in ("connection_pool", "outlier_detection", "load_balancing"):
                if getattr(said, key) is not None:
                    yield Loss(
                        key=f"functions.{name}.traffic_policy.{key}",
                        reason="no route leads to it, and a sidecar connects by routes alone",
                        instead="a route to it",
                    )
        sharing = [each for each in workload.revisions if each.name and each.percent]
        if len(sharing) > 1 and name not in divided:
            for revision in sharing:
                yield Loss(
                    key=f"functions.{name}.revisions.{revision.name}.percent",
                    reason="no route leads to it, and its Service shares calls among all pods",
                    instead="a route to it",
                )


def _has_hosts(topology: Topology) -> bool:
    return bool(topology.hosts) or any(rule.host for rule in topology.routes)


def _rules(made: tuple[Table, ...]) -> Iterator[RouteRule]:
    for table in made:
        for entry in table.entries:
            yield entry.rule


def _upstreams(topology: Topology, made: tuple[Table, ...]) -> Iterator[Upstream]:
    for rule in _rules(made):
        yield from (upstream for upstream, _ in backends(topology, rule))
        copied_to = mirror(topology, rule)
        if copied_to is not None:
            yield copied_to


def _upstream(backend: Backend) -> Upstream:
    return Upstream(function=backend.function, revision=backend.revision)


def _certificates(topology: Topology) -> tuple[Certificate, ...]:
    by_secret: dict[str, list[str]] = {}
    for host, tls in topology.hosts.items():
        if tls is not None:
            by_secret.setdefault(tls.secret, []).append(host)
    return tuple(
        Certificate(secret=secret, hosts=tuple(hosts))
        for secret, hosts in (by_secret or {DEFAULT_SECRET: []}).items()
    )


def _longest(topology: Topology) -> Duration:
    slowest = max((each.function.timeout_s for each in topology.workloads.values()), default=0)
    return Duration(milliseconds=response_s(slowest) * 1000)
