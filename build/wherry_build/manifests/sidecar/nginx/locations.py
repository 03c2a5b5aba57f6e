"""What becomes of the calls of a route: who gets them, by which path, how long, how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wherry_build.manifests.routing import duration
from wherry_build.manifests.routing_path import PathRewrite, path_rewrite
from wherry_build.manifests.sidecar.nginx.matching import location
from wherry_build.manifests.sidecar.nginx.text import Block, Part, quoted
from wherry_build.manifests.sidecar.placement import Placement
from wherry_build.manifests.sidecar.table import RETRIES, Upstream, backends, mirror
from wherry_build.manifests.topology import RouteRule, Topology
from wherry_build.project.specification.amounts import Duration
from wherry_build.project.specification.routing import Retries, RetryOn

HEADERS = {
    "Host": "$host",
    "X-Real-IP": "$remote_addr",
    "X-Forwarded-For": "$forwarded_for",
    "X-Forwarded-Proto": "$forwarded_proto",
    "X-Wherry-Routed": "$forwarded_proto",
    "X-Request-ID": "$call_id",
    "Connection": "$connection_upgrade",
    "Upgrade": "$http_upgrade",
}
"""What every call is given; a header that has no value is left out."""
_EVERYTHING = 100
_CLOSED = 444
"""A status by which NGINX closes the connection without an answer."""


class RouteParts:
    """The directives of one route.

    Args:
        at: Its number among all routes, which its variables have in their names.
        rule: The route.
        topology: What is rendered.
        placement: Where the others are.
    """

    def __init__(self, at: int, rule: RouteRule, topology: Topology, placement: Placement) -> None:
        self._at = at
        self._rule = rule
        self._topology = topology
        self._placement = placement
        to = rule.said.rewrite.path if rule.said.rewrite is not None else None
        self._rewrite = path_rewrite(rule.said.path, to)
        self._shared = backends(topology, rule)
        self._copied_to = mirror(topology, rule)

    def maps(self) -> Iterator[Part]:
        """What is decided for each call: a backend, a path, a share of copies and of faults."""
        if self._rewrite is not None:
            yield _path_map(f"$path_{self._at}", self._rewrite)
        if len(self._shared) > 1:
            yield Block(
                head=f"split_clients {quoted('$request_id')} $backend_{self._at}",
                body=[
                    f"{f'{percent}%' if each is not self._shared[-1] else '*'} "
                    f"{target(each[0], self._placement)}"
                    for each in self._shared
                    for percent in (each[1],)
                ],
            )
        if self._copied_to is not None:
            yield from _chance(f"copy_{self._at}", "copy", self._copied_percent)
        if self.abort_status is not None:
            yield from _chance(f"abort_{self._at}", "abort", self._abort_percent)

    def locations(self) -> Iterator[Part]:
        """The location of the route, and that of its copies."""
        yield Block(head=f"location {location(self._rule.name)}", body=list(self._body()))
        if self._copied_to is not None:
            path = self._copy_path
            to = target(self._copied_to, self._placement)
            none: Part = Block(head=f'if ($copy_{self._at} = "")', body=["return 204"])
            yield Block(
                head=f"location = {path}",
                body=["internal", none, *self._pass(to), "proxy_next_upstream off"],
            )

    def _body(self) -> Iterator[Part]:
        if self.abort_status is not None:
            aborted = f"return {self.abort_status}"
            yield Block(head=f"if ($abort_{self._at})", body=[aborted])
        if self._rewrite is not None:
            # A path that was spelled in another way than the route has it: `//`, `%68`, `..`.
            yield Block(head=f'if ($path_{self._at} = "")', body=["return 400"])
        if self._copied_to is not None:
            yield f"mirror {self._copy_path}"
        several = len(self._shared) > 1
        to = f"$backend_{self._at}" if several else target(self._shared[0][0], self._placement)
        yield from self._pass(to)
        yield from _next_upstream(self._rule.said.retries)

    def _pass(self, to: str) -> Iterator[str]:
        path = f"$path_{self._at}" if self._rewrite is not None else "$request_uri"
        yield f"proxy_pass http://{to}{path}"
        host = self._rule.said.rewrite.host if self._rule.said.rewrite is not None else None
        if host is not None:
            yield from set_headers({**HEADERS, "Host": host})
        yield f"proxy_read_timeout {duration_text(duration(self._rule, self._topology))}"

    @property
    def abort_status(self) -> int | None:
        """Status of the calls that are answered in the function's place."""
        fault = self._rule.said.fault
        abort = fault.abort if fault is not None else None
        return None if abort is None or abort.status == _CLOSED else abort.status

    @property
    def _abort_percent(self) -> int:
        fault = self._rule.said.fault
        return fault.abort.percent if fault is not None and fault.abort is not None else 0

    @property
    def _copied_percent(self) -> int:
        said = self._rule.said.mirror
        return _EVERYTHING if said is None or said.percent is None else said.percent

    @property
    def _copy_path(self) -> str:
        return f"/.wherry/copy/{self._rule.name}"


