"""HAProxy beside each function, with the project's routes as far as HAProxy goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, Loss, PodAddition
from wherry_build.manifests.options import RenderOptions
from wherry_build.manifests.sidecar import emission
from wherry_build.manifests.sidecar.haproxy.kind import HAPROXY
from wherry_build.manifests.sidecar.table import route_table
from wherry_build.manifests.topology import Topology
from wherry_build.project.specification.routing import RetryOn

CARRIED: frozenset[str] = frozenset(
    {
        "hosts",
        "functions.*.traffic_policy.load_balancing",
        "functions.*.traffic_policy.connection_pool.connect_timeout",
        "routes.*.host", "routes.*.path", "routes.*.methods", "routes.*.headers",
        "routes.*.function", "routes.*.split", "routes.*.rewrite", "routes.*.timeout",
        "routes.*.retries.attempts", "routes.*.retries.retry_on", "routes.*.fault.abort",
    }
)  # fmt: skip
_NO_IDENTITY = Reason(
    reason="the sidecars have no certificates of their callers; calls between pods are plain HTTP",
    instead="--mesh istio",
)
LOST: dict[str, Reason] = {
    "mutual_tls": _NO_IDENTITY,
    "functions.*.traffic_policy.mutual_tls": _NO_IDENTITY,
    "functions.*.traffic_policy": Reason(
        reason="HAProxy counts connections and failures for each route, not for a function",
        instead="--sidecar envoy",
    ),
    "routes.*.retries.per_try_timeout": Reason(
        reason="HAProxy has one time for each try, that of the route", instead="--sidecar envoy"
    ),
    "routes.*.mirror": Reason(
        reason="HAProxy copies no calls without an agent beside it", instead="--sidecar envoy"
    ),
    "routes.*.fault.delay": Reason(reason="HAProxy holds no call up", instead="--sidecar envoy"),
    "routes.*.cors": Reason(
        reason="HAProxy has no filter for it; the function answers for itself",
        instead="--sidecar envoy",
    ),
}


def emit(topology: Topology, options: RenderOptions) -> Emission:  # noqa: ARG001 - the contract
    """The configuration of every HAProxy, and the Services of the pods that it calls.

    Raises:
        ManifestError: The configuration is too large, or a name is not to be had.
    """
    made = emission.emission(HAPROXY, route_table(topology), topology)
    return replace(
        made,
        losses=(*made.losses, *_copied_alone(topology)),
        warnings=(*made.warnings, *_warnings(topology)),
    )


def pod_addition(topology: Topology, options: RenderOptions) -> PodAddition:
    """HAProxy's container, and what it needs."""
    return emission.pod_addition(HAPROXY, route_table(topology), topology, options)


def _copied_alone(topology: Topology) -> Iterator[Loss]:
    """What is said of calls to a function that would get copies alone, of which there are none."""
    called = {each.function for rule in topology.routes for each in rule.backends}
    copied = {rule.said.mirror.function for rule in topology.routes if rule.said.mirror is not None}
    for name in sorted(copied.intersection(topology.workloads) - called):
        said = topology.workloads[name].said.traffic_policy
        pool = said.connection_pool if said is not None else None
        for key, value in (
            ("load_balancing", said and said.load_balancing),
            ("connection_pool.connect_timeout", pool and pool.connect_timeout),
        ):
            if value is not None:
                yield Loss(
                    key=f"functions.{name}.traffic_policy.{key}",
                    reason="only copies of calls would go there, and HAProxy makes none",
                    instead="--sidecar envoy",
                )


def _warnings(topology: Topology) -> Iterator[str]:
    said = {rule.name: rule.said for rule in topology.routes}
    timed = [name for name, each in said.items() if each.timeout is not None]
    if timed:
        yield (
            f"{', '.join(timed)}: HAProxy takes the timeout of a route for the time between two "
            "reads, not for the whole answer"
        )
    repeated = [
        name
        for name, each in said.items()
        if each.retries is not None and RetryOn.GATEWAY_ERROR in each.retries.retry_on
    ]
    if repeated:
        yield (
            f"{', '.join(repeated)}: HAProxy makes a call again after an error only when its body "
            "is within 16 KiB"
        )
