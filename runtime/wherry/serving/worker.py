"""The gunicorn worker class: a thin frame around `Server`.

gunicorn's master forks, supervises, reloads and replaces workers; everything about HTTP is ours.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, cast

from gunicorn.workers.base import Worker

from wherry.errors import WherryError
from wherry.serving.ending import (
    disregard,
    keep_no_byte_code,
    leave,
    leave_at_once,
    on_signal,
    report_crashes,
)
from wherry.serving.report import report
from wherry.serving.server import Server

if TYPE_CHECKING:
    from wherry.serving.master import Master

# With this code a worker tells the master that starting another would be in vain.
_BOOT_ERROR = 3


class WherryWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """One worker process."""

    server: Server

    def load_wsgi(self) -> None:
        """There is no WSGI application: the handler is imported in `run`."""

    def init_signals(self) -> None:
        """The master's handlers do not hold here; ours are set on the loop."""
        for number in self.SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        report_crashes()
        signal.signal(signal.SIGTERM, leave_at_once)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # see `spawn_worker`
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        disregard(signal.SIGINT)  # a terminal sends it to the master, too

    def run(self) -> None:
        """Import, start, serve, drain, stop."""
        master = cast("Master", self.app)
        slot = master.slot_of(self)
        server = Server(
            master.config,
            [getattr(listener, "sock", listener) for listener in self.sockets],
            metrics_socket=master.metrics_socket,
            totals=master.totals,
            slot=slot,
            lock=master.lock,
            heartbeat=self._beat,
            on_worn=self._make_room,
        )
        self.server = server
        keep_no_byte_code()
        try:
            mounts = server.load(master.mounts)
            born = master.generation
            on_signal(signal.SIGTERM, lambda: self._on_term(renewed=master.generation != born))
            signal.signal(signal.SIGQUIT, leave_at_once)
            code = server.run(mounts)
        except WherryError as error:
            if master.first_failure():
                report(error)
            sys.exit(_BOOT_ERROR)
        leave(code)

    def _on_term(self, *, renewed: bool) -> None:
        """The master stops us: because it ends, or because newer workers have taken over."""
        if renewed and not self.server.is_retired:
            self.server.retire()
        else:
            self.server.terminate()

    def _make_room(self) -> None:
        """The master starts another worker when this one has ended; the others serve meanwhile."""
        self.server.retire()

    def _beat(self) -> None:
        self.notify()
        if self.ppid != os.getppid():
            self.server.terminate()
