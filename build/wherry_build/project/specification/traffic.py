"""What `wherry.yaml` says of connections to a function, and of who may call it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated, ClassVar

from wherry_build.project.specification.amounts import Duration, limits
from wherry_build.project.specification.record import Record
from wherry_build.project.specification.routing import Method
from wherry_build.project.specification.scalars import Count, Label, Path, Percent, Whole


class MutualTls(enum.Enum):
    """Whether callers must show a certificate of the mesh."""

    STRICT = "strict"
    PERMISSIVE = "permissive"
    DISABLE = "disable"


class LoadBalancing(enum.Enum):
    """Which instance a call goes to."""

    ROUND_ROBIN = "round_robin"
    LEAST_REQUEST = "least_request"
    RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPool(Record):
    """How many connections and calls a caller may have open.

    Attributes:
        max_connections: Connections at most.
        max_pending: Calls that wait for a connection at most.
        max_requests_per_connection: Calls on one connection until it is closed.
        connect_timeout: Time to connect.
    """

    max_connections: Count | None = None
    max_pending: Count | None = None
    max_requests_per_connection: Count | None = None
    connect_timeout: Annotated[Duration, limits("1ms", "1h")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierDetection(Record):
    """When an instance that fails is left out for a while.

    Attributes:
        consecutive_5xx: Answers of 500 and above in a row that count.
        interval: Time between looks.
        ejection_time: Time that it is left out, at least.
        max_ejected: Percent of the instances that may be left out.
    """

    consecutive_5xx: Annotated[int, Whole(least=1, most=1000)] | None = None
    interval: Annotated[Duration, limits("1ms", "1h")] | None = None
    ejection_time: Annotated[Duration, limits("1ms", "24h")] | None = None
    max_ejected: Percent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPolicy(Record):
    """How callers connect.

    Attributes:
        connection_pool: Connections and calls at most.
        outlier_detection: When an instance that fails is left out.
        mutual_tls: Whether callers must show a certificate of the mesh.
        load_balancing: Which instance a call goes to.
    """

    connection_pool: ConnectionPool | None = None
    outlier_detection: OutlierDetection | None = None
    mutual_tls: MutualTls | None = None
    load_balancing: LoadBalancing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(Record):
    """Callers of one kind; what is said must all be so.

    Attributes:
        namespace: Namespace that they are in.
        service_account: Account that they run as.
        methods: Methods that they may use; any when not said.
        paths: Paths that they may ask for, exactly; any when not said.
    """

    namespace: Label | None = None
    service_account: Label | None = None
    methods: tuple[Method, ...] = ()
    paths: tuple[Path, ...] = ()

    at_least_one: ClassVar[tuple[str, ...]] = ("namespace", "service_account")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization(Record):
    """Who may call; nobody else may.

    Attributes:
        allow: Callers, any of which will do; an empty list is nobody.
    """

    allow: tuple[Caller, ...]
