"""A function as OpenFaaS's API shows it (`FunctionStatus`, faas-provider, types)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from wherry_local.gateway.deployments import Deployed
from wherry_local.gateway.fleet import Scaled


def status_document(
    deployed: Deployed,
    replicas: Scaled | None,
    *,
    calls: int,
) -> dict[str, Any]:
    """One function, its labels with the one that providers add.

    Args:
        deployed: The function.
        replicas: Its replicas, where the fleet has it already.
        calls: How often it was called.
    """
    deployment, wanted = deployed.deployment, deployed.wanted
    command = " ".join(deployment.command) if deployment.command is not None else ""
    return {
        "name": deployment.key.name,
        "namespace": deployment.key.namespace,
        "image": deployment.image,
        "envProcess": wanted.process if wanted is not None else command,
        "envVars": dict(wanted.environment if wanted is not None else deployment.environment),
        "constraints": list(wanted.constraints if wanted is not None else ()),
        "secrets": list(deployment.secrets),
        "labels": {**deployment.labels, "faas_function": deployment.key.name},
        "annotations": dict(deployment.annotations),
        "limits": dict(deployment.limits) or None,
        "requests": dict(deployment.requests) or None,
        "readOnlyRootFilesystem": deployment.read_only_root,
        "invocationCount": calls,
        "replicas": replicas.desired if replicas is not None else 0,
        "availableReplicas": replicas.available if replicas is not None else 0,
        "createdAt": moment(deployment.created_at),
    }


def moment(at: float) -> str:
    """Seconds since the epoch in RFC 3339, in UTC, to the millisecond."""
    text = datetime.fromtimestamp(at, tz=timezone.utc).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"
