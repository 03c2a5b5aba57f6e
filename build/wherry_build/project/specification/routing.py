"""What `wherry.yaml` says of routes: which calls go to which function, and how."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from wherry_build.project.specification.amounts import Duration, limits
from wherry_build.project.specification.record import Problem, Record, percents
from wherry_build.project.specification.scalars import (
    FunctionName,
    HeaderName,
    HeaderValue,
    Host,
    Label,
    Origin,
    Path,
    Percent,
    Whole,
)

RouteTime = Annotated[Duration, limits("1ms", "1h")]


class Method(enum.Enum):
    """A method of HTTP (RFC 9110 section 9, RFC 5789)."""

    GET = "GET"
    HEAD = "HEAD"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"
    OPTIONS = "OPTIONS"


class RetryOn(enum.Enum):
    """After what a call is made again; none of these but the last has reached the function."""

    CONNECT_FAILURE = "connect-failure"
    REFUSED_STREAM = "refused-stream"
    RESET_BEFORE_REQUEST = "reset-before-request"
    GATEWAY_ERROR = "gateway-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMatch(Record):
    """Which paths; one of the two.

    Attributes:
        exact: This path and no other.
        prefix: This path and all below it; `/a` is `/a` and `/a/b`, and never `/ab`.
    """

    exact: Path | None = None
    prefix: Path | None = None

    exactly_one: ClassVar[tuple[str, ...]] = ("exact", "prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderMatch(Record):
    """What a header must be; one of these.

    Attributes:
        exact: This value.
        prefix: A value that begins so.
        present: Whether it is there at all.
    """

    exact: HeaderValue | None = None
    prefix: HeaderValue | None = None
    present: bool | None = None

    exactly_one: ClassVar[tuple[str, ...]] = ("exact", "prefix", "present")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend(Record):
    """One of several functions or revisions that share a route's calls.

    Attributes:
        function: The function.
        revision: One of its revisions.
        percent: Share of the calls; all together are 100.
    """

    function: FunctionName
    revision: FunctionName | None = None
    percent: Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite(Record):
    """What the function sees instead.

    Attributes:
        path: Stands where the matched path or prefix stood.
        host: The host.
    """

    path: Path | None = None
    host: Host | None = None

    at_least_one: ClassVar[tuple[str, ...]] = ("path", "host")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries(Record):
    """Calls that are made again.

    Attributes:
        attempts: Times at most; 0 for never.
        per_try_timeout: Time for each.
        retry_on: After what.
    """

    attempts: Annotated[int, Whole(least=0, most=10)]
    per_try_timeout: RouteTime | None = None
    retry_on: tuple[RetryOn, ...] = ()

    def problems(self) -> Iterator[Problem]:
        """Without a retry there is nothing to say of one."""
        if self.attempts == 0 and (self.per_try_timeout is not None or self.retry_on):
            yield Problem(
                keys=("attempts",), got="0", expected="1 or more, as there is more about retries"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror(Record):
    """A function that gets a copy of calls; its answers are thrown away.

    Attributes:
        function: The function.
        percent: Share of the calls that are copied; 100 when not said.
    """

    function: FunctionName
    percent: Percent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(Record):
    """Calls that are held up.

    Attributes:
        time: How long.
        percent: Share of the calls.
    """

    time: RouteTime
    percent: Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort(Record):
    """Calls that are answered in the function's place.

    Attributes:
        status: Status of the answer.
        percent: Share of the calls.
    """

    status: Annotated[int, Whole(least=200, most=599)]
    percent: Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Record):
    """Faults on purpose, to see what callers make of them.

    Attributes:
        delay: Calls that are held up.
        abort: Calls that are answered in the function's place.
    """

    delay: Delay | None = None
    abort: Abort | None = None

    at_least_one: ClassVar[tuple[str, ...]] = ("delay", "abort")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors(Record):
    """Which pages of other origins may call (Fetch Standard, CORS protocol).

    Attributes:
        origins: Origins; `*` for any.
        methods: Methods that they may use.
        headers: Headers that they may send.
        expose_headers: Headers that they may read.
        credentials: Whether cookies may come along.
        max_age: Time that a browser may keep the answer.
    """

    origins: tuple[Origin, ...]
    methods: tuple[Method, ...] = ()
    headers: tuple[HeaderName, ...] = ()
    expose_headers: tuple[HeaderName, ...] = ()
    credentials: bool | None = None
    max_age: Annotated[Duration, limits("0s", "24h", whole_seconds=True)] | None = None

    def problems(self) -> Iterator[Problem]:
        """No browser takes credentials and any origin together."""
        if self.credentials and "*" in self.origins:
            yield Problem(
                keys=("origins",), got="'*' with credentials", expected="each origin by name"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Record):
    """One route; the routes are asked in their order, and the first that fits is taken.

    Attributes:
        host: Host of the call; any when not said.
        path: Which paths; any when not said.
        methods: Which methods; any when not said.
        headers: What its headers must be, all of them.
        function: Where the calls go.
        split: Where they go when several share them.
        rewrite: What the function sees instead.
        timeout: Time for the whole call.
        retries: Calls that are made again.
        mirror: A function that gets a copy.
        fault: Faults on purpose.
        cors: Which pages of other origins may call.
    """

    host: Host | None = None
    path: PathMatch | None = None
    methods: tuple[Method, ...] = ()
    headers: Mapping[HeaderName, HeaderMatch] = field(default_factory=dict)
    function: FunctionName | None = None
    split: tuple[Backend, ...] = ()
    rewrite: Rewrite | None = None
    timeout: RouteTime | None = None
    retries: Retries | None = None
    mirror: Mirror | None = None
    fault: Fault | None = None
    cors: Cors | None = None

    exactly_one: ClassVar[tuple[str, ...]] = ("function", "split")

    def problems(self) -> Iterator[Problem]:
        """Those that share the calls share all of them; a path is rewritten that was matched."""
        yield from percents((("split", at), item.percent) for at, item in enumerate(self.split))
        if self.rewrite is not None and self.rewrite.path is not None and self.path is None:
            yield Problem(
                keys=("rewrite", "path"),
                got=repr(self.rewrite.path),
                expected="a `path` of the route, which it stands for",
                depends=("path",),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTls(Record):
    """HTTPS of one host.

    Attributes:
        secret: Secret with the certificate, of type kubernetes.io/tls.
        redirect: Whether plain HTTP is sent there; true when not said.
    """

    secret: Label
    redirect: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSpecification(Record):
    """One host that the gateway serves.

    Attributes:
        tls: HTTPS; plain HTTP alone when not said.
    """

    tls: HostTls | None = None
