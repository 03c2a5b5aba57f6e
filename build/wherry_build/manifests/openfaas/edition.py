"""The limits of OpenFaaS's Community Edition: what a project would run into there.

Sources: the source of its gateway and provider (15 functions, 5 instances, public images, one
namespace; labels of the autoscaler are refused) and OpenFaaS's documentation of what the commercial
editions add.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wherry_build.manifests.coverage import Reason, said_keys
from wherry_build.manifests.emission import Loss
from wherry_build.manifests.openfaas.events import Subscriptions
from wherry_build.manifests.openfaas.scaling import LIMIT_CE, PREFIX
from wherry_build.manifests.topology import Topology, Workload
from wherry_build.project.specification.function import Scaling

NAMESPACE = "openfaas-fn"
LIMIT_FUNCTIONS = 15
_REFUSED_LABELS = tuple(f"{PREFIX}{name}" for name in ("type", "target", "zero", "zero-duration"))
_PRO = "--edition pro"
_ONE_RULE = Reason(
    reason="the Community Edition scales by one rule for all, over requests a second", instead=_PRO
)
_PROBES = Reason(reason="the Community Edition asks /_/health, at times of its own", instead=_PRO)
_REASONS = {
    "scale.target": _ONE_RULE,
    "scale.metric": _ONE_RULE,
    "scale.utilization": _ONE_RULE,
    "scale.down_delay": _ONE_RULE,
    "scale.zero_after": Reason(reason="the Community Edition scales to 1 at least", instead=_PRO),
    "probes.readiness": _PROBES,
    "probes.liveness": _PROBES,
    "service_account": Reason(
        reason="functions of the Community Edition run as the namespace's default account",
        instead=_PRO,
    ),
}


def ce_losses(workload: Workload) -> Iterator[Loss]:
    """What is said of `workload` that the commercial editions alone have a form for."""
    for key, _ in said_keys(workload.said):
        reason = _REASONS.get(".".join(key.split(".")[:2]))
        if reason is not None:
            yield Loss(
                key=f"functions.{workload.name}.{key}",
                reason=reason.reason,
                instead=reason.instead,
            )
    if workload.said.scale is not None and workload.said.scale.zero:
        yield Loss(
            key=f"functions.{workload.name}.scale.zero",
            reason="the Community Edition scales to 1 at least",
            instead=_PRO,
        )


def ce_warnings(
    topology: Topology, names: Sequence[str], subscribed: Subscriptions
) -> Iterator[str]:
    """The limits that the project would run into, each with who does.

    Args:
        topology: The project.
        names: Names of the functions that are deployed.
        subscribed: What brings them their events.
    """
    workloads = topology.workloads.values()
    if len(names) > LIMIT_FUNCTIONS:
        yield _limit(f"takes {LIMIT_FUNCTIONS} functions at most, and these are {len(names)}")
    if topology.namespace != NAMESPACE:
        yield _limit(f"has one namespace, {NAMESPACE}, and this is {topology.namespace}")
    if topology.pull_secrets:
        yield _limit(
            "pulls public images only, and registry.pull_secrets names "
            + ", ".join(topology.pull_secrets)
        )
    yield from _each(
        "does not scale to zero",
        (each.name for each in workloads if _asks_to_sleep(each.said.scale or Scaling())),
    )
    yield from _each(
        f"stops at {LIMIT_CE} instances",
        (
            f"{each.name} ({_asked_most(each)})"
            for each in workloads
            if _asked_most(each) > LIMIT_CE
        ),
    )
    yield from _each(
        "refuses labels of the commercial autoscaler",
        (
            f"{each.name} ({label})"
            for each in workloads
            for label in _REFUSED_LABELS
            if label in each.function.labels
        ),
    )
    if subscribed.topics and subscribed.crons:
        yield _limit("has the cron connector or one that brings events, and not both")
    yield from _each(
        "has connectors of one topic a function",
        (name for name, topics in subscribed.topics.items() if len(topics) > 1),
    )


def _each(limit: str, those: Iterable[str]) -> Iterator[str]:
    named = list(those)
    if named:
        yield _limit(f"{limit}: {', '.join(named)}")


def _limit(text: str) -> str:
    return f"OpenFaaS's Community Edition {text}"


def _asks_to_sleep(said: Scaling) -> bool:
    return said.min == 0 or bool(said.zero) or said.zero_after is not None


def _asked_most(workload: Workload) -> int:
    """Instances that somebody asked for; the model's own default is no wish."""
    said = workload.said.scale or Scaling()
    return max(said.max or 0, said.min or 0)
