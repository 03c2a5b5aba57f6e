"""The environment that a replica is given. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wherry.variables import VARIABLES
from wherry_build.project.specification.eventing import SINK_VARIABLES
from wherry_local.deployment import Deployment

_PLATFORMS_OWN = frozenset(
    {
        *(name for variable in VARIABLES for name in variable.names),
        # By these the runtime would take this machine for a platform that it is not.
        "KUBERNETES_SERVICE_HOST",
        "OPENFAAS_NAME",
        "K_CONFIGURATION",
        # What a person has set for a program of theirs is not meant for their functions.
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PYTHONINSPECT",
        "VIRTUAL_ENV",
        "NOTIFY_SOCKET",
    }
)


def environment_of(
    deployment: Deployment, *, inherited: Mapping[str, str], secrets: Path
) -> dict[str, str]:
    """The variables of a replica, but for the descriptors that it is handed.

    What stands first here may be said otherwise by the deployment, what stands last may not.

    Args:
        deployment: What is served.
        inherited: The platform's own environment; its settings are not handed on.
        secrets: The folder of the function's secrets.
    """
    key = deployment.key
    return {
        **{name: text for name, text in inherited.items() if name not in _PLATFORMS_OWN},
        # Cached code would pass for that of an edit of the same size in the same second.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "WHERRY_FUNCTION": key.name,
        "WHERRY_NAMESPACE": key.namespace,
        "WHERRY_TIMEOUT": f"{deployment.timeout_s:g}s",
        **surroundings_of(deployment),
        **deployment.environment,
        **({} if deployment.handler is None else {"WHERRY_HANDLER": deployment.handler}),
        "WHERRY_SECRETS_PATH": str(secrets),
        "WHERRY_LOG_FORMAT": "json",
        "WHERRY_METRICS_PORT": "off",
        "WHERRY_LOCK_FILE": "off",
        # One replica is one process, which gets no more calls before it is told to end.
        "WHERRY_WORKERS": "1",
        "WHERRY_SUPERVISE": "false",
        "WHERRY_LAME_DUCK": "0s",
    }


def surroundings_of(deployment: Deployment) -> dict[str, str]:
    """What the platform adds; one sink of a function's own is enough, by whichever name."""
    has_sink = any(name in deployment.environment for name in SINK_VARIABLES)
    return {
        name: text
        for name, text in deployment.surroundings.items()
        if not (has_sink and name in SINK_VARIABLES)
    }
