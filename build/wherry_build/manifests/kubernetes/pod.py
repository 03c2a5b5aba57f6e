"""The pod of a revision: its containers, where it may run, and how long it may take to end.

It has no `preStop`: the runtime itself goes on serving for `WHERRY_LAME_DUCK` after SIGTERM, until
nobody sends it calls any more, and the grace period is as long as all that follows.
"""

from __future__ import annotations

import math

from wherry.deadline import duration_s
from wherry_build.manifests.container import (
    CONTAINER,
    LIVENESS,
    PORT,
    READINESS,
    function_container,
    probe,
    volumes,
)
from wherry_build.manifests.document import labels
from wherry_build.manifests.emission import PodAddition
from wherry_build.manifests.kubernetes.naming import VERSION, selector
from wherry_build.manifests.kubernetes.service import HTTP, METRICS, metrics_port
from wherry_build.manifests.options import RenderOptions
from wherry_build.manifests.sink import sink_variables
from wherry_build.manifests.topology import Revision, Topology, Workload
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.function import Probes

LAME_DUCK_S = 5
"""What the runtime takes on a platform when nothing is said."""
_REST_S = 5
"""For the `stop` hook and the end of the process."""
_SIDECAR_S = 10
"""For containers beside the function, which end after it."""
_TIMES = {
    "startupProbe": {"periodSeconds": 1, "timeoutSeconds": 3, "failureThreshold": 60},
    "readinessProbe": {"periodSeconds": 5, "timeoutSeconds": 3, "failureThreshold": 3},
    "livenessProbe": {"periodSeconds": 10, "timeoutSeconds": 3, "failureThreshold": 3},
}
_EVERY_ADDRESS = "0.0.0.0"
_LONGEST_S = 86_400
_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def pod_template(
    workload: Workload,
    revision: Revision,
    topology: Topology,
    options: RenderOptions,
    addition: PodAddition,
) -> dict[str, Node]:
    """The template of the pods of `revision`."""
    annotations: dict[str, Node] = {**addition.annotations, **workload.function.annotations}
    if addition.containers or addition.init_containers:
        annotations.setdefault(_DEFAULT_CONTAINER, CONTAINER)
    made: dict[str, Node] = {"labels": pod_labels(workload, revision, addition)}
    if annotations:
        made["annotations"] = annotations
    function = _function(workload, revision, topology, options, addition)
    return {"metadata": made, "spec": _spec(workload, revision, topology, addition, function)}


def pod_labels(workload: Workload, revision: Revision, addition: PodAddition) -> dict[str, Node]:
    """Labels of a pod; those that it is selected by are never the file's."""
    return {
        **labels(workload.name),
        **addition.labels,
        **workload.function.labels,
        **selector(workload.name, revision.name),
    }


def overruled_labels(workload: Workload) -> list[str]:
    """Labels that the file says and that a pod must have another value of."""
    said = workload.function.labels
    owned = {VERSION: workload.versioned}
    wanted = selector(workload.name)
    return [
        key
        for key, value in said.items()
        if owned.get(key, False) or wanted.get(key, value) != value
    ]


def grace_period_s(workload: Workload, addition: PodAddition) -> int:
    """Seconds from SIGTERM to SIGKILL: on serving, the last calls, the end."""
    timeout_s = _seconds(workload, workload.function.timeout_s, "WHERRY_TIMEOUT", "exec_timeout")
    lame_duck_s = _seconds(workload, LAME_DUCK_S, "WHERRY_LAME_DUCK", "healthcheck_interval")
    drain_s = _seconds(workload, timeout_s + 1, "WHERRY_DRAIN_TIMEOUT")
    beside_s = _SIDECAR_S if addition.containers or addition.init_containers else 0
    return math.ceil(lame_duck_s + drain_s) + _REST_S + beside_s


def _seconds(workload: Workload, usual: float, *variables: str) -> float:
    """What the function's own variables say of a time of the runtime's."""
    for variable in variables:
        said = workload.function.environment.get(variable)
        if said:
            try:
                return min(duration_s(said), _LONGEST_S)
            except ValueError:
                return usual  # the runtime says so itself, and does not start
    return usual


def _spec(
    workload: Workload,
    revision: Revision,
    topology: Topology,
    addition: PodAddition,
    function: Node,
) -> dict[str, Node]:
    said = workload.said
    made: dict[str, Node] = {
        "serviceAccountName": said.service_account or workload.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": grace_period_s(workload, addition),
    }
    if topology.pull_secrets:
        made["imagePullSecrets"] = [{"name": name} for name in topology.pull_secrets]
    if said.nodes:
        made["nodeSelector"] = dict(said.nodes)
    if workload.function.scale.most > 1:
        made["topologySpreadConstraints"] = _spread(workload, revision)
    if addition.init_containers:
        made["initContainers"] = list(addition.init_containers)
    made["containers"] = [function, *addition.containers]
    made["volumes"] = [*volumes(workload), *addition.volumes]
    return made


def _function(
    workload: Workload,
    revision: Revision,
    topology: Topology,
    options: RenderOptions,
    addition: PodAddition,
) -> Node:
    variables = {"WHERRY_FUNCTION": workload.name, "WHERRY_NAMESPACE": topology.namespace}
    variables |= sink_variables(workload)
    if revision.name:
        variables["WHERRY_REVISION"] = revision.name
    if workload.said.concurrency is not None:
        variables["WHERRY_MAX_INFLIGHT"] = str(workload.said.concurrency)
    ports: list[Node] = []
    if addition.function_port is None:
        ports.append({"name": HTTP, "containerPort": PORT, "protocol": "TCP"})
    elif options.monitoring:
        variables["WHERRY_METRICS_HOST"] = _EVERY_ADDRESS
    watched = metrics_port(workload)
    if watched is not None and (addition.function_port is None or options.monitoring):
        ports.append({"name": METRICS, "containerPort": watched, "protocol": "TCP"})
    made = function_container(
        workload,
        image=revision.image,
        ports=ports,
        probes=_probes(workload.said.probes or Probes(), addition),
        variables=variables,
        function_port=addition.function_port,
    )
    # What it said last is then in `kubectl describe`, of a container that did not start too.
    made["terminationMessagePolicy"] = "FallbackToLogsOnError"
    return made


def _probes(said: Probes, addition: PodAddition) -> dict[str, Node]:
    """Its probes; behind a proxy they come through that, for the function is on loopback."""
    plain = [port.container for port in addition.ports if not port.name.startswith("https")]
    port: int | str = plain[0] if plain else HTTP
    return {
        key: probe(asked, path=path, port=port, usual=_TIMES[key])
        for key, asked, path in (
            ("startupProbe", said.startup, LIVENESS),
            ("readinessProbe", said.readiness, READINESS),
            ("livenessProbe", said.liveness, LIVENESS),
        )
    }


def _spread(workload: Workload, revision: Revision) -> list[Node]:
    """Over zones and over nodes, as far as that goes; pods of one roll-out are counted alone."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector(workload.name, revision.name)},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
