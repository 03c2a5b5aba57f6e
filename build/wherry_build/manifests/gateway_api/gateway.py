"""The Gateway, and what sends plain HTTP to HTTPS.

Each host has a listener of its own for each port, so that a route is bound to those that it is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wherry_build import names
from wherry_build.errors import ManifestError
from wherry_build.manifests.document import Document
from wherry_build.manifests.emission import Emission
from wherry_build.manifests.gateway_api.names import (
    GATEWAY,
    LIMIT_HOSTNAMES,
    REDIRECT,
    document,
    numbered,
)
from wherry_build.manifests.routing import of_host
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node

_LIMIT_LISTENERS = 64


def gateway(topology: Topology, hosts: Sequence[str], *, gateway_class: str) -> Emission:
    """The Gateway of `hosts`, and the redirects of those that have a certificate.

    Raises:
        InvalidName: The class is no name of one.
        ManifestError: There are more listeners than a Gateway has.
    """
    listening = [host for host in hosts if _listens(topology, host)]
    listeners = [each for host in listening for each in _listeners(topology, host)]
    if len(listeners) > _LIMIT_LISTENERS:
        raise ManifestError(
            f"{len(listening)} hosts need {len(listeners)} listeners, and a Gateway has "
            f"{_LIMIT_LISTENERS} at most",
            hint="one host for all of a domain, `*.example.com`",
        )
    spec: dict[str, Node] = {
        "gatewayClassName": names.gateway_class(gateway_class),
        "listeners": listeners,
    }
    redirected = [host for host in listening if _redirects(topology, host)]
    unsafe = [host for host in listening if topology.hosts.get(host) is None]
    warning = (
        f"the gateway is plain HTTP for {', '.join(unsafe)}; "
        "give `tls.secret` of the host, or --tls-secret, for HTTPS"
    )
    return Emission(
        documents=(
            document("Gateway", GATEWAY, spec, topology),
            *_redirect_routes(topology, redirected),
        ),
        warnings=(warning,) if unsafe else (),
    )


def parents(topology: Topology, hosts: Sequence[str]) -> list[Node]:
    """References to the listeners of `hosts`, for calls that are not sent to HTTPS."""
    sections: dict[str, None] = {}
    for host in hosts:
        own = host if _listens(topology, host) else f"*.{host.partition('.')[2]}"
        if not _redirects(topology, own):
            sections[f"http-{of_host(own)}"] = None
        if topology.hosts.get(own) is not None:
            sections[f"https-{of_host(own)}"] = None
    return [{"name": GATEWAY, "sectionName": section} for section in sections]


def _listens(topology: Topology, host: str) -> bool:
    """Whether `host` has a listener of its own, and not that of a wider host."""
    return host in topology.hosts or f"*.{host.partition('.')[2]}" not in topology.hosts


def _redirects(topology: Topology, host: str) -> bool:
    tls = topology.hosts.get(host)
    return tls is not None and tls.redirect is not False


def _listeners(topology: Topology, host: str) -> Iterator[Node]:
    name = of_host(host)
    yield {"name": f"http-{name}", "hostname": host, "port": 80, "protocol": "HTTP"}
    tls = topology.hosts.get(host)
    if tls is not None:
        yield {
            "name": f"https-{name}",
            "hostname": host,
            "port": 443,
            "protocol": "HTTPS",
            "tls": {"mode": "Terminate", "certificateRefs": [{"name": tls.secret}]},
        }


def _redirect_routes(topology: Topology, hosts: Sequence[str]) -> Iterator[Document]:
    for number, start in enumerate(range(0, len(hosts), LIMIT_HOSTNAMES), start=1):
        some = hosts[start : start + LIMIT_HOSTNAMES]
        spec: dict[str, Node] = {
            "parentRefs": [
                {"name": GATEWAY, "sectionName": f"http-{of_host(host)}"} for host in some
            ],
            "hostnames": list(some),
            "rules": [
                {
                    "filters": [
                        {
                            "type": "RequestRedirect",
                            "requestRedirect": {"scheme": "https", "statusCode": 301},
                        }
                    ]
                }
            ],
        }
        yield document("HTTPRoute", numbered(REDIRECT, number), spec, topology)
