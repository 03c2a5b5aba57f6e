"""The hosts of a project that a proxy serves alike: same routes, certificate and redirection."""

from __future__ import annotations

from dataclasses import dataclass

from wherry_build.manifests.routing import Table
from wherry_build.manifests.sidecar.table import RouteTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hosts that are served alike.

    Attributes:
        hosts: The hosts.
        table: Their routes; None when they have none.
        secret: Secret of their certificate; None when they have no HTTPS.
        redirected: Whether their plain calls are sent to HTTPS.
    """

    hosts: tuple[str, ...]
    table: Table | None
    secret: str | None
    redirected: bool


def sites(table: RouteTable) -> list[Site]:
    """The project's hosts, those that are served alike together."""
    secrets = {host: each.secret for each in table.certificates for host in each.hosts}
    found: list[Site] = []
    listed: list[tuple[Table | None, tuple[str, ...]]] = [
        *((each, each.hosts) for each in table.tables),
        (None, table.unrouted),
    ]
    for each, hosts in listed:
        alike: dict[tuple[str | None, bool], list[str]] = {}
        for host in hosts:
            alike.setdefault((secrets.get(host), host in table.redirected), []).append(host)
        found += [
            Site(hosts=tuple(of_these), table=each, secret=secret, redirected=redirected)
            for (secret, redirected), of_these in alike.items()
        ]
    return found
