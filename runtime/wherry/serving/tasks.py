"""The calls of an async handler, each a task on the event loop.

The edge's turns may be the loop's own, or those of a leading thread when sync functions are served
beside this one. Whatever is counted here is counted on the loop, so a turn elsewhere hands over by
`call_soon_threadsafe`. This module must not know what is admitted or how an answer is written.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from wherry.reply import Upgraded
from wherry.serving.answer import AsyncStream
from wherry.serving.body import AwaitableBody
from wherry.serving.driver import TOGETHER_S

if TYPE_CHECKING:
    from wherry.metrics import Shard
    from wherry.reply import Reply
    from wherry.serving.engine import Engine
    from wherry.serving.exchange import Exchange

T = TypeVar("T")
_log = logging.getLogger("wherry.serving")
_CLIENT_CLOSED = 499  # for metrics and log only, as NGINX counts it


class Tasks:
    """Runs at most `limits.inflight` calls of one engine at once; others wait in a queue.

    Attributes:
        apart: Whether turns of the edge are another thread's.
        upgraded: Calls that have left HTTP and own their connections.
    """

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop, shard: Shard) -> None:
        self._engine = engine
        self._shard = shard
        self._loop = loop
        self._base = contextvars.copy_context()
        self._running = 0
        self._queue: deque[Exchange] = deque()
        self._unanswered: deque[tuple[Exchange, Reply]] = deque()
        self._since = 0.0
        self.apart = False
        self.upgraded: set[Exchange] = set()

    @property
    def waiting(self) -> int:
        """Calls that no task has begun."""
        return len(self._queue)

    def submit(self, exchange: Exchange) -> None:
        """Have the call begin, now or in its turn; from a turn of the edge."""
        if self.apart:
            self._loop.call_soon_threadsafe(self._begin_or_wait, exchange)
        elif self._running < self._engine.limits.inflight:
            self._start(exchange)
        else:
            self._queue.append(exchange)

    def cancel(self, exchange: Exchange) -> None:
        """Cancel the call if it has begun; from a turn of the edge."""
        if exchange.task is not None:
            self.on_loop(exchange.task.cancel)

    def on_gone(self, exchange: Exchange) -> None:
        """Nobody will read the answer; who has left HTTP sees that as the end of the bytes."""
        if exchange not in self.upgraded:
            self.cancel(exchange)

    def end_upgraded(self) -> None:
        """The process ends: those who have left HTTP may take leave of their callers."""
        for exchange in self.upgraded:
            if exchange.task is not None:
                exchange.task.cancel()

    def on_loop(self, what: Callable[[], object]) -> None:
        """Have `what` done on the loop: at once in a turn of its own, else soon."""
        if self.apart:
            self._loop.call_soon_threadsafe(what)
        else:
            what()

    def body(self, resume: Callable[[], None]) -> AwaitableBody:
        """A body that turns of the edge feed and a task takes."""
        return AwaitableBody(resume, self.on_loop)

    def _begin_or_wait(self, exchange: Exchange) -> None:
        """As `submit`, on the loop; its deadline may have passed on the way here."""
        self._queue.append(exchange)
        self._start_waiting()

    def _start(self, exchange: Exchange) -> None:
        self._running += 1
        exchange.task = self._base.copy().run(self._loop.create_task, self._run(exchange))

    async def _run(self, exchange: Exchange) -> None:
        """One call of an async handler."""
        engine = self._engine
        try:
            try:
                reply = await engine.call_async(engine.handler, exchange)
            except asyncio.CancelledError:
                if exchange not in engine.unanswered or exchange.connection.broken:
                    raise
                reply = engine.failure(exchange, asyncio.CancelledError())  # the handler's own
            except BaseException as error:  # GeneratorExit, too, costs its own call only
                reply = engine.failure(exchange, error)
            if not engine.claim(exchange):
                await AsyncStream.discard(reply)
            elif isinstance(reply.body, bytes):
                self._answer_soon(exchange, reply)
            else:
                if isinstance(reply, Upgraded):
                    from wherry.serving.upgrade import Upgrade  # few handlers need it

                    await Upgrade(engine, exchange, reply).run()
                else:
                    await AsyncStream(engine, exchange, reply).run()
                engine.note(exchange, self._shard)
        except asyncio.CancelledError:
            if engine.claim(exchange):  # its caller is gone
                exchange.connection.broken = True
                exchange.connection.release(keep_alive=False)
                exchange.status = _CLIENT_CLOSED
                engine.note(exchange, self._shard)
        finally:
            engine.leave(exchange)
            self._running -= 1
            self._start_waiting()

    def _answer_soon(self, exchange: Exchange, reply: Reply) -> None:
        """Answer together with the other calls that end in this turn of the loop.

        As the leading thread does (`wherry.serving.leader`), and for the same reason.
        """
        now = monotonic()
        if not self._unanswered:
            self._since = now
            self._loop.call_soon(self._answer)
        self._unanswered.append((exchange, reply))
        if now - self._since > TOGETHER_S:
            self._answer()

    def _answer(self) -> None:
        unanswered = self._unanswered
        while unanswered:
            exchange, reply = unanswered.popleft()
            try:
                self._engine.finish(exchange, reply, self._shard)
            except Exception:
                _log.exception("an answer ended in a way that Wherry did not foresee")

    def _start_waiting(self) -> None:
        while self._queue and self._running < self._engine.limits.inflight:
            waiting = self._queue.popleft()
            if waiting in self._engine.unanswered:
                self._start(waiting)
            else:
                self._engine.leave(waiting)


def run_on(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], then: Callable[[T], object]
) -> None:
    """Have `work` done on the loop, and `then` called with its result; from any thread."""

    async def both() -> None:
        then(await work)

    asyncio.run_coroutine_threadsafe(both(), loop)
