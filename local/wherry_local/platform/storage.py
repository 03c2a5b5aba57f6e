"""Which queue a platform has: a file of its own, or a server of NATS."""

from __future__ import annotations

import hashlib
import socket

from wherry_local.errors import QueueUnavailable
from wherry_local.platform.settings import Settings
from wherry_local.queue.contract import Queue, StorageFailed
from wherry_local.state import StateFolder


async def open_queue(settings: Settings, state: StateFolder) -> Queue:
    """Open the queue of a platform.

    Raises:
        QueueUnavailable: It cannot be opened.
    """
    try:
        if settings.queue_url is not None:
            from wherry_local.queue.jetstream import JetStreamQueue

            return await JetStreamQueue.open(settings.queue_url, name=_stream_of(state))
        from wherry_local.queue.sqlite import SqliteQueue

        return SqliteQueue(state.queue)
    except StorageFailed as error:
        raise QueueUnavailable(error.message, hint=error.hint) from None


def _stream_of(state: StateFolder) -> str:
    """The stream of this project on this machine; several may be on one server."""
    place = f"{socket.gethostname()}:{state.path.resolve()}"
    return f"WHERRY-{hashlib.sha256(place.encode()).hexdigest()[:16]}"
