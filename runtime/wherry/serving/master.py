"""Several workers under gunicorn: its master with our settings, sockets and shared counts."""

from __future__ import annotations

import logging
import mmap
import signal
import sys
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger

from wherry import log
from wherry.errors import WherryError
from wherry.metrics.shared import SharedTotals
from wherry.serving import preload
from wherry.serving.lock_file import lock_file
from wherry.serving.report import report
from wherry.serving.sockets import function_socket, metrics_socket

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from wherry.config import Config
    from wherry.serving.mounts import Mount

_log = logging.getLogger("wherry.serving")
_SILENCE_S = 30


class MasterLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """The master's lines in the shape of all others: they pass to the root logger."""

    def setup(self, cfg: Any) -> None:
        """Let go of the lines."""
        super().setup(cfg)
        self.error_log.propagate = True


class HurriedArbiter(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's master, which passes a second SIGTERM on: workers then cut their drain short."""

    stopping = False

    def spawn_worker(self) -> Any:
        """Fork a worker, to which a SIGTERM waits until it has its own handler.

        Otherwise one that comes meanwhile is lost, and the worker serves on while the master waits.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            return super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def stop(self, graceful: bool = True) -> None:
        """Stop the workers."""
        self.stopping = True
        super().stop(graceful)

    def signal(self, sig: int, frame: Any) -> None:
        """A signal has come."""
        if self.stopping and sig == signal.SIGTERM:
            self.kill_workers(sig)
        else:
            super().signal(sig, frame)


class Master(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's application object; workers reach what they share through it."""

    def __init__(self, config: Config) -> None:
        self.config = config
        # Once: gunicorn reads the settings again when it reloads, and must find the same socket.
        self._bind = f"fd://{function_socket(config).detach()}"
        self.metrics_socket: socket.socket | None = metrics_socket(config)
        # Many more than workers: during reloads old and new ones live side by side.
        self._slots: list[int | None] = [None] * (config.workers * 4 + 8)
        self.totals = SharedTotals(len(self._slots))
        self._failed = mmap.mmap(-1, 1)
        self._generation = mmap.mmap(-1, 1)
        self._ready = memoryview(mmap.mmap(-1, len(self._slots)))
        self.lock = lock_file(config, self._ready)
        preload.import_runtime(config)
        self.mounts: Sequence[Mount] | None = None
        if config.preload:
            self.mounts = preload.import_functions(config)
        super().__init__()
        preload.settle()

    def load_config(self) -> None:
        """Our settings in gunicorn's words."""
        config = self.config
        settings: dict[str, Any] = {
            "bind": self._bind,
            "workers": config.workers,
            "worker_class": "wherry.serving.worker.WherryWorker",
            "timeout": max(_SILENCE_S, int(config.timeout_s) + 5) if config.timeout_s else 0,
            "graceful_timeout": int(config.lame_duck_s + config.drain_timeout_s + 2),
            "control_socket_disable": True,
            "umask": 0o027,
            "loglevel": config.log_level,
            "accesslog": None,
            "errorlog": None,
            "logger_class": "wherry.serving.master.MasterLog",
            "proc_name": f"wherry:{config.function}",
            "pre_fork": self._pre_fork,
            "child_exit": self._child_exit,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def reload(self) -> None:
        """On SIGHUP the workers that follow get new code, if it can be loaded."""
        super().reload()
        self._generation[0] = (self._generation[0] + 1) & 0xFF
        if self.config.preload:
            self._import_again()

    def _import_again(self) -> None:
        before = dict(sys.modules)
        preload.forget_functions(self.config)
        try:
            self.mounts = preload.import_functions(self.config)
        except WherryError as error:
            sys.modules.update(before)
            report(error)
            _log.warning("the new code does not load; workers get the code before it")
        preload.settle()

    def run(self) -> None:
        """Serve until a signal."""
        HurriedArbiter(self).run()

    def load(self) -> Any:
        """There is no WSGI application to load."""

    @property
    def generation(self) -> int:
        """Counts reloads, in memory that workers share; a worker of an earlier one is replaced."""
        return int(self._generation[0])

    def slot_of(self, worker: Any) -> int:
        """The place in the shared totals that the master gave this worker."""
        return int(worker.wherry_slot)

    def first_failure(self) -> bool:
        """Whether no other worker has said yet why it cannot start."""
        first = self._failed[0] == 0
        self._failed[0] = 1
        return first

    def _pre_fork(self, _arbiter: Any, worker: Any) -> None:
        # With none free the last is shared: counts of one worker are lost, and no worker.
        free = (slot for slot, age in enumerate(self._slots) if age is None)
        slot = next(free, len(self._slots) - 1)
        self._slots[slot] = worker.age
        worker.wherry_slot = slot

    def _child_exit(self, _arbiter: Any, worker: Any) -> None:
        slot = worker.wherry_slot
        if self._slots[slot] == worker.age:
            self._slots[slot] = None
            self.totals.clear_gauges(slot)
            if self.lock is not None:  # it may have been killed
                self.lock.leave(slot)


def run_under_master(config: Config) -> int:
    """Serve with `config.workers` processes until a signal; returns the exit code."""
    log.configure(config)
    try:
        Master(config).run()
    except HaltServer as halt:  # a second worker failed while the master stopped for the first
        return int(halt.exit_status)
    except SystemExit as end:
        return int(end.code or 0)
    return 0
