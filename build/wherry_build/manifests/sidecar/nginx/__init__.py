"""NGINX beside each function, with the project's routes as far as NGINX goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.emission import Emission, Loss, PodAddition
from wherry_build.manifests.options import RenderOptions
from wherry_build.manifests.sidecar import emission
from wherry_build.manifests.sidecar.nginx.kind import NGINX
from wherry_build.manifests.sidecar.nginx.matching import is_askable
from wherry_build.manifests.sidecar.table import route_table
from wherry_build.manifests.topology import Topology
from wherry_build.project.specification.routing import RetryOn

CARRIED: frozenset[str] = frozenset(
    {
        "hosts",
        "routes.*.host", "routes.*.path", "routes.*.methods", "routes.*.headers",
        "routes.*.function", "routes.*.split", "routes.*.rewrite", "routes.*.timeout",
        "routes.*.retries.attempts", "routes.*.retries.retry_on", "routes.*.mirror",
        "routes.*.fault.abort",
    }
)  # fmt: skip
_NO_IDENTITY = Reason(
    reason="the sidecars have no certificates of their callers; calls between pods are plain HTTP",
    instead="--mesh istio",
)
_BY_NAME = Reason(
    reason="NGINX looks a name up for each call, and then keeps no account of its servers",
    instead="--sidecar envoy",
)
LOST: dict[str, Reason] = {
    "mutual_tls": _NO_IDENTITY,
    "functions.*.traffic_policy.mutual_tls": _NO_IDENTITY,
    "functions.*.traffic_policy": _BY_NAME,
    "routes.*.retries.per_try_timeout": Reason(
        reason="NGINX has one time for each step of every try, that of the route",
        instead="--sidecar envoy",
    ),
    "routes.*.fault.delay": Reason(reason="NGINX holds no call up", instead="--sidecar envoy"),
    "routes.*.cors": Reason(
        reason="NGINX has no filter for it; the function answers for itself",
        instead="--sidecar envoy",
    ),
}
_CLOSED = 444


def emit(topology: Topology, options: RenderOptions) -> Emission:  # noqa: ARG001 - the contract
    """The configuration of every NGINX, and the Services of the pods that it calls.

    Raises:
        ManifestError: The configuration is too large, or a name is not to be had.
    """
    made = emission.emission(NGINX, route_table(topology), topology)
    return replace(
        made,
        losses=(*made.losses, *_losses(topology)),
        warnings=(*made.warnings, *_warnings(topology)),
    )


def pod_addition(topology: Topology, options: RenderOptions) -> PodAddition:
    """NGINX's container, and what it needs."""
    return emission.pod_addition(NGINX, route_table(topology), topology, options)


def _losses(topology: Topology) -> Iterator[Loss]:
    for rule in topology.routes:
        for name in rule.said.headers:
            if not is_askable(name.lower()):
                yield Loss(
                    key=f"routes.{rule.name}.headers.{name}",
                    reason="NGINX asks for headers of letters, digits and dashes only, and takes "
                    "any other for absent",
                    instead="--sidecar envoy",
                )
        fault = rule.said.fault
        if fault is not None and fault.abort is not None and fault.abort.status == _CLOSED:
            yield Loss(
                key=f"routes.{rule.name}.fault.abort",
                reason=f"NGINX takes {_CLOSED} for closing the connection",
                instead="another status",
            )


def _warnings(topology: Topology) -> Iterator[str]:
    said = {rule.name: rule.said for rule in topology.routes}
    timed = [name for name, each in said.items() if each.timeout is not None]
    if timed:
        yield (
            f"{', '.join(timed)}: NGINX takes the timeout of a route for the time between two "
            "reads, not for the whole answer"
        )
    repeated = [
        name
        for name, each in said.items()
        if each.retries is not None and RetryOn.GATEWAY_ERROR in each.retries.retry_on
    ]
    if repeated:
        yield (
            f"{', '.join(repeated)}: NGINX makes calls of POST and PATCH again only when nothing "
            "was sent, and every call only to another instance"
        )
