"""The function's own container and its volumes, as every pod has them that we write ourselves.

What both Knative and plain Kubernetes have: variables, Secrets, probes, resources, the security
context of the restricted Pod Security Standard. What differs is given. It knows neither a
Deployment nor a Knative Service, and no ports of its own.

Secrets are laid out as OpenFaaS lays them out: one folder, a file for each key of each Secret, so
that a function reads them alike on every platform. The folder is one volume, whole and without
`subPath`, so that a key that is rotated is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wherry_build.manifests.topology import Workload
from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.amounts import Duration
from wherry_build.project.specification.function import Probe

PORT = 8080
CONTAINER = "function"
READINESS = "/health/readiness"
LIVENESS = "/health/liveness"
NUMERIC_USER = 65532
LOOPBACK = "127.0.0.1"

_SCRATCH_VOLUME = "scratch"
_SCRATCH_FOLDER = "/tmp"  # noqa: S108 - in the pod
_SCRATCH_SIZE = "64Mi"
_SECRETS_VOLUME = "secrets"
_SECRETS_FOLDER = "/var/openfaas/secrets"


def function_container(
    workload: Workload,
    *,
    image: str,
    ports: Sequence[Node],
    probes: Mapping[str, Node],
    variables: Mapping[str, str] | None = None,
    function_port: int | None = None,
) -> dict[str, Node]:
    """The container that runs the function.

    Args:
        workload: The function.
        image: Full reference of the image of the revision that it runs.
        ports: Ports that it declares; none where a proxy stands in front of it.
        probes: Its probes by their key, `readinessProbe`, each made by `probe`.
        variables: What the platform sets besides, where the file does not say otherwise.
        function_port: Port that it listens on, on loopback only, behind a proxy.
    """
    made: dict[str, Node] = {
        "name": CONTAINER,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
    }
    if ports:
        made["ports"] = list(ports)
    return {
        **made,
        "env": environment(workload, variables=variables, function_port=function_port),
        **probes,
        "resources": resources(workload),
        "securityContext": security_context(
            read_only_root=workload.said.read_only_root is not False
        ),
        "volumeMounts": mounts(workload),
    }


def environment(
    workload: Workload,
    *,
    variables: Mapping[str, str] | None = None,
    function_port: int | None = None,
) -> list[Node]:
    """Its variables; the file's own win, but for where it listens behind a proxy."""
    function = workload.function
    said: dict[str, str] = {
        "WHERRY_TIMEOUT": f"{function.timeout_s}s",
        **(variables or {}),
        **function.environment,
    }
    if function_port is not None:
        said |= {"PORT": str(function_port), "WHERRY_HOST": LOOPBACK}
    return [{"name": name, "value": _unexpanded(value)} for name, value in said.items()]


def probe(
    said: Probe | None,
    *,
    path: str,
    port: int | str | None = None,
    usual: Mapping[str, int] | None = None,
) -> dict[str, Node]:
    """One probe over HTTP: what the file says, and what is usual where it says nothing.

    Args:
        said: What the file says.
        path: Path that is asked when the file names none.
        port: Port that is asked; the platform's choice when none.
        usual: Times by their key, `periodSeconds`.
    """
    asked = said or Probe()
    action: dict[str, Node] = {"path": asked.path or path}
    if port is not None:
        action["port"] = port
    times: dict[str, int | None] = {
        "initialDelaySeconds": _seconds(asked.initial_delay),
        "periodSeconds": _seconds(asked.period),
        "timeoutSeconds": _seconds(asked.timeout),
        "failureThreshold": asked.failures,
    }
    for key, value in (usual or {}).items():
        if times[key] is None:
            times[key] = value
    return {
        "httpGet": action,
        **{key: value for key, value in times.items() if value is not None},
    }


def resources(workload: Workload) -> dict[str, Node]:
    """What it asks for and is held to; no limit of CPU but one that the file says."""
    asked = workload.function.resources
    said = workload.said.resources
    limits: dict[str, Node] = {"memory": asked.memory_limit}
    if said is not None and said.limits is not None and said.limits.cpu is not None:
        limits = {"cpu": str(said.limits.cpu), **limits}
    return {
        "requests": {"cpu": asked.cpu_request, "memory": asked.memory_request},
        "limits": limits,
    }


def security_context(*, read_only_root: bool = True) -> dict[str, Node]:
    """A container's security context that the restricted Pod Security Standard takes."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": read_only_root,
        "runAsNonRoot": True,
        "runAsUser": NUMERIC_USER,
        "runAsGroup": NUMERIC_USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def mounts(workload: Workload) -> list[Node]:
    """Where its volumes are mounted."""
    made: list[Node] = [{"name": _SCRATCH_VOLUME, "mountPath": _SCRATCH_FOLDER}]
    if workload.said.secrets:
        made.append({"name": _SECRETS_VOLUME, "mountPath": _SECRETS_FOLDER, "readOnly": True})
    return made


def volumes(workload: Workload) -> list[Node]:
    """The volumes that `mounts` names."""
    made: list[Node] = [
        {
            "name": _SCRATCH_VOLUME,
            "emptyDir": {"medium": "Memory", "sizeLimit": _SCRATCH_SIZE},
        }
    ]
    if workload.said.secrets:
        sources: list[Node] = [{"secret": {"name": name}} for name in workload.said.secrets]
        made.append({"name": _SECRETS_VOLUME, "projected": {"sources": sources}})
    return made


def _seconds(duration: Duration | None) -> int | None:
    return duration.seconds if duration is not None else None


def _unexpanded(value: str) -> str:
    """A value that Kubernetes does not expand: `$(NAME)` in it stays what it is."""
    return value.replace("$", "$$")
