"""A request's body as it arrives, for a handler that blocks until more of it is there.

Apart from `wherry.serving.body`, because it takes the module `queue`, and few functions a stream.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue

from wherry.serving.body import BodyInterrupted, BodyStream


class BlockingBody(BodyStream):
    """For a sync handler: an iterator of chunks, read in its thread."""

    def __init__(self, resume: Callable[[], None], patience_s: float) -> None:
        super().__init__(resume)
        self._chunks: SimpleQueue[bytes | BodyInterrupted] = SimpleQueue()
        self._patience_s = patience_s
        self._done = False

    def _put(self, item: bytes | BodyInterrupted) -> None:
        self._chunks.put(item)

    def __iter__(self) -> BlockingBody:
        return self

    def __next__(self) -> bytes:
        if self._done:
            raise StopIteration
        try:
            item = self._chunks.get(timeout=self._patience_s)
        except Empty:
            item = BodyInterrupted("the body did not arrive in time", 408)
        if not item or isinstance(item, BodyInterrupted):
            self._done = True
            if isinstance(item, BodyInterrupted):
                raise item
            raise StopIteration
        self._taken(item)
        return item
