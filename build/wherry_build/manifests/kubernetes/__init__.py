"""Plain Kubernetes: a Deployment for each revision, and what makes it safe to run and to reach."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.container import PORT
from wherry_build.manifests.coverage import Reason
from wherry_build.manifests.document import Document
from wherry_build.manifests.emission import Emission, Loss, PodAddition
from wherry_build.manifests.kubernetes.autoscaling import (
    CALL_METRICS,
    autoscaler_document,
    counts_calls,
    is_scaled,
    scaling_losses,
)
from wherry_build.manifests.kubernetes.deployment import deployment_document
from wherry_build.manifests.kubernetes.disruption import disruption_budget_document
from wherry_build.manifests.kubernetes.monitoring import monitoring_documents
from wherry_build.manifests.kubernetes.naming import check_names, named
from wherry_build.manifests.kubernetes.network_policy import (
    authorization_losses,
    authorization_warnings,
    network_policy_document,
)
from wherry_build.manifests.kubernetes.pod import overruled_labels
from wherry_build.manifests.kubernetes.service import metrics_port, service_documents
from wherry_build.manifests.kubernetes.service_account import service_account_document
from wherry_build.manifests.options import KubeVersion, Mesh, RenderOptions, Sidecar
from wherry_build.manifests.topology import Topology, Workload
from wherry_build.project.specification.traffic import MutualTls

CARRIED: frozenset[str] = frozenset(
    {
        "namespace", "registry.pull_secrets",
        "functions.*.environment", "functions.*.environment_files", "functions.*.secrets",
        "functions.*.resources", "functions.*.scale.min", "functions.*.scale.max",
        "functions.*.scale.target", "functions.*.scale.metric", "functions.*.scale.utilization",
        "functions.*.scale.window", "functions.*.scale.down_delay", "functions.*.scale.zero",
        "functions.*.concurrency", "functions.*.timeout", "functions.*.probes",
        "functions.*.labels", "functions.*.annotations", "functions.*.service_account",
        "functions.*.nodes", "functions.*.read_only_root", "functions.*.revisions",
        "functions.*.authorization", "functions.*.sink.url",
    }
)  # fmt: skip
OLDEST = KubeVersion(1, 27)
"""Of the fields that are written, the newest are of this version."""
_EVENTS = Reason(
    reason="nothing here brings events to a function",
    instead="--target knative, or a trigger of your own with the function's Service as subscriber",
)
LOST: dict[str, Reason] = {
    "functions.*.scale.initial": Reason(
        reason="a Deployment begins with one instance, and the autoscaler goes on from there",
        instead="scale.min",
    ),
    "functions.*.scale.wake": Reason(reason="a Deployment does not sleep, so nothing wakes it"),
    "functions.*.scale.zero_after": Reason(
        reason="a Deployment does not sleep", instead="--target knative"
    ),
    "functions.*.event_types": _EVENTS,
    "functions.*.methods": Reason(
        reason="a Service passes every method on, and the handler answers those that it declares",
        instead="@http(methods=[...]) in the handler, or `methods` of a route",
    ),
    "functions.*.sink.broker": Reason(
        reason="there are no brokers here, so K_SINK is not set and what it emits fails",
        instead="sink: {url: ...}, a broker's address too",
    ),
    "brokers": _EVENTS,
    "triggers": _EVENTS,
    "schedules": Reason(
        reason="nothing here calls a function at a time", instead="--target knative"
    ),
}


def emit(topology: Topology, options: RenderOptions, addition: PodAddition) -> Emission:
    """Every object of every function.

    Raises:
        ManifestError: Two Services would have one name, or a name is too long.
    """
    check_names(topology)
    by_said, by_any = _routed(topology, generated=False), _routed(topology, generated=True)
    documents: list[Document] = []
    losses: list[Loss] = []
    warnings: list[str] = []
    for name, workload in topology.workloads.items():
        documents += _documents(workload, topology, options, addition, is_routed=name in by_said)
        losses += [*scaling_losses(workload, options), *authorization_losses(workload, options)]
        losses += [*_label_losses(workload), *_share_losses(workload, options)]
        warnings += authorization_warnings(workload, topology, options, routed=name in by_any)
    if options.monitoring and topology.workloads:
        documents += monitoring_documents(topology)
    warnings += _warnings(topology, options)
    return Emission(documents=tuple(documents), losses=tuple(losses), warnings=tuple(warnings))


def _documents(
    workload: Workload,
    topology: Topology,
    options: RenderOptions,
    addition: PodAddition,
    *,
    is_routed: bool,
) -> Iterator[Document]:
    if workload.said.service_account is None:
        yield service_account_document(workload, topology)
    yield network_policy_document(
        workload, topology, options, addition, port=PORT, routed=is_routed
    )
    for revision in workload.revisions:
        yield deployment_document(workload, revision, topology, options, addition)
        if is_scaled(workload):
            yield autoscaler_document(workload, revision, topology, options)
    yield from service_documents(workload, topology, options, addition)
    if workload.function.scale.most > 1:
        yield disruption_budget_document(workload, topology)


def _routed(topology: Topology, *, generated: bool) -> set[str]:
    """Functions that a route leads to or sends copies to, generated ones among them or not."""
    routes = [rule for rule in topology.routes if generated or not rule.generated]
    found = {backend.function for rule in routes for backend in rule.backends}
    return found | {rule.said.mirror.function for rule in routes if rule.said.mirror is not None}


def _label_losses(workload: Workload) -> Iterator[Loss]:
    for key in overruled_labels(workload):
        yield Loss(
            key=f"functions.{workload.name}.labels.{key}",
            reason="pods are selected by this label, so its value is the function's or revision's",
            instead="a label of another name",
        )


def _share_losses(workload: Workload, options: RenderOptions) -> Iterator[Loss]:
    """Shares of revisions that nobody sees to: a Service shares calls among pods."""
    sharing = [each for each in named(workload) if each.percent]
    if options.mesh is not Mesh.NONE or options.sidecar is not Sidecar.NONE or len(sharing) == 1:
        return
    for revision in named(workload):
        yield Loss(
            key=f"functions.{workload.name}.revisions.{revision.name}.percent",
            reason="a Service shares calls among the pods of all revisions, whatever their share",
            instead="--mesh istio or gateway-api",
        )


def _warnings(topology: Topology, options: RenderOptions) -> Iterator[str]:
    workloads = topology.workloads
    if options.kube_version < OLDEST:
        yield f"got Kubernetes {options.kube_version}, and the objects are for {OLDEST} and newer"
    events = [
        name
        for name, each in workloads.items()
        if each.function.declarations.event_types or not each.function.declarations.http
    ]
    if events:
        yield (
            f"nothing here brings events to {', '.join(events)}: --target knative, or subscribe "
            f"http://{events[0]}.{topology.namespace}.svc.cluster.local"
        )
    if not options.monitoring:
        return
    unwatched = [name for name, each in workloads.items() if metrics_port(each) is None]
    if unwatched:
        yield f"{', '.join(unwatched)}: WHERRY_METRICS_PORT leaves nothing to scrape"
    counted = [name for name, each in workloads.items() if is_scaled(each) and counts_calls(each)]
    if counted:
        metrics = " and ".join(CALL_METRICS.values())
        yield (
            f"{', '.join(counted)}: instances follow calls; prometheus-adapter must give "
            f"{metrics} as metrics of pods"
        )
    if options.mesh is not Mesh.NONE and topology.mutual_tls is MutualTls.STRICT:
        yield "mutual TLS is strict: Prometheus must be in the mesh to scrape the functions"
