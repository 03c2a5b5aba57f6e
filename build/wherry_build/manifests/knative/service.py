"""Knative: the Service of a function.

Every pod passes the restricted Pod Security Standard, said on the container because a Knative
Service takes a pod's own security context only behind a feature flag. What stands behind such a
flag is written with a warning where the function must not run without it: a refusal is seen.
"""

from __future__ import annotations

from collections.abc import Mapping

from wherry_build.errors import ManifestError
from wherry_build.manifests.container import (
    LIVENESS,
    PORT,
    READINESS,
    function_container,
    probe,
    volumes,
)
from wherry_build.manifests.document import GRACE_S, Document, labels, metadata, response_s
from wherry_build.manifests.emission import Emission, Loss, PodAddition, together
from wherry_build.manifests.knative import traffic
from wherry_build.manifests.knative.autoscaling import scaling_annotations
from wherry_build.manifests.knative.placement import Placement, placed_annotations, placed_labels
from wherry_build.manifests.knative.sink import given_variables, is_bound
from wherry_build.manifests.topology import Topology, Workload
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.function import Probe, Probes

API_VERSION = "serving.knative.dev/v1"
_LIMIT_RESPONSE_S = 600  # Knative's own default of max-revision-timeout-seconds
_LEAST_REPOSITORY = 2
_FAST_PERIOD_S = 1
_NODE_FLAG = "kubernetes.podspec-nodeselector"
_INIT_FLAG = "kubernetes.podspec-init-containers"
_INCLUDED = {"bindings.knative.dev/include": "true"}
"""Where Eventing's webhook is told to look at labelled objects alone, it looks at this one."""
_KUBERNETES_PROBE = {"timeoutSeconds": 1, "failureThreshold": 3}
"""What a probe has in Kubernetes when nothing is said."""


def services(topology: Topology, addition: PodAddition) -> Emission:
    """The Service of each function.

    Raises:
        ManifestError: A name that is made of two is too long, or an image's too short, or two
            revisions have one tag.
    """
    named = traffic.named_by_routes(topology)
    made = [
        _service(workload, topology, addition, named) for workload in topology.workloads.values()
    ]
    return together([*made, Emission(warnings=_flag_warnings(topology, addition))])


