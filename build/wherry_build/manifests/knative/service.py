"""Knative: a Service for each function, and a Trigger for each that declares event types.

Every pod passes the restricted Pod Security Standard, said on the container because a Knative
Service takes a pod's own security context only behind a feature flag.
"""

from __future__ import annotations

from wherry_build.manifests.container import (
    LIVENESS,
    PORT,
    READINESS,
    function_container,
    probe,
    volumes,
)
from wherry_build.manifests.document import (
    GRACE_S,
    Document,
    labels,
    metadata,
    response_s,
)
from wherry_build.manifests.topology import Workload
from wherry_build.manifests.yaml import Node
from wherry_build.project.model import Function

_LIMIT_RESPONSE_S = 600  # Knative's own default of max-revision-timeout-seconds


def knative_documents(
    workload: Workload, *, namespace: str, mesh: bool, broker: str = "default"
) -> list[Document]:
    """The Service of a function, and its Trigger when it declares event types."""
    function = workload.function
    made = [
        Document(
            file=f"10-service-{function.name}.yaml",
            value=_service(workload, namespace=namespace, mesh=mesh),
        )
    ]
    if function.declarations.event_types:
        made.append(
            Document(
                file=f"20-trigger-{function.name}.yaml",
                value=_trigger(function, namespace=namespace, broker=broker),
            )
        )
    return made


def _service(workload: Workload, *, namespace: str, mesh: bool) -> dict[str, Node]:
    function = workload.function
    whole_s = min(response_s(function.timeout_s), _LIMIT_RESPONSE_S)
    pod_labels: dict[str, Node] = {**labels(function.name), **function.labels}
    annotations: dict[str, Node] = {**_autoscaling(function), **function.annotations}
    if mesh:
        pod_labels["sidecar.istio.io/inject"] = "true"
        annotations["sidecar.istio.io/rewriteAppHTTPProbers"] = "true"
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": metadata(function.name, namespace=namespace, function=function.name),
        "spec": {
            "template": {
                "metadata": {"labels": pod_labels, "annotations": annotations},
                "spec": {
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "containerConcurrency": function.concurrency,
                    "timeoutSeconds": whole_s,
                    "responseStartTimeoutSeconds": min(function.timeout_s + GRACE_S, whole_s),
                    "containers": [_container(workload)],
                    "volumes": volumes(workload),
                },
            }
        },
    }


def _autoscaling(function: Function) -> dict[str, Node]:
    """Annotations of the autoscaler; on the template, where alone they count, and all strings."""
    prefix = "autoscaling.knative.dev/"
    scale = function.scale
    target = scale.target
    if function.concurrency:
        target = min(target, function.concurrency)
    return {
        f"{prefix}min-scale": str(scale.least),
        f"{prefix}max-scale": str(scale.most),
        f"{prefix}metric": "concurrency",
        f"{prefix}target": str(target),
    }


def _container(workload: Workload) -> dict[str, Node]:
    return function_container(
        workload,
        image=workload.newest.image,
        ports=[{"name": "http1", "containerPort": PORT}],
        probes={
            # No periodSeconds: queue-proxy then probes many times a second until ready.
            "readinessProbe": probe(None, path=READINESS),
            "livenessProbe": probe(
                None, path=LIVENESS, usual={"periodSeconds": 10, "timeoutSeconds": 3}
            ),
        },
    )


def _trigger(function: Function, *, namespace: str, broker: str) -> dict[str, Node]:
    exact: list[Node] = [{"exact": {"type": name}} for name in function.declarations.event_types]
    filters: list[Node] = exact if len(exact) == 1 else [{"any": exact}]
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": metadata(function.name, namespace=namespace, function=function.name),
        "spec": {
            "broker": broker,
            "filters": filters,
            "delivery": {"retry": 5, "backoffPolicy": "exponential", "backoffDelay": "PT0.5S"},
            "subscriber": {
                "ref": {
                    "apiVersion": "serving.knative.dev/v1",
                    "kind": "Service",
                    "name": function.name,
                    "namespace": namespace,
                }
            },
        },
    }
