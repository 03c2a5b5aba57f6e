"""The Gateway: each host of the project, with HTTPS where it has a certificate."""

from __future__ import annotations

from collections.abc import Sequence

from wherry_build.manifests.emission import Emission
from wherry_build.manifests.istio.names import GATEWAY, INGRESS_NAMESPACE, document
from wherry_build.manifests.topology import Topology
from wherry_build.manifests.yaml import Node


def gateway(topology: Topology, hosts: Sequence[str]) -> Emission:
    """The Gateway of `hosts`; a host that a wider one serves already is served by that."""
    open_: list[str] = []
    redirected: list[str] = []
    by_secret: dict[str, list[str]] = {}
    for host in _widest(topology, hosts):
        tls = topology.hosts.get(host)
        if tls is None or tls.redirect is False:
            open_.append(host)
        else:
            redirected.append(host)
        if tls is not None:
            by_secret.setdefault(tls.secret, []).append(host)
    servers: list[Node] = []
    if open_:
        servers.append(_plain("http", open_))
    if redirected:
        servers.append(_plain("http-redirect", redirected) | {"tls": {"httpsRedirect": True}})
    servers += [_secure(secret, served) for secret, served in by_secret.items()]
    spec: dict[str, Node] = {"selector": {"istio": "ingressgateway"}, "servers": servers}
    return Emission(
        documents=(document("Gateway", GATEWAY, spec, topology),),
        warnings=tuple(_warnings(topology, open_, [*by_secret])),
    )


def _widest(topology: Topology, hosts: Sequence[str]) -> list[str]:
    """Those of `hosts` that no other one of the project serves."""
    return [
        host
        for host in hosts
        if host in topology.hosts or f"*.{host.partition('.')[2]}" not in topology.hosts
    ]


def _plain(name: str, hosts: list[str]) -> dict[str, Node]:
    return {"port": {"number": 80, "name": name, "protocol": "HTTP"}, "hosts": hosts}


def _secure(secret: str, hosts: list[str]) -> dict[str, Node]:
    return {
        "port": {"number": 443, "name": f"https-{secret}", "protocol": "HTTPS"},
        "hosts": hosts,
        "tls": {
            "mode": "SIMPLE",
            "credentialName": secret,
            "minProtocolVersion": "TLSV1_2",
        },
    }


def _warnings(topology: Topology, hosts: list[str], secrets: list[str]) -> list[str]:
    found = []
    unsafe = [host for host in hosts if topology.hosts.get(host) is None]
    if unsafe:
        found.append(
            f"the gateway is plain HTTP for {', '.join(unsafe)}; "
            "give `tls.secret` of the host, or --tls-secret, for HTTPS"
        )
    if secrets:
        found.append(
            f"Istio's gateway reads certificates in its own namespace, {INGRESS_NAMESPACE}: "
            f"put {', '.join(secrets)} there"
        )
    return found