def target(upstream: Upstream, placement: Placement) -> str:
    """What is passed to: a group of servers by number, or a name that is looked up for each call.

    A name in a group would be looked up once, when NGINX starts, and it would not start while the
    name is not there.
    """
    found = placement.addresses(upstream.function, upstream.revision)
    return upstream.name if is_group(upstream, placement) else str(found[0])


def is_group(upstream: Upstream, placement: Placement) -> bool:
    """Whether its servers are known by number."""
    return all(
        each.is_numeric for each in placement.addresses(upstream.function, upstream.revision)
    )


def set_headers(headers: dict[str, str]) -> Iterator[str]:
    """The directives that set `headers`."""
    for name, value in headers.items():
        yield f"proxy_set_header {name} {value}"


def duration_text(duration: Duration) -> str:
    """A duration as NGINX has it."""
    return f"{duration.milliseconds}ms" if duration.milliseconds % 1000 else f"{duration.seconds}s"


def _path_map(variable: str, rewrite: PathRewrite) -> Block:
    """The path that the function sees, of the target of the request as it came.

    NGINX's own `rewrite` would decode the path and encode it anew.
    """
    # Of a prefix that is taken away the slash after it belongs to the segment: `%2F` is none.
    whole = rewrite.pattern.replace("/?(.*)$", "(?:/(.*))?$")
    pattern = whole.removesuffix("$").replace(".*", "[^?]*")
    groups = 2 if r"\1" in rewrite.to else 1
    captured = "".join(f"${number}" for number in range(1, groups + 1))
    to = rewrite.to.removesuffix(r"\1").replace("$", "${dollar}")
    body = [f'{quoted(f"~{pattern}")[:-1]}(\\\\?.*)?\\\\z" {quoted(to + captured)}', 'default ""']
    return Block(head=f"map $request_uri {variable}", body=body)


def _chance(variable: str, key: str, percent: int) -> Iterator[Part]:
    """A variable that is 1 for a share of the calls, and empty for the rest."""
    shares = ["* 1"] if percent == _EVERYTHING else ['* ""']
    if 0 < percent < _EVERYTHING:
        shares.insert(0, f"{percent}% 1")
    yield Block(head=f"split_clients {quoted(f'{key}$request_id')} ${variable}", body=shares)


def _next_upstream(said: Retries | None) -> Sequence[str]:
    attempts = RETRIES if said is None else said.attempts
    if not attempts:
        return ["proxy_next_upstream off"]
    words = set(said.retry_on) if said is not None else set()
    after = []
    if not words or words - {RetryOn.GATEWAY_ERROR}:
        after.append("error")
    if RetryOn.GATEWAY_ERROR in words:
        after += ["http_502", "http_503", "http_504"]
    return [f"proxy_next_upstream {' '.join(after)}", f"proxy_next_upstream_tries {attempts + 1}"]
