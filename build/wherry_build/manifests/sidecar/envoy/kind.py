"""Envoy as a kind of proxy: its configuration, and how a container runs it."""

from __future__ import annotations

from wherry_build.manifests.sidecar.emission import Kind
from wherry_build.manifests.sidecar.envoy.bootstrap import BOOTSTRAP, files
from wherry_build.manifests.sidecar.placement import ADMIN_PORT, CONFIGURATION_FOLDER
from wherry_build.manifests.sidecar.pod import Proxy
from wherry_build.manifests.sidecar.table import RouteTable

IMAGE = "envoyproxy/envoy:v1.40.0"
_LEAST_MI = 128
_CLUSTERS_PER_MI = 8


def proxy(table: RouteTable) -> Proxy:
    """How a container runs it; the more clusters, the more memory."""
    return Proxy(
        name="envoy",
        image=IMAGE,
        command=("envoy",),
        arguments=(
            *("-c", f"{CONFIGURATION_FOLDER}/{BOOTSTRAP}"),
            *("--concurrency", "1"),
            *("--log-level", "warning"),
            "--disable-hot-restart",
        ),
        drain=drain(ADMIN_PORT),
        memory=f"{_LEAST_MI + len(table.upstreams) // _CLUSTERS_PER_MI}Mi",
    )


def drain(admin_port: int) -> tuple[str, ...]:
    """Asks callers to go: `Connection: close` on answers, and unready. The image has no curl."""
    request = "POST /healthcheck/fail HTTP/1.1\\r\\nHost: envoy\\r\\nConnection: close\\r\\n\\r\\n"
    talk = f"exec 3<>/dev/tcp/127.0.0.1/{admin_port}; printf '{request}' >&3; cat <&3"
    return ("bash", "-c", talk)


ENVOY = Kind(name="envoy", files=files, proxy=proxy)
