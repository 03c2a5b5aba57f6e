"""What whoever applies the objects must do for HTTPS: the command that makes each Secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wherry_build.manifests.sidecar.table import RouteTable
from wherry_build.manifests.topology import Topology

_SUFFIX = "-tls"
_SERVICE = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)


def certificate_warnings(table: RouteTable, topology: Topology) -> Iterator[str]:
    """A sentence for each Secret, with the command; the first also speaks for the Services."""
    namespace = topology.namespace
    for at, each in enumerate(table.certificates):
        inside = (f"*.{namespace}.svc", f"*.{namespace}.svc.cluster.local") if at == 0 else ()
        names = [f"--host {_quoted(host)}" for host in (*each.hosts, *inside)]
        command = " ".join(["wherry certs", *_named(each.secret), "-n", namespace, *names])
        yield (
            f"HTTPS needs the Secret {each.secret!r} of type kubernetes.io/tls, or no pod starts: "
            f"{command}"
        )


def _named(secret: str) -> list[str]:
    """The service of `wherry certs` whose Secret is `secret`."""
    service = secret.removesuffix(_SUFFIX)
    if service != secret and _SERVICE.fullmatch(service):
        return [service]
    folders = ["--output", f"certs/{secret}", "--ca", "certs/ca"]
    return ["functions", "--secret", secret, *folders]


def _quoted(host: str) -> str:
    return f"'{host}'" if host.startswith("*") else host
