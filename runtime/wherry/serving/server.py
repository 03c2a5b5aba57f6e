"""One worker's life: import, start, serve, drain, stop.

Used by every way of running: alone, under our supervisor, under gunicorn. It installs no signal
handlers and owns no process. The states are those of `wherry.lifecycle`.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from wherry import log
from wherry.access_log import AccessLog
from wherry.capture import Capture
from wherry.config import Config
from wherry.errors import ConfigError, HandlerStartError
from wherry.lifecycle import Event, Lifecycle, State
from wherry.metrics import Number
from wherry.secrets import REDACTOR
from wherry.serving import collector, hooks, warming
from wherry.serving.announcement import tell_log, tell_starter
from wherry.serving.connection import Connection
from wherry.serving.driver import Driver, LoopDriver
from wherry.serving.edge import Edge
from wherry.serving.ending import EXIT_WORN
from wherry.serving.functions import Functions
from wherry.serving.metering import Metering
from wherry.serving.pace import BlockingPace, LoopPace, Pace
from wherry.serving.poller import Poller, make_poller
from wherry.serving.wear import Wear
from wherry.startup import mark

if TYPE_CHECKING:
    from wherry.metrics.shared import SharedTotals
    from wherry.serving.lock_file import LockFile
    from wherry.serving.loop_watch import Suspect
    from wherry.serving.mounts import Mount
    from wherry.telemetry.export import Telemetry

_log = logging.getLogger("wherry.serving")
_FOREVER_S = float("inf")
_TICK_S = 0.1
_DRAIN_LOOK_S = 0.02
_HAND_OVER_S = 1.0


class Server:
    """Serves functions on sockets that are already bound and listening.

    Args:
        config: The settings.
        sockets: Listening sockets of the function.
        metrics_socket: Listening socket of the metrics port, or None.
        totals: Where workers share their counts, when there are several.
        slot: This worker's place in `totals`.
        lock: The file that says that the function is ready, or None.
        heartbeat: Called ten times a second, for a supervisor.
        on_ready: Called when this worker has begun to serve.
        on_worn: Called when another worker should take this one's place; without it the worker
            ends, so that whoever looks after the process starts it again.

    Attributes:
        exit_code: What the process should end with after `run`.
    """

    def __init__(
        self,
        config: Config,
        sockets: list[socket.socket],
        *,
        metrics_socket: socket.socket | None = None,
        totals: SharedTotals | None = None,
        slot: int = 0,
        lock: LockFile | None = None,
        heartbeat: Callable[[], None] | None = None,
        on_ready: Callable[[], None] | None = None,
        on_worn: Callable[[], None] | None = None,
    ) -> None:
        mark("server")
        self.config = config
        self.exit_code = 0
        self.lifecycle = Lifecycle()
        self._sockets = sockets
        self._metrics_socket = metrics_socket
        self._metering = Metering(config, metrics_socket, totals, slot)
        self._slot = slot
        self._lock = lock
        self._heartbeat = heartbeat
        self._on_ready = on_ready
        self._on_worn = on_worn
        self._wear: Wear | None = None
        self._capture: Capture | None = None
        self._begun = monotonic()
        self._access_log = AccessLog(json=config.log_format == "json")
        self._pace: Pace | None = None
        self._terminated = self._hurry = self._retired = False
        # What a child that a handler forks must let go of.
        self._shared: list[Callable[[], object]] = [sock.close for sock in sockets]
        if metrics_socket is not None:
            self._shared.append(metrics_socket.close)
        self._shared.append(self._access_log.discard)

    def load(self, mounts: Sequence[Mount] | None = None) -> Sequence[Mount]:
        """Import the functions, unless that has been done: `mounts`.

        Raises:
            HandlerError: One cannot be served; says what was looked for and where.
        """
        from wherry.serving.mounts import load_mounts

        collector.begin_imports()
        log.configure(self.config, REDACTOR.redact)
        if self.config.capture_output:
            self._capture = Capture(self.config, REDACTOR.redact)
            self._shared.append(self._capture.forget)
        os.register_at_fork(after_in_child=self._let_go)
        if mounts is None:
            mounts = load_mounts(self.config)
        if any(mount.handler.needs_flask for mount in mounts):
            # In the main thread and before the first request, not during it.
            import flask  # noqa: F401
        mark("function")
        return mounts

    def run(self, mounts: Sequence[Mount]) -> int:
        """Start, serve until told to stop, drain, stop; returns the exit code.

        Raises:
            ConfigError: HTTP/2 or OpenTelemetry is asked for, and a package is not installed.
            HandlerConflict: Two functions have the same path or event type.
            HandlerStartError: A `start` hook raised.
        """
        needs_loop = any(hooks.needs_loop(mount.handler) for mount in mounts)
        self._pace = pace = LoopPace() if needs_loop else BlockingPace()
        pace.run(self._live(mounts, pace))
        return self.exit_code

    async def _live(self, mounts: Sequence[Mount], pace: Pace) -> None:
        new_connection = _http_2() if self.config.h2c else Connection
        functions = Functions(
            mounts,
            self.config,
            loop=pace.loop,
            lifecycle=self.lifecycle,
            ledger=self._metering.ledger,
            access_log=self._access_log if self.config.access_log else None,
        )
        telemetry = _telemetry(self.config) if self.config.opentelemetry else None
        if telemetry is not None:
            functions.trace_with(telemetry.spans)
        try:
            await hooks.start(functions.handlers, pace.complete)
        except HandlerStartError:
            self.lifecycle.on(Event.FAILED)
            raise
        mark("start hook")
        collector.end_imports()
        poller = make_poller()
        driver = self._driver(functions, pace, poller)
        edge = Edge(driver, poller, functions.limits, functions.service)
        edge.new_connection = new_connection
        functions.connect(edge)
        self._shared += [edge.abandon, driver.abandon]
        self._wear = Wear(self.config, functions.engines, self._metering.ledger)
        tick = partial(self._tick, edge, functions)
        self.lifecycle.on(Event.STARTED)
        driver.start()
        await self._metering.open(edge, functions)
        # Before the first call is taken, for that may be one which ends the process: whoever looks
        # after it must know by then that it was ready. Callers wait in the backlog meanwhile.
        self._announce(functions)
        for sock in self._sockets:
            await driver.run(partial(edge.listen, sock))
        self._start_watch(edge, functions)
        try:
            await self._until(self._is_to_end, warming.AFTER_S, tick)
            if not self._is_to_end():
                warming.warm()
            await self._until(self._is_to_end, _FOREVER_S, tick)
            await self._drain(edge, functions, tick)
        finally:
            if functions.watch is not None:
                functions.watch.stop()
            await driver.run(edge.close)
            driver.stop()
            await self._stop(functions, pace)
            self._metering.publish(functions)
            self._access_log.flush()
            if self._capture is not None:
                self._capture.end()
            self._metering.close()
            if telemetry is not None:
                telemetry.close()

    def _driver(self, functions: Functions, pace: Pace, poller: Poller) -> Driver:
        if functions.is_async and pace.loop is not None:
            return LoopDriver(pace.loop, poller)
        from wherry.serving.leader import LeaderDriver

        return LeaderDriver(poller, functions.threads, self._metering.ledger, loop=pace.loop)

    def _let_go(self) -> None:
        """In a child of this process, which must not serve: its parent does."""
        for each in self._shared:
            each()

    def terminate(self) -> None:
        """Begin to drain; a second call cuts the lame-duck window and the drain short.

        This and `retire` may be called from a signal handler or any thread.
        """
        if self._lock is not None:  # first of all: whoever looks shall send nothing more
            self._lock.leave(self._slot)
        self._hurry = self._terminated
        self._terminated = True
        self._ring()

    def retire(self) -> None:
        """Another worker has taken over: accept nothing more, finish, and end.

        Probes still hear that the function is ready, because it is: elsewhere.
        """
        if self._lock is not None:
            self._lock.leave(self._slot)
        self._retired = True
        self._ring()

    @property
    def is_retired(self) -> bool:
        """Whether another worker has taken over."""
        return self._retired

    def _ring(self) -> None:
        if self._pace is not None:
            self._pace.ring()

    def _is_to_end(self) -> bool:
        return self._terminated or self._retired

    async def _until(
        self, done: Callable[[], object], seconds: float, tick: Callable[[], None]
    ) -> None:
        """Keep the clock until `done`, for `seconds` at most, or until there is a hurry."""
        pace = self._pace
        assert pace is not None  # noqa: S101 - `run` has made it
        until = monotonic() + seconds
        ticked_at = 0.0
        while not (self._hurry or done()) and (now := monotonic()) < until:
            if now - ticked_at >= _TICK_S:
                ticked_at = now
                tick()
            rest_s = _TICK_S if self.lifecycle.state is State.READY else _DRAIN_LOOK_S
            await pace.rest(min(rest_s, max(0.0, until - now)))

    async def _drain(self, edge: Edge, functions: Functions, tick: Callable[[], None]) -> None:
        config, driver = self.config, edge.driver
        replaced = self._retired and not self._terminated
        # After a hand-over kept connections are answered for a moment, and told to end, before idle
        # ones are closed.
        lame_duck_s = _HAND_OVER_S if replaced else config.lame_duck_s
        self.lifecycle.on(Event.RETIRED if replaced else Event.TERMINATED)
        functions.drain()
        edge.draining = True
        why = "another worker has taken over" if replaced else "not ready"
        _log.info(
            "draining: %s; the port closes in %.0f s, %d calls in flight",
            why,
            0.0 if replaced else lame_duck_s,
            functions.admitted,
        )
        if replaced:
            await driver.run(partial(edge.stop_listening, take_backlog=False))
        await self._until(lambda: False, lame_duck_s, tick)
        await driver.run(edge.stop_listening)
        functions.end_upgraded()

        def is_idle() -> bool:
            driver.post(edge.close_idle)
            return not edge.connections

        await self._until(is_idle, config.drain_timeout_s, tick)
        cut_off = functions.admitted - functions.stuck
        if cut_off > 0:
            _log.warning("%d calls were cut off by the end of the drain", cut_off)
        await self._until(lambda: not functions.drain_emitters(0.0), config.drain_timeout_s, tick)
        left = functions.drain_emitters(0.0)
        if left:
            _log.warning("%d emitted events were not taken by the sink in time", left)

    async def _stop(self, functions: Functions, pace: Pace) -> None:
        self.lifecycle.on(Event.DRAINED)
        await hooks.stop(functions.handlers, pace.complete)
        _log.info("stopped")

    def _tick(self, edge: Edge, functions: Functions) -> None:
        if functions.watch is not None:
            functions.watch.turned()
        self._turn_clock(edge, functions)
        self._metering.publish_when_due(functions)
        if self._heartbeat is not None:
            self._heartbeat()
        wear = self._wear
        if wear is not None and self.lifecycle.state is State.READY and wear.is_worn(monotonic()):
            self._metering.count(Number.RECYCLES)
            self._be_replaced()

    def _be_replaced(self) -> None:
        if self._on_worn is not None:
            self._on_worn()
        else:
            self.exit_code = EXIT_WORN
            self.terminate()

    def _turn_clock(self, edge: Edge, functions: Functions) -> None:
        edge.driver.post(edge.tick)
        edge.driver.post(functions.tick)
        self._access_log.flush()
        if self._capture is not None:
            self._capture.settle(functions.is_running)

    def _start_watch(self, edge: Edge, functions: Functions) -> None:
        def count(suspect: Suspect | None) -> None:
            name = None if suspect is None else suspect.context.function
            self._metering.count(Number.LOOP_BLOCKED, name)

        def meanwhile() -> None:
            if not edge.driver.on_loop:  # sync functions need their clock all the same
                self._turn_clock(edge, functions)

        functions.watch_loop(_TICK_S, on_blocked=count, meanwhile=meanwhile)

    def _announce(self, functions: Functions) -> None:
        seconds = self._metering.start_s = monotonic() - self._begun
        metrics = self._metrics_socket
        tell_log(self.config.function, functions.shown, self._sockets, metrics, seconds)
        if self._lock is not None and not self._terminated:
            self._lock.write(self._slot)
        mark("serve")
        if self._on_ready is not None:
            self._on_ready()
        tell_starter(self.config, is_first=self._slot == 0)


def _telemetry(config: Config) -> Telemetry:
    """OpenTelemetry; imported only where it is asked for, after the workers have been forked."""
    try:
        from wherry.telemetry.export import Telemetry
    except ImportError as error:
        raise ConfigError(
            f"WHERRY_OPENTELEMETRY: a package is not installed: {error.name}",
            hint="pip install 'wherry[otel]'",
        ) from None
    return Telemetry(config.identity)


def _http_2() -> type[Connection]:
    """Connections that may speak HTTP/2, too; imported only where that is asked for."""
    try:
        from wherry.serving.preface import PrefaceConnection
    except ImportError as error:
        raise ConfigError(
            f"WHERRY_H2C: HTTP/2 needs a package that is not installed: {error.name}",
            hint="pip install 'wherry[h2c]'",
        ) from None
    return PrefaceConnection
