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
from wherry.serving.alone import leave_at_once, new_event_loop
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
        signal.signal(signal.SIGTERM, leave_at_once)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the master, too

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
        )
        self.server = server
        try:
            mounts = server.load()
            loop = new_event_loop()
            loop.add_signal_handler(signal.SIGTERM, server.terminate)
            loop.add_signal_handler(signal.SIGQUIT, sys.exit, 0)
            loop.run_until_complete(server.serve(mounts))
        except WherryError as error:
            if master.first_failure():
                report(error)
            sys.exit(_BOOT_ERROR)

    def _beat(self) -> None:
        self.notify()
        if self.ppid != os.getppid():
            self.server.terminate()
