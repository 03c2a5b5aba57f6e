"""The functions of one worker as the rest of it sees them: one service, one drain, one count.

Makes an engine for each function with its own limits, name and emitter, and what stands in front
of several. It must not know sockets or signals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from wherry import handler
from wherry.emission import Emitter
from wherry.handler import Hooks
from wherry.metrics import Number, Numbers, function_key, number_key
from wherry.secrets import Secrets
from wherry.serving.engine import Engine
from wherry.serving.hooks import together
from wherry.serving.limits import Limits
from wherry.serving.share import Share

if TYPE_CHECKING:
    import asyncio

    from wherry.access_log import AccessLog
    from wherry.config import Config
    from wherry.context import Context
    from wherry.handler import Handler
    from wherry.lifecycle import Lifecycle
    from wherry.metrics import Ledger
    from wherry.serving.edge import Edge, Service
    from wherry.serving.loop_watch import LoopWatch, Suspect
    from wherry.serving.mounts import Mount
    from wherry.telemetry.spans import Spans


class Functions:
    """One function, or several behind a switchboard.

    Args:
        mounts: The functions, at least one.
        config: The settings of the process; each function has its own name and limits.
        lifecycle: The life that probes tell of.
        ledger: Where calls are counted.
        access_log: Where calls are noted, or None.

    Attributes:
        service: Who answers.
        limits: Those of the edge.
        is_async: Whether every function is, so that no thread is needed.
        has_async: Whether some function is, so that the event loop is watched.
        watch: Watches the event loop while there is one to watch, or None.

    Raises:
        HandlerConflict: Two functions have the same path or event type.
    """

    def __init__(
        self,
        mounts: Sequence[Mount],
        config: Config,
        *,
        loop: asyncio.AbstractEventLoop | None,
        lifecycle: Lifecycle,
        ledger: Ledger,
        access_log: AccessLog | None,
    ) -> None:
        self.mounts = mounts
        self.handlers: Sequence[Handler] = [mount.handler for mount in mounts]
        self.is_async = all(each.is_async for each in self.handlers)
        self.has_async = any(each.is_async for each in self.handlers)
        self.watch: LoopWatch | None = None
        self._config = config
        self._make = partial(
            Engine,
            loop=loop,
            lifecycle=lifecycle,
            ledger=ledger,
            access_log=access_log,
            secrets=Secrets(config.secrets_path),
        )
        self._emitters = [
            Emitter(config.sink, config.overrides, f"/{each.name}", encoding=config.event_headers)
            for each in mounts
        ]
        self._functions = [
            self._engine(mount, emitter)
            for mount, emitter in zip(mounts, self._emitters, strict=True)
        ]
        self._engines = self._functions
        self.service: Service = self._functions[0]
        self.limits = self._functions[0].limits
        if len(mounts) > 1:
            if access_log is not None:
                access_log.named = True
            self._put_in_front(loop, lifecycle, ledger, access_log)

    def _engine(self, mount: Mount, emitter: Emitter) -> Engine:
        found = mount.handler
        limits = Limits.of(self._config, is_async=found.is_async, bounds=found.bounds)
        own = self._config.with_(function=mount.name)
        return self._make(found, own, limits, emitter=emitter)

    def _put_in_front(
        self,
        loop: asyncio.AbstractEventLoop | None,
        lifecycle: Lifecycle,
        ledger: Ledger,
        access_log: AccessLog | None,
    ) -> None:
        from wherry.serving.routes import Routes  # one function alone needs none of it
        from wherry.serving.switchboard import FrontDesk, Switchboard

        self.limits = Limits.of(self._config, is_async=False)
        hooks = Hooks(
            ready=together(each.hooks.ready for each in self.handlers),
            alive=together(each.hooks.alive for each in self.handlers),
        )
        nobody = handler.of(_nobody, name="nobody", hooks=hooks)
        front = FrontDesk(
            nobody,
            self._config,
            self.limits,
            loop=loop,
            lifecycle=lifecycle,
            ledger=ledger,
            access_log=access_log,
        )
        front.engines = self._functions
        front.is_loop_blocked = lambda: self.watch is not None and self.watch.is_blocked
        self._engines = [*self._functions, front]
        self.service = Switchboard(Routes(self.mounts), self._functions, front, self._config)

    @property
    def names(self) -> list[str]:
        """The functions' names."""
        return [mount.name for mount in self.mounts]

    @property
    def shown(self) -> str:
        """The functions as the log tells of them: where each answers, when there are several."""
        if len(self.mounts) == 1:
            return self.handlers[0].name
        return ", ".join(f"{mount.name} at {mount.path}" for mount in self.mounts)

    @property
    def threads(self) -> int:
        """Calls of sync handlers that may run at once."""
        return sum(each.limits.threads for each in self._synchronous())

    def connect(self, edge: Edge) -> None:
        """Say whose requests these are; with several functions each has its share of the pool."""
        for engine in self._engines:
            engine.connect(edge)
        if len(self.mounts) > 1:
            for engine, mount in zip(self._functions, self.mounts, strict=True):
                if not engine.handler.is_async:
                    share = Share(edge.driver, engine.limits.threads, function_key(mount.name))
                    engine.connect(edge, share)

    def tick(self) -> None:
        """Answer 504 for each call whose deadline has passed."""
        for engine in self._functions:
            engine.tick()

    def drain(self) -> None:
        """From now on every answer says `Connection: close`."""
        for engine in self._engines:
            engine.draining = True

    def end_upgraded(self) -> None:
        """Have those who have left HTTP take leave of their callers."""
        for engine in self._functions:
            if engine.tasks is not None:
                engine.tasks.end_upgraded()

    @property
    def engines(self) -> Sequence[Engine]:
        """The engine of each function."""
        return self._functions

    @property
    def stuck(self) -> int:
        """Calls among those that are admitted and count as stuck."""
        return sum(engine.stuck for engine in self._functions)

    @property
    def admitted(self) -> int:
        """Calls whose handlers have not ended."""
        return sum(len(engine.admitted) for engine in self._functions)

    def watch_loop(
        self,
        turn_s: float,
        *,
        on_blocked: Callable[[Suspect | None], object],
        meanwhile: Callable[[], object],
    ) -> None:
        """Watch the loop, when there is a handler that could block it; on the loop."""
        limit_s = self._config.blocked_loop_s
        if not self.has_async or limit_s <= 0:
            return
        from wherry.serving.loop_watch import LoopWatch

        self.watch = LoopWatch(
            limit_s,
            turn_s,
            suspect_of=self.suspect_of,
            on_blocked=on_blocked,
            meanwhile=meanwhile,
        )
        self.watch.start()

    def suspect_of(self, task: asyncio.Task[Any]) -> Suspect | None:
        """The call that `task` runs, or None."""
        from wherry.serving.loop_watch import Suspect  # only who watches asks

        for engine in self._functions:
            for exchange in list(engine.admitted):
                if exchange.task is task:
                    return Suspect(handler=engine.handler.name, context=exchange.context)
        return None

    def is_running(self, context: Context) -> bool:
        """Whether the handler that this is the context of has not ended."""
        return any(
            exchange.context is context
            for engine in self._functions
            for exchange in list(engine.admitted)
        )

    def trace_with(self, spans: Spans) -> None:
        """Have a span made of each call and of each emitted event."""
        for engine in self._functions:
            engine.call, engine.call_async = spans.call, spans.call_async
        for emitter in self._emitters:
            emitter.tracer = spans

    def gauges(self) -> Numbers:
        """Calls of this moment, and what else is counted elsewhere, for the metrics."""
        found: Numbers = {}
        for engine in self._functions:
            found.update(engine.gauges())
        for mount, emitter in zip(self.mounts, self._emitters, strict=True):
            function = function_key(mount.name)
            found[number_key(function, Number.EMITTED)] = emitter.accepted
            found[number_key(function, Number.LOST)] = emitter.lost
        return found

    def drain_emitters(self, timeout_s: float) -> int:
        """Wait at most `timeout_s` for emitted events that are under way; how many are left."""
        until = monotonic() + timeout_s
        return sum(each.drain(max(0.0, until - monotonic())) for each in self._emitters)

    def _synchronous(self) -> Iterator[Engine]:
        return (each for each in self._functions if not each.handler.is_async)


def _nobody() -> None:
    """Stands for the functions where none is meant; it is never called."""
