"""One call of a sync handler, as a job of the pool."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from wherry.serving.answer import BlockingStream

if TYPE_CHECKING:
    from wherry.metrics import Shard
    from wherry.reply import Reply
    from wherry.serving.engine import Engine
    from wherry.serving.exchange import Exchange

_ANSWERED = object()


class Call:
    """The handler is called first, and its answer sent when the pool comes to that.

    Until then the call is in flight, and its deadline may still answer in its place.
    """

    __slots__ = ("_engine", "_is_streamed", "_reply", "exchange")

    def __init__(self, engine: Engine, exchange: Exchange) -> None:
        self._engine = engine
        self.exchange = exchange
        self._reply: Reply | None = None
        self._is_streamed = False

    def run(self, shard: Shard) -> float:
        """Call the handler; gives when it had ended. A streamed answer is sent here."""
        engine, exchange = self._engine, self.exchange
        if exchange not in engine.unanswered:  # its deadline passed while it waited
            return 0.0
        variables = engine.variables.copy()
        try:
            reply = variables.run(engine.call, engine.handler, exchange)
        except BaseException as error:  # GeneratorExit, too, costs its own call only
            reply = variables.run(engine.failure, exchange, error)
        ended = monotonic()
        if reply.body.__class__ is bytes:
            self._reply = reply
        elif engine.claim(exchange):
            self._is_streamed = True
            BlockingStream(engine, exchange, reply, variables).run(shard)
        else:
            BlockingStream.discard(reply)
        return ended

    def answer(self, shard: Shard) -> None:
        """Send the answer, unless the deadline did."""
        if self._is_streamed:
            return
        engine, exchange, reply = self._engine, self.exchange, self._reply
        engine.admitted.pop(exchange, None)
        if reply is not None and engine.unanswered.pop(exchange, _ANSWERED) is None:
            engine.finish(exchange, reply, shard)
