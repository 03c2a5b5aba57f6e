"""Where a proxy listens, finds its function, and dials the others: in a pod, or on loopback.

The configuration is one for all pods of a project, so nothing here depends on the pod. Whoever runs
it elsewhere gives a placement of its own, and gets the same configuration for other places.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wherry_build.manifests.kubernetes.naming import revision_name
from wherry_build.manifests.topology import Topology

HTTP_PORT = 8080
HTTPS_PORT = 8443
FUNCTION_PORT = 8000
ADMIN_PORT = 9901
HEALTH = "/proxy-healthz"
"""Path that the proxy answers itself."""
ROUTED = "x-wherry-routed"
"""Header of a call that a proxy has routed, with the scheme that its caller used. The next proxy
gives it to its own function, whatever the host: a route is followed once."""
CONFIGURATION_FOLDER = "/etc/wherry/proxy"
TLS_FOLDER = "/etc/wherry/tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A host, by name or number, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def is_numeric(self) -> bool:
        """Whether there is nothing to look up."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True


Addresses: TypeAlias = Callable[[str, str], Sequence[Address]]
"""Where a function, or one of its revisions, is reached; at least one address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where one proxy is.

    Attributes:
        addresses: Where the others are.
        listen: Address that it listens on.
        http_port: Port of plain HTTP.
        https_port: Port of HTTPS.
        function: Where its own function listens.
        admin: Where its admin interface listens.
        tls_folder: Folder with a folder for each Secret of a certificate.
        configuration_folder: Folder of its own files.
        scratch_folder: Folder that it may write to.
        resolver: Server that names are looked up with, where the proxy needs to be told.
    """

    addresses: Addresses
    listen: str = "0.0.0.0"
    http_port: int = HTTP_PORT
    https_port: int = HTTPS_PORT
    function: Address = Address(host="127.0.0.1", port=FUNCTION_PORT)
    admin: Address = Address(host="127.0.0.1", port=ADMIN_PORT)
    tls_folder: str = TLS_FOLDER
    configuration_folder: str = CONFIGURATION_FOLDER
    scratch_folder: str = "/tmp"  # noqa: S108 - in the pod
    resolver: str = "kube-dns.kube-system.svc.cluster.local"


def in_pod(topology: Topology) -> Placement:
    """A proxy in a pod: the others are behind Services without an address of their own."""

    def addresses(function: str, revision: str) -> tuple[Address, ...]:
        name = f"{pods_name(function, revision)}.{topology.namespace}.svc.cluster.local"
        return (Address(host=name, port=HTTP_PORT),)

    return Placement(addresses=addresses)


def pods_name(function: str, revision: str) -> str:
    """The Service whose name stands for the pods themselves, `hello-v1-pods`."""
    return f"{revision_name(function, revision)}-pods"
