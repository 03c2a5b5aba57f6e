"""AuthorizationPolicy: who may call a function, by the certificate that the mesh gave it.

What the pod sees is the last hop. Of a Knative Service that is often Knative's activator or the
gateway, of an OpenFaaS function OpenFaaS's gateway: these are let in for whatever a caller may do,
and it is theirs to turn others away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wherry_build.manifests.document import Document
from wherry_build.manifests.emission import Emission, Loss
from wherry_build.manifests.istio.names import INGRESS_NAMESPACE, document
from wherry_build.manifests.istio.pods import Pods, pods
from wherry_build.manifests.options import Target
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.eventing import Delivery
from wherry_build.project.specification.traffic import Caller

_SERVING = "knative-serving"
_EVENTING = "knative-eventing"
_HOPS = {
    Target.KUBERNETES: (),
    Target.KNATIVE: (_SERVING, INGRESS_NAMESPACE),
    Target.OPENFAAS: ("openfaas",),
}
"""Namespaces whose pods call a function in the place of its callers."""
_HOP_WARNING = {
    Target.KNATIVE: "Knative's activator and gateway call the pods in the place of callers",
    Target.OPENFAAS: "OpenFaaS's gateway calls the pods in the place of callers",
}
_OF_SERVING: Node = {
    # The activator's probe, and what the autoscaler reads.
    "from": [{"source": {"namespaces": [_SERVING]}}],
    "to": [{"operation": {"paths": ["/healthz", "/metrics"]}}],
}


def authorization_policies(topology: Topology, target: Target) -> Emission:
    """The policy of each function that says who may call it.

    Raises:
        ManifestError: A name made of two is too long.
    """
    routed = _routed(topology)
    events = _event_paths(topology) if target is Target.KNATIVE else {}
    chosen = [each for each in pods(topology, target) if each.workload.said.authorization]
    guarded = sorted({each.workload.name for each in chosen})
    return Emission(
        documents=tuple(_policy(each, topology, target, routed, events) for each in chosen),
        losses=tuple(loss for name in guarded for loss in _lost(topology, name)),
        warnings=tuple(_warnings(topology, guarded, target, routed, events)),
    )


def _policy(
    each: Pods,
    topology: Topology,
    target: Target,
    routed: dict[str, str],
    events: dict[str, list[str]],
) -> Document:
    name = each.workload.name
    rules: list[Node] = []
    callers = _callers(topology, name)
    if callers:
        hops = _HOPS[target]
        rules = [_rule([_source(caller)], hops, caller) for caller in callers]
        if name in events:
            sent = Caller(namespace=_EVENTING)
            rules.append(_rule([_source(sent)], hops, paths=events[name], methods=["POST"]))
        if name in routed:
            rules.append(_rule([], dict.fromkeys([*hops, INGRESS_NAMESPACE])))
    if target is Target.KNATIVE:
        rules.append(_OF_SERVING)
    spec: dict[str, Node] = {"selector": {"matchLabels": each.labels}, "action": "ALLOW"}
    if rules:  # none lets nobody in
        spec["rules"] = rules
    return document("AuthorizationPolicy", each.name, spec, topology, function=name)


def _rule(
    sources: Sequence[Node],
    hops: Iterable[str],
    caller: Caller | None = None,
    *,
    methods: Sequence[str] = (),
    paths: Sequence[str] = (),
) -> Node:
    if caller is not None:
        methods = [method.value for method in caller.methods]
        paths = _plain_paths(caller)
    operation: dict[str, Node] = {}
    if methods:
        operation["methods"] = list(methods)
    if paths:
        operation["paths"] = list(paths)
    named = list(hops)
    together = [*sources, {"namespaces": named}] if named else [*sources]
    node: dict[str, Node] = {"from": [{"source": source} for source in together]}
    return {**node, "to": [{"operation": operation}]} if operation else node


def _source(caller: Caller) -> Node:
    if caller.service_account is None:
        return {"namespaces": [caller.namespace]}
    if caller.namespace is None:
        return {"principals": [f"*/sa/{caller.service_account}"]}
    # Istio takes `cluster.local` for the mesh's own trust domain, whatever that is called.
    return {"principals": [f"cluster.local/ns/{caller.namespace}/sa/{caller.service_account}"]}


def _callers(topology: Topology, function: str) -> list[Caller]:
    """Those that can be written: one whose paths all mean more than they say is left out."""
    said = topology.workloads[function].said.authorization
    listed = said.allow if said is not None else ()
    return [caller for caller in listed if _plain_paths(caller) or not caller.paths]


def _plain_paths(caller: Caller) -> list[str]:
    """Its paths but for those that end in `*`, which Istio takes for a prefix."""
    return [path for path in caller.paths if not path.endswith("*")]


def _lost(topology: Topology, function: str) -> Iterator[Loss]:
    said = topology.workloads[function].said.authorization
    for caller in said.allow if said is not None else ():
        for path in caller.paths:
            if path.endswith("*"):
                yield Loss(
                    key=f"functions.{function}.authorization.allow",
                    reason=f"Istio takes the path {path} for all that begin so; it is left out",
                )


def _routed(topology: Topology) -> dict[str, str]:
    """Functions that a route of the file leads to, each with one such route."""
    found: dict[str, str] = {}
    for rule in topology.routes:
        if not rule.generated:
            for backend in rule.backends:
                found.setdefault(backend.function, rule.name)
            if rule.said.mirror is not None:
                found.setdefault(rule.said.mirror.function, rule.name)
    return found


def _event_paths(topology: Topology) -> dict[str, list[str]]:
    """The paths by which Knative Eventing calls a function, for each that it calls."""
    found: dict[str, set[str]] = {}
    for trigger in topology.triggers.values():
        found.setdefault(trigger.function, set()).add(trigger.path or "/")
    for schedule in topology.schedules.values():
        found.setdefault(schedule.function, set()).add("/")
    deliveries = [each.delivery for each in topology.triggers.values()]
    deliveries += [each.delivery for each in topology.brokers.values()]
    for delivery in deliveries:
        letters = _dead_letters(delivery)
        if letters:
            found.setdefault(letters, set()).add("/")
    return {function: sorted(paths) for function, paths in found.items()}


def _dead_letters(delivery: Delivery | None) -> str:
    letter = delivery.dead_letter if delivery is not None else None
    return (letter.function or "") if letter is not None else ""


def _warnings(
    topology: Topology,
    guarded: Sequence[str],
    target: Target,
    routed: dict[str, str],
    events: dict[str, list[str]],
) -> Iterator[str]:
    open_ = [name for name in guarded if _callers(topology, name)]
    if open_ and target in _HOP_WARNING:
        yield (
            f"{', '.join(open_)}: {_HOP_WARNING[target]}, so whoever reaches those may do what "
            "any caller may"
        )
    for name in guarded:
        if name not in open_:
            if name in routed:
                yield f"{name}: nobody may call it, so routes.{routed[name]} is answered with 403"
            if name in events:
                yield f"{name}: nobody may call it, so its events are not delivered"
        elif name not in routed and any(rule.generated for rule in topology.routes):
            yield f"{name}: the gateway is not among its callers; say a route, which lets it in"
    foreign = sorted({each.class_ for each in topology.brokers.values() if each.class_})
    sent = [name for name in open_ if name in events]
    if sent and foreign and not set(foreign) <= {"MTChannelBasedBroker", "Kafka"}:
        yield (
            f"{', '.join(sent)}: events are let in from {_EVENTING}; a broker of class "
            f"{', '.join(foreign)} may send them from elsewhere, which must be among the callers"
        )
