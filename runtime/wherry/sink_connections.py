"""The connections to a sink, and the tries to deliver a request over them.

With the retries of Knative's delivery contract, and never past the deadline of the call. This
module must not know events.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

from wherry.errors import EmitError

if TYPE_CHECKING:
    import urllib3

    from wherry.context import Context

RETRIES = 4
RETRIED_STATUSES = frozenset({408, 409, 429, *range(500, 600)})
ATTEMPT_S = 30.0
_BACKOFF_S = 0.2
_BACKOFF_MAX_S = 10.0
_CONNECTIONS = 16


class Tried(Protocol):
    """What is told of the tries.

    Attributes:
        status: The sink's status once it has accepted.
        attempts: How many times it was tried.
    """

    status: int | None
    attempts: int


class SinkConnections:
    """A pool of connections, made at first use; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: urllib3.PoolManager | None = None

    def send(
        self,
        tried: Tried,
        sink: str,
        headers: list[tuple[str, str]],
        body: bytes,
        context: Context | None,
    ) -> None:
        """Send an event's request until the sink has accepted it, and note how it went.

        Raises:
            EmitError: It has not, after every retry or at the deadline.
        """
        import urllib3
        from urllib3.exceptions import HTTPError

        retry = urllib3.Retry(
            RETRIES,
            allowed_methods=None,
            status_forcelist=RETRIED_STATUSES,
            backoff_factor=_BACKOFF_S,
            backoff_max=_BACKOFF_MAX_S,
            backoff_jitter=_BACKOFF_S,
        )
        pool = self._opened()
        while True:
            tried.attempts += 1
            response, fault = None, None
            try:
                response = pool.request(
                    "POST",
                    sink,
                    body=body,
                    headers=urllib3.HTTPHeaderDict(headers),
                    timeout=min(_remaining_s(context), ATTEMPT_S) or 0.001,
                    retries=False,
                    redirect=False,
                )
            except HTTPError as error:
                fault = error
            status = None if response is None else response.status
            if status is not None and 200 <= status < 300:
                tried.status = status
                return
            failed = _failed(sink, status, fault, tried.attempts)
            if response is not None and not retry.is_retry(
                "POST", response.status, "Retry-After" in response.headers
            ):
                raise failed
            try:
                retry = retry.increment("POST", sink, response=response, error=fault)
                wait_s = (response and retry.get_retry_after(response)) or retry.get_backoff_time()
            except HTTPError:
                raise failed from fault
            if wait_s >= _remaining_s(context):
                raise failed from fault
            time.sleep(wait_s)

    def _opened(self) -> urllib3.PoolManager:
        import urllib3

        with self._lock:
            if self._pool is None:
                self._pool = urllib3.PoolManager(num_pools=2, maxsize=_CONNECTIONS)
            return self._pool


def _remaining_s(context: Context | None) -> float:
    return ATTEMPT_S if context is None else context.deadline.remaining()


def _failed(sink: str, status: int | None, fault: Exception | None, attempts: int) -> EmitError:
    # A sink's URL may hold credentials; its host does not.
    from urllib.parse import urlsplit  # only who fails needs it

    host = urlsplit(sink).hostname or "the sink"
    what = f"status {status}" if status is not None else type(fault).__name__
    return EmitError(
        f"{host} did not take the event: {what} after {attempts} attempts",
        status=status,
        attempts=attempts,
    )
