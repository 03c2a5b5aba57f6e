"""NGINX as a kind of proxy: its configuration, and how a container runs it."""

from __future__ import annotations

from wherry_build.manifests.sidecar.emission import Kind
from wherry_build.manifests.sidecar.nginx.configuration import CONFIGURATION, VERSION, files
from wherry_build.manifests.sidecar.placement import CONFIGURATION_FOLDER
from wherry_build.manifests.sidecar.pod import LAME_DUCK_S, Proxy
from wherry_build.manifests.sidecar.table import RouteTable

IMAGE = f"nginxinc/nginx-unprivileged:{'.'.join(map(str, VERSION))}-alpine"
_PATH = f"{CONFIGURATION_FOLDER}/{CONFIGURATION}"


def proxy(table: RouteTable) -> Proxy:  # noqa: ARG001 - one worker, whatever it routes
    """How a container runs it."""
    return Proxy(
        name="nginx",
        image=IMAGE,
        command=("nginx",),
        arguments=("-c", _PATH, "-e", "stderr", "-g", "daemon off;"),
        # For as long as the function goes on serving, then without new calls.
        drain=("sh", "-c", f"sleep {LAME_DUCK_S}; nginx -c {_PATH} -e stderr -s quit"),
        memory="128Mi",
        writes=True,
    )


NGINX = Kind(name="nginx", files=files, proxy=proxy)
