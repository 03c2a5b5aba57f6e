"""Which calls a route takes, as HAProxy asks: of paths and headers as they came."""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.routing_match import Match
from wherry_build.manifests.sidecar.haproxy.text import quoted
from wherry_build.project.specification.routing import HeaderMatch

SITE = "txn.site"
ROUTE = "txn.route"
HOST = "txn.host"


def is_site(at: int) -> str:
    """A call of the hosts of a site, that no proxy has routed before."""
    return f"{{ var({SITE}) -m str site{at} }}"


def is_route(name: str) -> str:
    """A call that the route has taken."""
    return f"{{ var({ROUTE}) -m str {name} }}"


HAS_SITE = f"{{ var({SITE}) -m found }}"
HAS_ROUTE = f"{{ var({ROUTE}) -m found }}"
IS_SECURE = "{ ssl_fc }"


def conditions(match: Match) -> Iterator[str]:
    """What must hold for `match`, all of it."""
    if match.below:
        if match.path:
            yield f"{{ path -m beg -- {quoted(f'{match.path}/')} }}"
    else:
        yield f"{{ path -m str -- {quoted(match.path)} }}"
    if match.methods:
        yield f"{{ method {' '.join(method.value for method in match.methods)} }}"
    for name, wanted in match.headers.items():
        yield from _header(name, wanted)


def _header(name: str, wanted: HeaderMatch) -> Iterator[str]:
    """A header that comes on several lines is no one value, and has no exact one."""
    if wanted.present is not None:
        found = f"{{ req.fhdr({name}) -m found }}"
        yield found if wanted.present else f"!{found}"
    elif wanted.exact is not None:
        yield f"{{ req.fhdr_cnt({name}) eq 1 }}"
        yield f"{{ req.fhdr({name},1) -m str -- {quoted(wanted.exact)} }}"
    else:
        yield f"{{ req.fhdr({name},1) -m beg -- {quoted(wanted.prefix or '')} }}"
