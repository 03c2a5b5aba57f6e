"""From a request to its answer: probes, the in-flight gate, the handler, the deadline.

The `Service` behind an `Edge`. A call is admitted or refused at once; it runs in the pool or as a
task; it is answered by whoever pops it from `unanswered` first, the handler or the deadline. That
pop is one operation of the interpreter, so there is nothing to lock. `admitted` holds a call until
its handler has really ended, answered or not, so that a stuck handler goes on counting.
"""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from wherry import invocation
from wherry.call_ids import CallIds
from wherry.callables import is_coroutine_function
from wherry.context import Context, Platform
from wherry.deadline import duration_s
from wherry.errors import InvocationFailed, RequestRefused, ResponseError
from wherry.lifecycle import Lifecycle
from wherry.metrics import Ledger, Number, Numbers, Shard, function_key, number_key
from wherry.problem import Problem
from wherry.reply import Reply
from wherry.serving import probes, watchdog
from wherry.serving.answer import send
from wherry.serving.body import BodyStream
from wherry.serving.call import Call
from wherry.serving.driver import Running
from wherry.serving.platform_fields import PlatformFields
from wherry.trace import parse_traceparent

if TYPE_CHECKING:
    import asyncio

    from wherry.access_log import AccessLog
    from wherry.config import Config
    from wherry.emission import Emitter
    from wherry.handler import Handler
    from wherry.secrets import Secrets
    from wherry.serving.driver import Pool
    from wherry.serving.edge import Edge
    from wherry.serving.exchange import Exchange
    from wherry.serving.limits import Limits
    from wherry.serving.tasks import Tasks

_log = logging.getLogger("wherry.serving")
_FAILED = Problem(status=500, detail="the function failed")
_LATE = Problem(status=504, detail="the function did not answer in time")
_NEVER = float("inf")
_CLIENT_CLOSED = 499  # for metrics and log only, as NGINX counts it


