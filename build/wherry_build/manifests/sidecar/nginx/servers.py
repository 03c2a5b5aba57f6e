"""NGINX's servers: one for the hosts of a table that share a certificate, one for all others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from wherry_build.manifests.sidecar.nginx.locations import RouteParts, duration_text
from wherry_build.manifests.sidecar.nginx.matching import (
    FUNCTION,
    MISDIRECTED,
    TO_HTTPS,
    UNROUTED,
    chooser,
)
from wherry_build.manifests.sidecar.nginx.text import Block, Part, quoted
from wherry_build.manifests.sidecar.placement import HEALTH, Placement
from wherry_build.manifests.sidecar.sites import Site
from wherry_build.manifests.sidecar.table import RouteTable

HTTP2_DIRECTIVE = (1, 25, 1)
"""The version since which HTTP/2 is a directive of its own."""
OWN = "_function"
"""The group of the function in the pod itself; no function is called so."""
_STARTS_ANEW = 418
"""A status that no function's answer has here: it leads to the location that was chosen."""


class ServerParts:
    """The directives of servers.

    Args:
        table: What is routed.
        routes: The parts of each route, by its name.
        placement: Where the proxy is.
        version: Version of NGINX that reads them.
    """

    def __init__(
        self,
        table: RouteTable,
        routes: dict[str, RouteParts],
        placement: Placement,
        version: tuple[int, int, int],
    ) -> None:
        self._table = table
        self._routes = routes
        self._placement = placement
        self._version = version

    def own(self) -> Block:
        """The server of whatever is addressed to no host of the project: to the function."""
        secret = self._table.certificates[0].secret if self._table.certificates else None
        body: list[Part] = [
            *self._listen(secret, default=True),
            "server_name _",
            *self._health(),
            Block(head="location /", body=self._to_function()),
        ]
        return Block(head="server", body=body)

    def of(self, at: int, server: Site) -> Iterator[Part]:
        """The maps and the server of hosts."""
        chosen = chooser(
            at,
            server.table,
            redirected=server.redirected,
            secured=server.secret is not None,
        )
        yield from chosen.parts
        secret = server.secret or self._table.certificates[0].secret
        error_page = f"error_page {_STARTS_ANEW} = {chosen.variable}"
        body: list[Part] = [
            *self._listen(secret, default=False),
            f"server_name {' '.join(server.hosts)}",
            *self._health(),
            Block(head="location /", body=[error_page, f"return {_STARTS_ANEW}"]),
            Block(head=f"location {FUNCTION}", body=self._to_function()),
            _problem(UNROUTED, 404, "Not Found"),
        ]
        if server.redirected:
            to = "return 308 https://$host$request_uri"
            body.append(Block(head=f"location {TO_HTTPS}", body=[to]))
        if server.secret is None:
            body.append(_problem(MISDIRECTED, 421, "Misdirected Request"))
        for entry in server.table.entries if server.table is not None else ():
            body += self._routes[entry.rule.name].locations()
        yield Block(head="server", body=body)

    def _listen(self, secret: str | None, *, default: bool) -> Iterator[str]:
        place = self._placement
        last = " default_server" if default else ""
        yield f"listen {place.listen}:{place.http_port}{last}"
        if secret is None:
            return
        by_directive = self._version >= HTTP2_DIRECTIVE
        spoken = "ssl" if by_directive else "ssl http2"
        yield f"listen {place.listen}:{place.https_port} {spoken}{last}"
        if by_directive:
            yield "http2 on"
        folder = f"{place.tls_folder}/{secret}"
        yield f"ssl_certificate {folder}/tls.crt"
        yield f"ssl_certificate_key {folder}/tls.key"

    def _health(self) -> Sequence[Part]:
        body = ["access_log off", "default_type text/plain", r'return 200 "ok\n"']
        return [Block(head=f"location = {HEALTH}", body=body)]

    def _to_function(self) -> Sequence[Part]:
        return [
            f"proxy_pass http://{OWN}",
            f"proxy_read_timeout {duration_text(self._table.longest)}",
            "proxy_next_upstream off",
        ]


def _problem(location: str, status: int, title: str) -> Block:
    problem = json.dumps({"type": "about:blank", "title": title, "status": status})
    body = ["default_type application/problem+json", f"return {status} {quoted(problem)}"]
    return Block(head=f"location {location}", body=body)
