"""HAProxy's backends: one for each route and who gets its calls, with what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.routing import duration
from wherry_build.manifests.routing_path import path_rewrite
from wherry_build.manifests.sidecar.haproxy.conditions import ROUTE, is_route
from wherry_build.manifests.sidecar.haproxy.text import Section, literal, quoted
from wherry_build.manifests.sidecar.placement import Placement
from wherry_build.manifests.sidecar.table import RETRIES, Upstream, backends, policy
from wherry_build.manifests.topology import RouteRule, Topology
from wherry_build.project.specification.amounts import Duration
from wherry_build.project.specification.routing import Retries, RetryOn
from wherry_build.project.specification.traffic import LoadBalancing

RESOLVERS = "cluster"
_MOST_SERVERS = 32
_BALANCE = {
    LoadBalancing.ROUND_ROBIN: "roundrobin",
    LoadBalancing.LEAST_REQUEST: "leastconn",
    LoadBalancing.RANDOM: "random",
}


class RouteBackends:
    """The backends of one route.

    Args:
        rule: The route.
        topology: What is rendered.
        placement: Where the others are.
    """

    def __init__(self, rule: RouteRule, topology: Topology, placement: Placement) -> None:
        self._rule = rule
        self._topology = topology
        self._placement = placement
        self._shared = backends(topology, rule)

    def choice(self) -> Iterator[str]:
        """Lines of the frontend: who of several gets a call, and who gets none."""
        name = self._rule.name
        mine = is_route(name)
        fault = self._rule.said.fault
        if fault is not None and fault.abort is not None:
            chance = f"{{ rand(100) lt {fault.abort.percent} }}"
            yield f"http-request return status {fault.abort.status} if {mine} {chance}"
        if len(self._shared) == 1:
            return
        left = 100
        for upstream, percent in self._shared:
            # Of those that the ones before have left; the last gets the rest.
            chance = f" {{ rand({left}) lt {percent} }}" if percent < left else ""
            yield f"http-request set-var({ROUTE}) str({self._name(upstream)}) if {mine}{chance}"
            left -= percent
            if left <= 0:
                return

    def sections(self) -> Iterator[Section]:
        """The backends."""
        for upstream, percent in self._shared:
            if percent or len(self._shared) == 1:
                head = f"backend {self._name(upstream)}"
                yield Section(head=head, lines=list(self._lines(upstream)))

    def _name(self, upstream: Upstream) -> str:
        """One of several has the upstream's name after a dot, which no route has in its name."""
        name = self._rule.name
        return name if len(self._shared) == 1 else f"{name}.{upstream.name}"

    def _lines(self, upstream: Upstream) -> Iterator[str]:
        said = self._rule.said
        of_callers = policy(self._topology, upstream)
        if of_callers.load_balancing is not None:
            yield f"balance {_BALANCE[of_callers.load_balancing]}"
        pool = of_callers.connection_pool
        if pool is not None and pool.connect_timeout is not None:
            yield f"timeout connect {pool.connect_timeout.milliseconds}ms"
        yield f"timeout server {_time(duration(self._rule, self._topology))}"
        yield from _retries(said.retries)
        rewrite = path_rewrite(said.path, said.rewrite.path if said.rewrite is not None else None)
        if rewrite is not None:
            to = literal(rewrite.to)
            yield f"http-request replace-path {quoted(rewrite.pattern)} {quoted(to)}"
        if said.rewrite is not None and said.rewrite.host is not None:
            yield f"http-request set-header Host {quoted(literal(said.rewrite.host))}"
        yield from self._servers(upstream)

    def _servers(self, upstream: Upstream) -> Iterator[str]:
        found = self._placement.addresses(upstream.function, upstream.revision)
        for at, address in enumerate(found):
            if address.is_numeric:
                yield f"server pod{at} {address}"
            else:
                slots = self._slots(upstream)
                asked = f"resolvers {RESOLVERS} init-addr none resolve-prefer ipv4"
                yield f"server-template pod{at}_ {slots} {address} {asked}"

    def _slots(self, upstream: Upstream) -> int:
        """Pods at most, and one more while they are rolled out."""
        most = self._topology.workloads[upstream.function].function.scale.most
        return min(most + 1, _MOST_SERVERS)


def _time(said: Duration) -> str:
    return f"{said.milliseconds}ms"


def _retries(said: Retries | None) -> Iterator[str]:
    attempts = RETRIES if said is None else said.attempts
    if attempts != RETRIES:
        yield f"retries {attempts}"
    if said is not None and RetryOn.GATEWAY_ERROR in said.retry_on and attempts:
        yield "retry-on conn-failure 502 503 504"
