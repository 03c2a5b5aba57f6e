"""HAProxy's one frontend: which site a call is for, which route takes it, what is answered here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from wherry_build.manifests.sidecar.haproxy.backends import RouteBackends
from wherry_build.manifests.sidecar.haproxy.conditions import (
    HAS_ROUTE,
    HAS_SITE,
    HOST,
    IS_SECURE,
    ROUTE,
    SITE,
    conditions,
    is_site,
)
from wherry_build.manifests.sidecar.haproxy.text import quoted
from wherry_build.manifests.sidecar.placement import HEALTH, ROUTED, Placement
from wherry_build.manifests.sidecar.sites import Site, sites
from wherry_build.manifests.sidecar.table import RouteTable

HOSTS = "hosts.map"
WILDCARDS = "wildcards.map"
CERTIFICATES = "certificates.list"
OWN = "_function"
"""The backend of the function in the pod itself; no function is called so."""
_SCHEME = "txn.scheme"
_ROUTED = "{ var(txn.routed) -m found }"
_LINE = (
    '{"time":"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]","method":"%HM",'
    '"host":"%[var(txn.host),json(utf8s)]","path":"%[var(txn.url),json(utf8s)]","status":%ST,'
    '"bytes":%B,"duration_ms":%Ta,"upstream":"%b/%s","termination":"%ts",'
    '"request_id":"%[var(txn.call),json(utf8s)]",'
    '"traceparent":"%[var(txn.trace),json(utf8s)]","tls":"%sslv"}'
)


def frontend(
    table: RouteTable, routes: dict[str, RouteBackends], placement: Placement
) -> Iterator[str]:
    """The lines of the frontend."""
    found = sites(table)
    yield f"bind {placement.listen}:{placement.http_port}"
    if table.certificates:
        listed = f"{placement.configuration_folder}/{CERTIFICATES}"
        yield (
            f"bind {placement.listen}:{placement.https_port} ssl crt-list {listed} alpn h2,http/1.1"
        )
    yield f"monitor-uri {HEALTH}"
    yield f"log-format {quoted(_LINE)}"
    yield from _seen()
    yield from _site(found, placement)
    for at, site in enumerate(found):
        yield from _of_site(at, site)
    yield _answer(404, "Not Found", f"{HAS_SITE} !{HAS_ROUTE}")
    for each in routes.values():
        yield from each.choice()
    yield from _headers()
    yield f"use_backend %[var({ROUTE})] if {HAS_ROUTE}"
    yield f"default_backend {OWN}"


def files(table: RouteTable, placement: Placement) -> dict[str, str]:
    """The lists beside the configuration: hosts with their sites, certificates with their hosts."""
    found = sites(table)
    named = [(host, f"site{at}") for at, site in enumerate(found) for host in site.hosts]
    wide = [(host[1:], site) for host, site in named if host.startswith("*.")]
    made = {}
    if found:
        made[HOSTS] = _map((host, site) for host, site in named if not host.startswith("*."))
        # The first that fits is taken: the longest is the nearest.
        made[WILDCARDS] = _map(sorted(wide, key=lambda item: -len(item[0])))
    if table.certificates:
        made[CERTIFICATES] = "".join(
            f"{' '.join([f'{placement.tls_folder}/{each.secret}/tls.crt', *each.hosts])}\n"
            for each in table.certificates
        )
    return made


def _map(entries: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{host} {site}\n" for host, site in entries)


def _seen() -> Iterator[str]:
    """What a call was like when it came."""
    yield f"http-request set-var({HOST}) req.hdr(host),host_only,lower"
    yield "http-request set-var(txn.url) url"
    yield "http-request set-var(txn.trace) req.hdr(traceparent)"
    yield f"http-request set-var({_SCHEME}) str(http) if !{IS_SECURE}"
    yield f"http-request set-var({_SCHEME}) str(https) if {IS_SECURE}"
    # Proxies pass calls on over plain HTTP: there whoever names the header is believed, over HTTPS
    # nobody is.
    said = f"{{ req.fhdr_cnt({ROUTED}) eq 1 }} {{ req.fhdr({ROUTED},1) -m str http https }}"
    routed = f"!{IS_SECURE} {said}"
    yield f"http-request set-var(txn.routed) bool(true) if {routed}"
    yield f"http-request set-var({_SCHEME}) req.fhdr({ROUTED},1) if {_ROUTED}"


def _site(found: list[Site], placement: Placement) -> Iterator[str]:
    if not found:
        return
    folder = placement.configuration_folder
    for name, converter in ((HOSTS, "map_str"), (WILDCARDS, "map_end")):
        asked = f"var({HOST}),{converter}({folder}/{name})"
        unknown = f"!{_ROUTED} !{HAS_SITE}"
        yield f"http-request set-var({SITE}) {asked} if {unknown}"


def _of_site(at: int, site: Site) -> Iterator[str]:
    mine = is_site(at)
    if site.redirected:
        to = f"https://%[var({HOST})]%[pathq]"
        yield f"http-request redirect location {to} code 308 if {mine} !{IS_SECURE}"
    if site.secret is None:
        yield _answer(421, "Misdirected Request", f"{mine} {IS_SECURE}")
    for entry in site.table.entries if site.table is not None else ():
        for match in entry.matches:
            asked = " ".join([mine, f"!{HAS_ROUTE}", *conditions(match)])
            yield f"http-request set-var({ROUTE}) str({entry.rule.name}) if {asked}"


def _headers() -> Iterator[str]:
    """What every call is given."""
    yield "http-request set-var(txn.before) req.fhdr(x-forwarded-for) if " + _ROUTED
    yield "http-request set-header X-Forwarded-For %[src]"
    before = "{ var(txn.before) -m found }"
    yield f'http-request set-header X-Forwarded-For "%[var(txn.before)], %[src]" if {before}'
    yield "http-request set-header X-Real-IP %[src]"
    yield f"http-request set-header X-Forwarded-Proto %[var({_SCHEME})]"
    yield f"http-request set-header X-Wherry-Routed %[var({_SCHEME})]"
    yield "http-request set-header X-Request-ID %[uuid()] unless { req.hdr(x-request-id) -m found }"
    yield "http-request set-var(txn.call) req.hdr(x-request-id)"


def _answer(status: int, title: str, condition: str) -> str:
    problem = json.dumps({"type": "about:blank", "title": title, "status": status})
    said = f"content-type application/problem+json string {quoted(problem)}"
    return f"http-request return status {status} {said} if {condition}"