def reference(function: str, namespace: str) -> dict[str, Node]:
    """How events are sent to a function, and what else refers to it."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Service",
        "name": function,
        "namespace": namespace,
    }


def _service(
    workload: Workload,
    topology: Topology,
    addition: PodAddition,
    named: frozenset[tuple[str, str]],
) -> Emission:
    function = workload.function
    pod_labels = placed_labels(function.name, function.labels)
    pod_annotations = placed_annotations(function.name, function.annotations)
    scaling, losses = scaling_annotations(workload)
    template: dict[str, Node] = {
        "labels": {**labels(function.name), **addition.labels, **pod_labels.template},
        "annotations": {**scaling, **addition.annotations, **pod_annotations.template},
    }
    if workload.versioned:
        template = {"name": traffic.revision_name(workload, workload.newest), **template}
    spec: dict[str, Node] = {
        "template": {"metadata": template, "spec": _pod(workload, topology, addition)}
    }
    shares = traffic.traffic(workload, named)
    if shares:
        spec["traffic"] = shares
    value: dict[str, Node] = {
        "apiVersion": API_VERSION,
        "kind": "Service",
        "metadata": _metadata(workload, topology.namespace, pod_labels, pod_annotations),
        "spec": spec,
    }
    own = Emission(
        documents=(Document(file=f"10-service-{function.name}.yaml", value=value),),
        losses=(
            *losses,
            *pod_labels.losses,
            *pod_annotations.losses,
            *_behind_proxy(workload, addition),
        ),
    )
    return together([own, traffic.notes(workload)])


def _metadata(
    workload: Workload, namespace: str, pod_labels: Placement, pod_annotations: Placement
) -> dict[str, Node]:
    made = metadata(
        workload.name,
        namespace=namespace,
        function=workload.name,
        annotations=dict(pod_annotations.service),
    )
    included = _INCLUDED if is_bound(workload) else {}
    made["labels"] = {**labels(workload.name), **included, **pod_labels.service}
    return made


def _pod(workload: Workload, topology: Topology, addition: PodAddition) -> dict[str, Node]:
    function, said = workload.function, workload.said
    whole_s = min(response_s(function.timeout_s), _LIMIT_RESPONSE_S)
    made: dict[str, Node] = {"automountServiceAccountToken": False, "enableServiceLinks": False}
    if said.service_account is not None:
        made["serviceAccountName"] = said.service_account
    if topology.pull_secrets:
        made["imagePullSecrets"] = [{"name": name} for name in topology.pull_secrets]
    if said.nodes:
        made["nodeSelector"] = dict(said.nodes)
    made |= {
        "containerConcurrency": function.concurrency,
        "timeoutSeconds": whole_s,
        "responseStartTimeoutSeconds": min(function.timeout_s + GRACE_S, whole_s),
    }
    if addition.init_containers:
        made["initContainers"] = list(addition.init_containers)
    made["containers"] = [_container(workload, topology, addition), *addition.containers]
    made["volumes"] = [*volumes(workload), *addition.volumes]
    return made


def _container(workload: Workload, topology: Topology, addition: PodAddition) -> dict[str, Node]:
    is_served = addition.function_port is None
    return function_container(
        workload,
        image=_image(workload),
        # One port in the whole pod, that of the container which calls are sent to.
        ports=[{"name": "http1", "containerPort": PORT}] if is_served else (),
        probes=_probes(workload.said.probes or Probes()) if is_served else {},
        variables=given_variables(workload, topology),
        function_port=addition.function_port,
    )


def _image(workload: Workload) -> str:
    """Its image; Knative asks the registry for the digest, and takes no name of one letter.

    Raises:
        ManifestError: It has such a name.
    """
    image = workload.newest.image
    first, _, rest = image.partition("@")[0].partition("/")
    is_registry = bool(rest) and not {".", ":"}.isdisjoint(first)
    repository = rest.partition(":")[0] if is_registry else f"{first.partition(':')[0]}{rest}"
    if len(repository) < _LEAST_REPOSITORY:
        raise ManifestError(
            f"functions.{workload.name}: image: got {image!a}, "
            f"expected a repository of {_LEAST_REPOSITORY} characters or more",
            hint="--registry REGISTRY/FOLDER",
        )
    return image


def _probes(said: Probes) -> Mapping[str, Node]:
    """Probes of the container that calls are sent to; their port is Knative's to fill in."""
    made: dict[str, Node] = {}
    if said.startup is not None:
        made["startupProbe"] = probe(said.startup, path=READINESS)
    made["readinessProbe"] = {
        **probe(said.readiness, path=READINESS, usual=_readiness(said.readiness)),
        # Knative's own default, which it would count as a change when the Service is applied again
        # under the name of the same revision.
        "successThreshold": 1,
    }
    made["livenessProbe"] = probe(
        said.liveness, path=LIVENESS, usual={"periodSeconds": 10, "timeoutSeconds": 3}
    )
    return made


def _readiness(said: Probe | None) -> Mapping[str, int]:
    """What is usual for the question whether it takes calls.

    Without a period the queue proxy asks many times a second until the first yes, and Knative
    refuses any other time beside it. Who says one of those gets a period as short as there is.
    """
    if said is None or (said.period is None and said.timeout is None and said.failures is None):
        return {}
    return {"periodSeconds": _FAST_PERIOD_S, **_KUBERNETES_PROBE}


def _behind_proxy(workload: Workload, addition: PodAddition) -> list[Loss]:
    """What has no place where a proxy stands in front of the function."""
    if addition.function_port is None:
        return []
    function = workload.name
    found = [
        Loss(
            key=f"functions.{function}.environment.{name}",
            reason="the function listens behind a proxy in its pod, on loopback",
        )
        for name in ("PORT", "WHERRY_HOST")
        if name in workload.function.environment
    ]
    if workload.said.probes is not None:
        found.append(
            Loss(
                key=f"functions.{function}.probes",
                reason="Knative takes probes of one container, which is the proxy's",
            )
        )
    return found


def _flag_warnings(topology: Topology, addition: PodAddition) -> tuple[str, ...]:
    """What Knative refuses until a flag of its ConfigMap config-features allows it."""
    found = []
    bound = [name for name, workload in topology.workloads.items() if workload.said.nodes]
    if bound:
        found.append(
            f"{', '.join(bound)}: nodes: Knative refuses nodeSelector until "
            f"{_NODE_FLAG} is enabled in its ConfigMap config-features"
        )
    if addition.init_containers:
        found.append(
            "containers that start before: Knative refuses initContainers until "
            f"{_INIT_FLAG} is enabled in its ConfigMap config-features"
        )
    return tuple(found)
