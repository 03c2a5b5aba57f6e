"""Knative: a Service for each function, and a Trigger for each that declares event types.

Every pod passes the restricted Pod Security Standard, said on the container because a Knative
Service takes a pod's own security context only behind a feature flag.
"""

from __future__ import annotations

from collections.abc import Mapping

from wherry_build.manifests.document import (
    GRACE_S,
    Document,
    labels,
    metadata,
    response_s,
)
from wherry_build.manifests.yaml import Node
from wherry_build.project.model import Function

PORT = 8080
NUMERIC_USER = 65532
_SCRATCH = "64Mi"
_LIMIT_RESPONSE_S = 600  # Knative's own default of max-revision-timeout-seconds


def knative_documents(
    function: Function, *, image: str, namespace: str, mesh: bool, broker: str = "default"
) -> list[Document]:
    """The Service of `function`, and its Trigger when it declares event types."""
    made = [
        Document(
            file=f"10-service-{function.name}.yaml",
            value=_service(function, image=image, namespace=namespace, mesh=mesh),
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


def _service(function: Function, *, image: str, namespace: str, mesh: bool) -> dict[str, Node]:
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
                    "containers": [_container(function, image)],
                    "volumes": [
                        {"name": "scratch", "emptyDir": {"medium": "Memory", "sizeLimit": _SCRATCH}}
                    ],
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


def _container(function: Function, image: str) -> dict[str, Node]:
    resources = function.resources
    return {
        "name": "function",
        "image": image,
        # Knative resolves the tag to a digest once a revision; there is nothing to pull again.
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http1", "containerPort": PORT}],
        "env": _environment({"WHERRY_TIMEOUT": f"{function.timeout_s}s", **function.environment}),
        # No periodSeconds: queue-proxy then probes many times a second until ready.
        "readinessProbe": {"httpGet": {"path": "/health/readiness"}},
        "livenessProbe": {
            "httpGet": {"path": "/health/liveness"},
            "periodSeconds": 10,
            "timeoutSeconds": 3,
        },
        "resources": {
            "requests": {"cpu": resources.cpu_request, "memory": resources.memory_request},
            "limits": {"memory": resources.memory_limit},
        },
        "securityContext": security_context(),
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],  # noqa: S108 - in the pod
    }


def security_context() -> dict[str, Node]:
    """A container's security context that the restricted Pod Security Standard takes."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": NUMERIC_USER,
        "runAsGroup": NUMERIC_USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _environment(variables: Mapping[str, str]) -> list[Node]:
    return [{"name": name, "value": _unexpanded(value)} for name, value in variables.items()]


def _unexpanded(value: str) -> str:
    """A value that Kubernetes does not expand: `$(NAME)` in it stays what it is."""
    return value.replace("$", "$$") if "$" in value else value


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
