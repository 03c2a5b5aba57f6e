"""HAProxy as a kind of proxy: its configuration, and how a container runs it."""

from __future__ import annotations

from wherry_build.manifests.sidecar.emission import Kind
from wherry_build.manifests.sidecar.haproxy.configuration import CONFIGURATION, files
from wherry_build.manifests.sidecar.placement import CONFIGURATION_FOLDER
from wherry_build.manifests.sidecar.pod import LAME_DUCK_S, Proxy
from wherry_build.manifests.sidecar.table import RouteTable

IMAGE = "haproxy:3.2.4-alpine"
_LEAST_MI = 128
_UPSTREAMS_PER_MI = 8


def proxy(table: RouteTable) -> Proxy:
    """How a container runs it; the more upstreams, the more memory."""
    return Proxy(
        name="haproxy",
        image=IMAGE,
        command=("haproxy",),
        arguments=("-db", "-f", f"{CONFIGURATION_FOLDER}/{CONFIGURATION}"),
        # For as long as the function goes on serving; its image's signal to stop is one that
        # lets go of callers.
        drain=("sleep", str(LAME_DUCK_S)),
        memory=f"{_LEAST_MI + len(table.upstreams) // _UPSTREAMS_PER_MI}Mi",
    )


HAPROXY = Kind(name="haproxy", files=files, proxy=proxy)