class Engine:
    """Answers the requests of one worker with one handler.

    Attributes:
        edge: Where requests come from; `connect` sets it, before the first.
        pool: Which threads run calls of a sync handler; `connect` sets it.
        tasks: Runs calls of an async handler; None for others.
        variables: The context variables with which each call of a sync handler begins.
        late: Calls that were answered 504 and whose handler may be running still.
        stuck: How many of them count as stuck; `wherry.serving.wear` finds out.
        call: Calls a sync handler; stands for `invocation.call`, or around it.
        call_async: The same for an async one.
        refused: Calls refused because one more was too many.
        expired: Calls answered 504.
        abandoned: Calls among them whose handler had begun and cannot be stopped.
        draining: Whether every answer says `Connection: close`.
        takes_streams: Whether the handler takes bodies as they arrive.
    """

    edge: Edge
    pool: Pool

    def __init__(
        self,
        handler: Handler,
        config: Config,
        limits: Limits,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        lifecycle: Lifecycle,
        ledger: Ledger,
        access_log: AccessLog | None,
        emitter: Emitter | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self.handler = handler
        self.limits = limits
        self.lifecycle = lifecycle
        self.draining = False
        self.takes_streams = handler.wants_stream
        self.access_log = access_log
        self.admitted: dict[Exchange, None] = {}
        self.unanswered: dict[Exchange, None] = {}
        self.late: dict[Exchange, None] = {}
        self.stuck = 0
        self.call, self.call_async = invocation.call, invocation.call_async
        self.refused = self.expired = self.abandoned = 0
        self._identity = config.identity
        self._probes = probes.chosen(config.probes)
        self._on_openfaas = config.platform is Platform.OPENFAAS
        self._emitter = emitter
        self._secrets = secrets
        self._call_ids = CallIds()
        function = function_key(config.function)
        self._platform_fields = PlatformFields(config, handler, ledger, function)
        self._shard = ledger.shard(function)
        self.tasks: Tasks | None = None
        if handler.is_async and loop is not None:
            from wherry.serving.tasks import Tasks  # asyncio is a third of a cold start

            self.tasks = Tasks(self, loop, ledger.shard(function))
        self._loop = loop
        self._asking = probes.Asking()
        self.variables = contextvars.copy_context()
        self._overloaded = Problem(
            status=config.overload_status,
            detail=f"{limits.capacity} calls are in flight or waiting; try again",
            retry_after_s=1,
        )

    def connect(self, edge: Edge, pool: Pool | None = None) -> None:
        """Say whose requests these are, and which threads run calls of a sync handler."""
        self.edge = edge
        if self._platform_fields.believes_proxies:
            edge.meanings.proxied = True
        self.pool = edge.driver if pool is None else pool
        if self.tasks is not None:
            self.tasks.apart = not edge.driver.on_loop

    # Service --------------------------------------------------------------------------------

    def begin(self, exchange: Exchange) -> None:
        """Answer a probe or a refusal here; admit a call, or refuse it."""
        if exchange.verdict is not None:
            self._identify(exchange)
            self.finish(exchange, Reply.of_problem(exchange.verdict, exchange.call_id), self._shard)
            return
        probe = self._probes.get(exchange.path)
        if probe is not None:
            self._answer_probe(exchange, probe)
            return
        self._identify(exchange)
        if exchange.platform_fields is not None:
            answer = self._platform_fields.apply(exchange)
            if answer is not None:
                self.finish(exchange, answer, self._shard)
                return
        if len(self.admitted) >= self.limits.capacity:
            self.refused += 1
            self.finish(exchange, self._own_answer(exchange, self._overloaded), self._shard)
            return
        self.admitted[exchange] = None
        self.unanswered[exchange] = None
        if self.tasks is not None:
            self.tasks.submit(exchange)
        else:
            self.pool.submit(Call(self, exchange))

    def open_stream(self, exchange: Exchange, resume: Callable[[], None]) -> BodyStream | None:
        """A stream, when the handler takes one and the request is for it."""
        if not self.handler.wants_stream or exchange.path in self._probes:
            return None
        stream: BodyStream
        if self.tasks is not None:
            stream = self.tasks.body(resume)
        else:
            from wherry.serving.blocking_body import BlockingBody

            stream = BlockingBody(resume, self.limits.body_s)
        exchange.stream = stream
        return stream

    def on_gone(self, exchange: Exchange) -> None:
        """Nobody will read the answer: an async handler is cancelled, a thread cannot be."""
        if self.tasks is not None:
            self.tasks.on_gone(exchange)

    # The clock ------------------------------------------------------------------------------

    def tick(self) -> None:
        """Answer 504 for each call whose deadline has passed."""
        now = monotonic()
        for exchange in list(self.unanswered):
            if exchange.due <= now and self.claim(exchange):
                self.expired += 1  # before the answer, so that who has seen it finds it counted
                if exchange in self.admitted:
                    self.late[exchange] = None
                    if self.tasks is None:
                        self.abandoned += any(each is exchange for each, _ in self.running())
                self.finish(
                    exchange,
                    self._own_answer(exchange, _LATE),
                    self._shard,
                    keep_alive=False,
                )
                if exchange.incoming is not None:
                    exchange.incoming.fail("the deadline has passed")
                if self.tasks is not None:
                    self.tasks.cancel(exchange)

    @property
    def is_full(self) -> bool:
        """Whether one more call would be refused."""
        return len(self.admitted) >= self.limits.capacity

    @property
    def waiting(self) -> int:
        """Calls that no thread or task has begun."""
        return self.pool.waiting if self.tasks is None else self.tasks.waiting

    def running(self) -> list[tuple[Exchange, Running]]:
        """The calls that threads are at."""
        jobs = self.pool.running()
        return [(each.job.exchange, each) for each in jobs if isinstance(each.job, Call)]

    def gauges(self) -> Numbers:
        """Its calls of this moment, for the metrics."""
        function, waiting = function_key(self._identity.function), self.waiting
        return {
            number_key(function, Number.IN_FLIGHT): len(self.admitted) - waiting,
            number_key(function, Number.QUEUED): waiting,
            number_key(function, Number.STUCK): self.stuck,
            number_key(function, Number.REFUSED): self.refused,
            number_key(function, Number.LATE): self.expired,
            number_key(function, Number.ABANDONED): self.abandoned,
        }

    # Answering ------------------------------------------------------------------------------

    def claim(self, exchange: Exchange) -> bool:
        """Take the right to answer; True for exactly one caller."""
        try:
            del self.unanswered[exchange]
        except KeyError:
            return False
        return True

    def leave(self, exchange: Exchange) -> None:
        """The handler has ended, whatever became of its answer."""
        self.admitted.pop(exchange, None)

    def finish(
        self, exchange: Exchange, reply: Reply, shard: Shard, *, keep_alive: bool = True
    ) -> None:
        """Send an answer whose body is bytes; only by who has claimed it."""
        keep_alive = keep_alive and exchange.keep_alive and not self.draining
        if self._on_openfaas:
            reply = watchdog.timed(reply, monotonic() - exchange.started)
        send(self.edge.date, exchange, reply, keep_alive=keep_alive)
        self.note(exchange, shard)

    def _own_answer(self, exchange: Exchange, problem: Problem) -> Reply:
        """An answer that the function had no part in."""
        reply = Reply.of_problem(problem, exchange.call_id)
        return watchdog.marked(reply) if self._on_openfaas else reply

    def note(self, exchange: Exchange, shard: Shard) -> None:
        """Count and log an answered call."""
        now = monotonic()
        seconds = now - exchange.started
        status = exchange.status
        if exchange.connection.broken and status < 500:
            status = _CLIENT_CLOSED
        shard.observe(status, exchange.method, seconds)
        trace = exchange.context.trace
        if trace is not None and trace.is_sampled:
            shard.exemplify(status, exchange.method, seconds, trace)
        if self.access_log is not None:
            context, method, path = exchange.context, exchange.method, exchange.path
            self.access_log.add(context, method, path, status, exchange.size, seconds, now)

    def failure(self, exchange: Exchange, error: BaseException) -> Reply:
        """The answer to a call that did not get one from its handler; the cause is logged."""
        if exchange.verdict is not None:  # its body was refused while the handler read it
            return Reply.of_problem(exchange.verdict, exchange.call_id)
        if isinstance(error, RequestRefused):
            return Reply.of_problem(error.problem, exchange.call_id)
        if isinstance(error, InvocationFailed):
            cause = error.__cause__ or error
            _log.error("the function failed: %s", type(cause).__name__, exc_info=cause)
        elif isinstance(error, ResponseError):
            _log.error("the function returned what cannot be sent: %s", error)
        else:
            _log.error("the call failed inside Wherry", exc_info=error)
        return Reply.of_problem(_FAILED, exchange.call_id)

    # Probes ---------------------------------------------------------------------------------

    def _answer_probe(self, exchange: Exchange, probe: probes.Probe) -> None:
        self._identify(exchange)
        if exchange.method not in probes.METHODS:
            problem = Problem(status=405, detail="a probe is a GET or HEAD", allow="GET, HEAD")
            self._send_quietly(exchange, Reply.of_problem(problem, exchange.call_id))
            return
        reply = probes.verdict(probe, self.lifecycle, saturated=self.is_full)
        hooks = self.handler.hooks
        hook = hooks.ready if probe is probes.Probe.READINESS else hooks.alive
        if reply is None and hook is None:
            reply = probes.OK
        if reply is not None:
            self._send_quietly(exchange, reply)
            return
        answer = partial(self._send_quietly, exchange)
        if self._loop is not None and hook is not None and is_coroutine_function(hook):
            from wherry.serving.tasks import run_on

            run_on(self._loop, probes.ask(hook), answer)
        elif hook is not None:
            self._asking.ask(hook, answer)

    def _send_quietly(self, exchange: Exchange, reply: Reply) -> None:
        """Answer without a line in the log or a count: probes are not calls."""
        send(self.edge.date, exchange, reply, keep_alive=exchange.keep_alive and not self.draining)

    def _identify(self, exchange: Exchange) -> None:
        """Give the call its id, its deadline and its context."""
        if not exchange.call_id:
            exchange.call_id = self._call_ids.take()
        timeout_s = self.limits.timeout_s
        if exchange.timeout_header:
            timeout_s = _shortened(timeout_s, exchange.timeout_header)
        trace = exchange.trace_header
        exchange.due = exchange.started + timeout_s if timeout_s > 0 else _NEVER
        exchange.context = Context(  # by position: keywords would double what it costs
            exchange.call_id,
            exchange.due,
            self._identity,
            parse_traceparent(trace) if trace else None,
            self._emitter,
            self._secrets,
        )


def _shortened(timeout_s: float, header: bytes) -> float:
    """The caller may shorten the time and never lengthen it; a malformed wish is no wish."""
    try:
        wish = duration_s(header.decode("ascii"))
    except ValueError:
        return timeout_s
    if wish <= 0:
        return timeout_s
    return min(timeout_s, wish) if timeout_s > 0 else wish
