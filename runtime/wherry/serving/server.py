"""One worker's life: import, start, serve, drain, stop.

Used by both ways of running, alone or under gunicorn; it installs no signal handlers and owns no
process. The states are those of `wherry.lifecycle`.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from wherry import log
from wherry.config import Config
from wherry.errors import ConfigError, HandlerStartError
from wherry.lifecycle import Event, Lifecycle
from wherry.metrics import Ledger, Number, SharedTotals, Snapshot, function_key
from wherry.secrets import REDACTOR
from wherry.serving import hooks
from wherry.serving.connection import Connection
from wherry.serving.driver import Driver, LoopDriver
from wherry.serving.edge import Edge
from wherry.serving.functions import Functions
from wherry.serving.leader import LeaderDriver
from wherry.serving.poller import make_poller

if TYPE_CHECKING:
    from wherry.metrics.port import MetricsPort
    from wherry.serving.lock_file import LockFile
    from wherry.serving.mounts import Mount

_log = logging.getLogger("wherry.serving")
_TICK_S = 0.1
_PUBLISH_S = 0.25
_DRAIN_LOOK_S = 0.02


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
    ) -> None:
        self.config = config
        self.lifecycle = Lifecycle()
        self._sockets = sockets
        self._metrics_socket = metrics_socket
        self._metrics_port: MetricsPort | None = None
        self._totals = totals
        self._slot = slot
        self._lock = lock
        self._heartbeat = heartbeat
        self._ledger = Ledger(config.function)
        self._baseline = totals.read(slot) if totals is not None else None
        self._published_at = 0.0
        self._begun = monotonic()
        self._access_log = log.AccessLog(json=config.log_format == "json")
        self._terminated = asyncio.Event()
        self._hurry = asyncio.Event()

    def load(self) -> Sequence[Mount]:
        """Import the functions.

        Raises:
            HandlerError: One cannot be served; says what was looked for and where.
        """
        from wherry.serving.mounts import load_mounts

        log.configure(self.config, REDACTOR.redact)
        mounts = load_mounts(self.config)
        if any(mount.handler.needs_flask for mount in mounts):
            # In the main thread and before the first request, not during it.
            import flask  # noqa: F401
        return mounts

    async def serve(self, mounts: Sequence[Mount]) -> None:
        """Start, serve until told to stop, drain, stop.

        Raises:
            ConfigError: HTTP/2 is asked for, and the package for it is not installed.
            HandlerConflict: Two functions have the same path or event type.
            HandlerStartError: A `start` hook raised.
        """
        loop = asyncio.get_running_loop()
        new_connection = _http_2() if self.config.h2c else Connection
        functions = Functions(
            mounts,
            self.config,
            lifecycle=self.lifecycle,
            ledger=self._ledger,
            access_log=self._access_log if self.config.access_log else None,
        )
        try:
            await hooks.start(functions.handlers)
        except HandlerStartError:
            self.lifecycle.on(Event.FAILED)
            raise
        gc.collect()
        gc.freeze()  # what start-up made lives for ever: the collector need not look at it again
        poller = make_poller()
        driver: Driver
        if functions.is_async:
            driver = LoopDriver(loop, poller)
        else:
            driver = LeaderDriver(loop, poller, functions.threads, self._ledger)
        edge = Edge(driver, poller, functions.limits, functions.service)
        edge.new_connection = new_connection
        functions.connect(edge)
        self._open_metrics(loop, functions)
        self.lifecycle.on(Event.STARTED)
        driver.start()
        for sock in self._sockets:
            await driver.run(partial(edge.listen, sock))
        self._announce(functions)
        self._start_watch(edge, functions)
        ticking = loop.create_task(self._tick(edge, functions))
        try:
            await self._terminated.wait()
            await self._drain(edge, functions)
        finally:
            ticking.cancel()
            if functions.watch is not None:
                functions.watch.stop()
            await driver.run(edge.close)
            driver.stop()
            await self._stop(functions)
            self._publish(functions)
            self._access_log.flush()
            if self._metrics_port is not None:
                self._metrics_port.close()

    def terminate(self) -> None:
        """Begin to drain; a second call cuts the lame-duck window and the drain short."""
        if self._lock is not None:  # first of all: whoever looks shall send nothing more
            self._lock.leave(self._slot)
        if self._terminated.is_set():
            self._hurry.set()
        self._terminated.set()

    async def _drain(self, edge: Edge, functions: Functions) -> None:
        config = self.config
        self.lifecycle.on(Event.TERMINATED)
        functions.drain()
        edge.draining = True
        _log.info(
            "draining: not ready; the port closes in %.0f s, %d calls in flight",
            config.lame_duck_s,
            functions.admitted,
        )
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), config.lame_duck_s)
        await edge.driver.run(edge.stop_listening)
        functions.end_upgraded()
        until = monotonic() + config.drain_timeout_s
        while edge.connections and monotonic() < until and not self._hurry.is_set():
            await edge.driver.run(edge.close_idle)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), _DRAIN_LOOK_S)
        if functions.admitted:
            _log.warning("%d calls were cut off by the end of the drain", functions.admitted)
        left = await asyncio.to_thread(functions.drain_emitters, config.drain_timeout_s)
        if left:
            _log.warning("%d emitted events were not taken by the sink in time", left)

    async def _stop(self, functions: Functions) -> None:
        self.lifecycle.on(Event.DRAINED)
        await hooks.stop(functions.handlers)
        _log.info("stopped")

    async def _tick(self, edge: Edge, functions: Functions) -> None:
        while True:
            if functions.watch is not None:
                functions.watch.turned()
            self._turn_clock(edge, functions)
            now = monotonic()
            if self._totals is not None and now - self._published_at >= _PUBLISH_S:
                self._published_at = now
                self._publish(functions)
            if self._heartbeat is not None:
                self._heartbeat()
            await asyncio.sleep(_TICK_S)

    def _turn_clock(self, edge: Edge, functions: Functions) -> None:
        edge.driver.post(edge.tick)
        edge.driver.post(functions.tick)
        self._access_log.flush()

    def _start_watch(self, edge: Edge, functions: Functions) -> None:
        """Watch the loop, when there is a handler that could block it."""
        if not functions.has_async or self.config.blocked_loop_s <= 0:
            return
        from wherry.serving.loop_watch import LoopWatch, Running

        def count(running: Running | None) -> None:
            name = self.config.function if running is None else running.context.function
            self._ledger.count(function_key(name), Number.LOOP_BLOCKED)

        def meanwhile() -> None:
            if not edge.driver.on_loop:  # sync functions need their clock all the same
                self._turn_clock(edge, functions)

        functions.watch = LoopWatch(
            self.config.blocked_loop_s,
            _TICK_S,
            running=functions.running,
            on_blocked=count,
            meanwhile=meanwhile,
        )
        functions.watch.start()

    def _publish(self, functions: Functions) -> None:
        if self._totals is not None:
            self._totals.publish(self._slot, self._snapshot(functions))

    def _snapshot(self, functions: Functions) -> Snapshot:
        """What this worker has counted, and a dead one before it in its slot."""
        return self._ledger.snapshot(functions.gauges(), baseline=self._baseline)

    def _open_metrics(self, loop: asyncio.AbstractEventLoop, functions: Functions) -> None:
        if self._metrics_socket is None:
            return
        from wherry.metrics.port import MetricsPort

        def reading() -> Snapshot:
            if self._totals is not None:
                self._publish(functions)
                return self._totals.totals()
            return self._snapshot(functions)

        self._metrics_port = MetricsPort(
            self._metrics_socket, reading, self.config.identity, functions.names
        )
        self._metrics_port.open(loop)

    def _announce(self, functions: Functions) -> None:
        places = ", ".join(_address(sock) for sock in self._sockets)
        metrics = ""
        if self._metrics_socket is not None:
            metrics = f", metrics on {_address(self._metrics_socket)}/metrics"
        _log.info(
            "%s (%s) is ready on %s%s after %.0f ms",
            self.config.function,
            functions.shown,
            places,
            metrics,
            (monotonic() - self._begun) * 1000,
        )
        if self._lock is not None and not self._terminated.is_set():
            self._lock.write(self._slot)
        if self.config.ready_fd is not None:
            try:
                os.write(self.config.ready_fd, b"1")
                os.close(self.config.ready_fd)
            except OSError:
                _log.warning("WHERRY_READY_FD is not open")


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


def _address(sock: socket.socket) -> str:
    name = sock.getsockname()
    if isinstance(name, tuple):
        host = f"[{name[0]}]" if ":" in name[0] else name[0]
        return f"http://{host}:{name[1]}"
    return f"unix:{name}"
