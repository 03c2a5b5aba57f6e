"""Which cluster, and with whose credentials: the only importer of the `kubernetes` package.

The package reads kubeconfig files with everything that they may hold (several files merged,
certificates, tokens, programs that give credentials, proxies) and the account of a pod. What is
asked of the cluster is not its business: the requests are `api_server`'s.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from wherry_build.errors import DestinationNotFound, PlatformUnavailable
from wherry_build.extras import extra

_DEFAULT = "~/.kube/config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A cluster that can be asked.

    Attributes:
        context: Name of the context, as kubectl has it.
        cluster: Name of its cluster.
        server: URL of the API server.
        kubectl: How kubectl is called for the same cluster.
        pool: Connections with the context's certificates.
        authorization: Gives the header's value, empty when certificates are all; asked for each
            request, because tokens end.
    """

    context: str
    cluster: str
    server: str
    kubectl: str
    pool: urllib3.PoolManager
    authorization: Callable[[], str]


def connect(kubeconfig: Path | None = None, context: str | None = None) -> Connection:
    """Read where the cluster of `context` is; the cluster itself is not asked yet.

    Args:
        kubeconfig: A file; `$KUBECONFIG`, `~/.kube/config` or the pod's account when not given.
        context: Name of a context; the current one when not given.

    Raises:
        ExtraMissing: The package `kubernetes` is not installed.
        DestinationNotFound: The files have no such context.
        PlatformUnavailable: There are no files, or they do not say where the cluster is.
    """
    with extra("deploy"):
        from kubernetes import client, config
        from kubernetes.config import ConfigException
    files = str(kubeconfig) if kubeconfig is not None else os.environ.get("KUBECONFIG") or _DEFAULT
    # The package says little of its types.
    untyped: Any = config
    try:
        if kubeconfig is None and context is None and _is_inside(files):
            made = client.Configuration()
            untyped.load_incluster_config(client_configuration=made)
            return _connection(
                "in-cluster", "in-cluster", client.ApiClient(made), kubectl="kubectl"
            )
        named = _context(untyped.list_kube_config_contexts(config_file=files), context, files)
        api: Any = untyped.new_client_from_config(config_file=files, context=named["name"])
    except ConfigException as error:
        raise _unusable(f"{files}: {error}") from None
    except DestinationNotFound:
        raise
    except OSError as error:
        raise _unusable(f"{error.filename or files}: {error.strerror}") from None
    except Exception:  # noqa: BLE001 - what the package says of a bad file quotes it, secrets too
        raise _unusable(f"{files} is no kubeconfig that can be read") from None
    words = ["kubectl", "--context", named["name"]]
    if kubeconfig is not None:
        words[1:1] = ["--kubeconfig", str(kubeconfig)]
    cluster = str(named.get("context", {}).get("cluster", ""))
    return _connection(named["name"], cluster, api, kubectl=shlex.join(words))


def _unusable(why: str) -> PlatformUnavailable:
    return PlatformUnavailable(
        f"no cluster: {why}", hint="--kubeconfig FILE, or kubectl config view"
    )


def _is_inside(files: str) -> bool:
    """Whether this is a pod without any of the files."""
    is_found = any(Path(each).expanduser().is_file() for each in files.split(os.pathsep) if each)
    return "KUBERNETES_SERVICE_HOST" in os.environ and not is_found


def _context(listed: tuple[list[dict[str, Any]], Any], wanted: str | None, files: str) -> Any:
    contexts, current = listed
    if wanted is None:
        return current
    for each in contexts:
        if each["name"] == wanted:
            return each
    there = ", ".join(str(each["name"]) for each in contexts)
    raise DestinationNotFound(
        f"no context {wanted!r} in {files}", hint=f"--context, one of {there}"
    )


def _connection(context: str, cluster: str, api: Any, *, kubectl: str) -> Connection:
    configuration = api.configuration

    def authorization() -> str:
        try:
            bearer = configuration.auth_settings().get("BearerToken", {})
        except Exception:  # noqa: BLE001 - whatever renews a token, and its text may hold one
            raise PlatformUnavailable(
                f"the credentials of context {context!r} cannot be renewed",
                hint=f"{kubectl} auth whoami",
            ) from None
        return str(bearer.get("value") or "")

    return Connection(
        context=context,
        cluster=cluster,
        server=str(configuration.host).rstrip("/"),
        kubectl=kubectl,
        pool=api.rest_client.pool_manager,
        authorization=authorization,
    )
