"""The limits and times of one server, resolved from the settings and the handler.

Sans I/O, apart from asking the system how many descriptors it gives.
"""

from __future__ import annotations

import resource

from wherry.config import Config
from wherry.declarations import UNBOUNDED, Bounds
from wherry.values import frozen

_ASYNC_INFLIGHT = 1000
_MOST_CONNECTIONS = 10_000
_MOST_QUEUED = 10_000


@frozen
class Limits:
    """What one worker allows; sizes in bytes, times in seconds.

    Attributes:
        inflight: Calls that run at once.
        capacity: Calls that run or wait; one more is refused.
        threads: Threads for sync handlers, never more than `inflight`.
        connections: Open connections; more wait in the listener's backlog.
        line: Longest request line.
        fields: Most header fields.
        field: Longest header field, name and value.
        head: Longest head.
        body: Longest body.
        head_s: Time from a request's first byte to the end of its head.
        body_s: Time from the end of the head to the end of the body.
        write_s: Time that a reader may accept nothing.
        keepalive_s: Time an idle connection stays.
        timeout_s: Time until an answer must begin; 0 for none.
    """

    inflight: int
    capacity: int
    threads: int
    connections: int
    line: int
    fields: int
    field: int
    head: int
    body: int
    head_s: float
    body_s: float
    write_s: float
    keepalive_s: float
    timeout_s: float

    @classmethod
    def of(cls, config: Config, *, is_async: bool, bounds: Bounds = UNBOUNDED) -> Limits:
        """Resolve the limits for a handler of this kind, its own `bounds` before the settings."""
        usual = config.max_inflight or (_ASYNC_INFLIGHT if is_async else config.threads)
        inflight = bounds.max_inflight or usual
        queued = config.max_queue if bounds.max_queue is None else bounds.max_queue
        if queued is None:
            queued = min(10 * inflight, _MOST_QUEUED)
        return cls(
            inflight=inflight,
            capacity=inflight + queued,
            threads=min(config.threads, inflight),
            connections=config.max_connections or _affordable_connections(),
            line=config.limit_line_bytes,
            fields=config.limit_fields,
            field=config.limit_field_bytes,
            head=config.limit_line_bytes + 65536,
            body=config.limit_body_bytes,
            head_s=config.head_timeout_s,
            body_s=config.body_timeout_s,
            write_s=config.write_timeout_s,
            keepalive_s=config.keepalive_s,
            timeout_s=config.timeout_s if bounds.timeout_s is None else bounds.timeout_s,
        )


def _affordable_connections() -> int:
    """Three quarters of the descriptors: the function needs the rest for files and calls."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(1, min(_MOST_CONNECTIONS, soft * 3 // 4))
