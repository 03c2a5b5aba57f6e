"""The objects that a proxy needs beside the pods: its configuration, and names for pods.

The ConfigMap cannot be changed and has a hash of its content in its name: a new configuration is a
new object, pods are rolled out with it, and those of before keep theirs. A Service without an
address of its own gives the pods themselves, so that the proxy chooses among them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from wherry_build.errors import ManifestError
from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.kubernetes.naming import LIMIT_NAME, selector
from wherry_build.manifests.sidecar.placement import HTTP_PORT, pods_name
from wherry_build.manifests.sidecar.table import Upstream
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import File, Node

LIMIT_BYTES = 1_040_000
"""Of a ConfigMap, which may have 1 MiB with all its keys."""
LIMIT_ANNOTATION_BYTES = 250_000
"""What `kubectl apply` can keep of an object in its annotation, unless it is applied on the server
side."""
_HASH_DIGITS = 10


def configuration_name(proxy: str, files: Mapping[str, str]) -> str:
    """The name of the ConfigMap with `files`."""
    digest = hashlib.sha256()
    for name, text in files.items():
        digest.update(f"{name}\0{len(text)}\0{text}".encode())
    return f"functions-{proxy}-{digest.hexdigest()[:_HASH_DIGITS]}"


def configuration_document(proxy: str, files: Mapping[str, str], topology: Topology) -> Document:
    """The ConfigMap with `files`.

    Raises:
        ManifestError: They are more than a ConfigMap takes.
    """
    size = size_of(files)
    if size > LIMIT_BYTES:
        raise ManifestError(
            f"--sidecar {proxy}: the routes of this project make {size} bytes of configuration, "
            f"and a ConfigMap takes {LIMIT_BYTES}",
            hint="--mesh istio, which has an object for each host",
        )
    return Document(
        file=f"00-config-map-functions-{proxy}.yaml",
        value={
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata(configuration_name(proxy, files), namespace=topology.namespace),
            "immutable": True,
            "data": {name: File(text) for name, text in files.items()},
        },
    )


def size_of(files: Mapping[str, str]) -> int:
    """Bytes of `files`, which are ASCII."""
    return sum(len(name) + len(text) for name, text in files.items())


def pods_document(upstream: Upstream, topology: Topology) -> Document:
    """The Service whose name stands for the pods of `upstream`.

    Raises:
        ManifestError: Its name is too long, or another Service has it.
    """
    name = pods_name(upstream.function, upstream.revision)
    if len(name) > LIMIT_NAME:
        raise ManifestError(
            f"function {upstream.function!r}: a Service would be called {name!r}, {len(name)} "
            f"characters, expected at most {LIMIT_NAME}",
            hint="give it a shorter name",
        )
    if name in topology.workloads:
        raise ManifestError(
            f"two Services would be called {name!r}: that of the function of this name, and that "
            f"of the pods of {upstream.function!r}",
            hint="rename one of the functions",
        )
    port: Node = {
        "name": "http",
        "port": HTTP_PORT,
        "targetPort": HTTP_PORT,
        "protocol": "TCP",
        "appProtocol": "http",
    }
    return Document(
        file=f"12-service-{name}.yaml",
        value={
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata(name, namespace=topology.namespace, function=upstream.function),
            "spec": {
                "clusterIP": "None",
                "selector": selector(upstream.function, upstream.revision),
                "ports": [port],
            },
        },
    )
