"""A parent process that replaces the only worker: when it dies, is worn out, or is to be renewed.

The parent binds the sockets, imports nothing that it does not need, and forks. While a worker is
started anew, connections wait in the backlog instead of being refused, and while one is replaced
the old one serves until the new one is ready: a new one that does not start changes nothing.
Several workers are gunicorn's business (`wherry.serving.master`).

Signals: SIGTERM and SIGINT drain (again: hurry), SIGHUP loads the function anew. A worker speaks
through a pipe, one byte a message, and shows that it lives in a byte that both can see. One that
does not move for `_SILENCE_S`, because something holds the interpreter lock or the event loop, is
ended with SIGABRT, so that it says where each thread stands.
"""

from __future__ import annotations

import gc
import mmap
import os
import select
import signal
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, NoReturn

from wherry.metrics.shared import SharedTotals
from wherry.serving.lock_file import lock_file
from wherry.serving.sockets import function_socket, metrics_socket

if TYPE_CHECKING:
    from wherry.config import Config

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
RETIRE = signal.SIGUSR2
READY, WORN = b"r", b"w"
_SLOTS = 8
_LOOK_S = 1.0
_SILENCE_S = 30.0
_OVERDUE_S = 5.0
_SHORT_LIFE_S = 1.0
_REST_S = 0.5


class _Worker:
    """A child, as its parent sees it."""

    def __init__(self, *, pid: int, slot: int, voice: int, born: float) -> None:
        self.pid = pid
        self.slot = slot
        self.voice = voice
        self.born = born
        self.ready = self.leaving = False
        self.beat = self.silent_looks = 0
        self.kill_at = float("inf")


class Supervisor:
    """Keeps one worker serving.

    Raises:
        ConfigError: A port cannot be listened on.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._socket = function_socket(config)
        self._metrics_socket = metrics_socket(config)
        self._totals = SharedTotals(_SLOTS)
        self._beats = mmap.mmap(-1, _SLOTS)
        self._lock = lock_file(config, memoryview(mmap.mmap(-1, _SLOTS)))
        self._workers: dict[int, _Worker] = {}
        self._stopping = False
        self._start_at: float | None = None
        self._once_more = False
        self._exit_code = 0
        silence_s = max(_SILENCE_S, config.timeout_s + _OVERDUE_S)
        self._most_silent = round(silence_s / _LOOK_S) if config.timeout_s else 0
        self._looked_at = 0.0
        self._bell, self._ringer = os.pipe()
        for end in (self._bell, self._ringer):
            os.set_blocking(end, False)

    def run(self) -> int:
        """Supervise until told to stop or until no worker can be started; the exit code.

        In a worker it does not return but ends by SystemExit.
        """
        signal.set_wakeup_fd(self._ringer)
        for number in _SIGNALS:
            signal.signal(number, lambda _number, _frame: None)
        gc.freeze()  # a collection in a worker would otherwise copy what it shares with us
        self._fork()
        while self._workers or self._start_at is not None:
            self._wait()
            for worker in list(self._workers.values()):
                self._hear(worker)  # before signals: one who is ready may have caused them
            for heard in self._heard():
                self._on_signal(heard)
            self._reap()
            self._look()
        if self._lock is not None:
            self._lock.remove()
        return self._exit_code

    # What happens ---------------------------------------------------------------------------

    def _wait(self) -> None:
        """Until a signal, a worker's word, or the next look."""
        poll = select.poll()
        poll.register(self._bell, select.POLLIN)
        for worker in self._workers.values():
            if worker.voice >= 0:
                poll.register(worker.voice, select.POLLIN)
        until = self._looked_at + _LOOK_S
        if self._start_at is not None:
            until = min(until, self._start_at)
        poll.poll(max(0.0, until - monotonic()) * 1000)

    def _heard(self) -> bytes:
        """The signals that have come."""
        try:
            return os.read(self._bell, 4096)
        except BlockingIOError:
            return b""

    def _on_signal(self, number: int) -> None:
        hung_up = number == signal.SIGHUP and os.isatty(0)  # the terminal is gone, and so are we
        if number in {signal.SIGTERM, signal.SIGINT} or hung_up:
            self._stop()
        elif number == signal.SIGHUP:
            # What is on its way may have read the code before it was changed.
            self._once_more = self._is_one_on_its_way()
            self._replace("SIGHUP")

    def _stop(self) -> None:
        self._stopping, self._start_at = True, None
        config = self._config
        kill_at = monotonic() + config.lame_duck_s + 2 * config.drain_timeout_s + _OVERDUE_S
        for worker in self._workers.values():
            worker.kill_at = min(worker.kill_at, kill_at)
            _kill(worker, signal.SIGTERM)

    def _hear(self, worker: _Worker) -> None:
        """What the worker has to say."""
        try:
            said = os.read(worker.voice, 64)
        except OSError:
            return
        if not said:  # it has ended, or has lost its descriptors and cannot serve
            os.close(worker.voice)
            worker.voice = -1
            _kill(worker, signal.SIGKILL)
        if READY in said:
            worker.ready = True
            for other in self._workers.values():
                if other is not worker and other.ready:
                    self._retire(other)
            if self._once_more:
                self._replace("SIGHUP")
        if WORN in said:
            self._replace("its own wish")

    def _retire(self, worker: _Worker) -> None:
        if not worker.leaving:
            worker.leaving = True
            worker.kill_at = monotonic() + 2 * self._config.drain_timeout_s + _OVERDUE_S
            _kill(worker, RETIRE)

    def _replace(self, why: str) -> None:
        if not (self._stopping or self._is_one_on_its_way()):
            self._once_more = False
            self._say("info", "a new worker is started, at %s", why)
            self._fork()

    def _is_one_on_its_way(self) -> bool:
        starting = any(not worker.ready for worker in self._workers.values())
        return starting or self._start_at is not None

    def _look(self) -> None:
        """Start what is due; end what is silent or overdue."""
        now = monotonic()
        if self._start_at is not None and self._start_at <= now:
            self._start_at = None
            self._fork()
        if now - self._looked_at < _LOOK_S:
            return
        self._looked_at = now
        for worker in self._workers.values():
            if now > worker.kill_at:
                self._say("warning", "worker %d did not end in time and is killed", worker.pid)
                _kill(worker, signal.SIGKILL)
            elif worker.ready and self._most_silent:
                self._look_at_beat(worker)

    def _look_at_beat(self, worker: _Worker) -> None:
        # Looks are counted, not seconds: a container that was frozen has aged without running.
        beat = self._beats[worker.slot]
        worker.silent_looks = 0 if beat != worker.beat else worker.silent_looks + 1
        worker.beat = beat
        if worker.silent_looks == self._most_silent:
            self._say("error", "worker %d does not move and is ended", worker.pid)
            _kill(worker, signal.SIGABRT)
            worker.kill_at = monotonic() + _OVERDUE_S

    # Ends -----------------------------------------------------------------------------------

    def _reap(self) -> None:
        """Take leave of children that have ended; as process 1 we inherit others' children."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            worker = self._workers.get(pid)
            if worker is not None:
                self._hear(worker)
                del self._workers[pid]
                if worker.voice >= 0:
                    os.close(worker.voice)
                self._on_end(worker, status)

    def _on_end(self, worker: _Worker, status: int) -> None:
        self._totals.clear_gauges(worker.slot)
        if self._lock is not None:  # it may have been killed
            self._lock.leave(worker.slot)
        code = os.waitstatus_to_exitcode(status)
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        code = 128 - code if code < 0 else code
        if self._stopping:
            self._exit_code = self._exit_code or code
        elif worker.ready:
            if not worker.leaving:
                self._say("error", "worker %d %s; a new one is started", worker.pid, how)
                self._start_again(worker)
        elif self._workers:
            self._say("error", "the new worker %s; the one before it goes on serving", how)
            if self._once_more:
                self._replace("SIGHUP")
        else:
            if code < 0 or code != 3:
                self._say("error", "the worker %s before it was ready", how)
            self._exit_code = code or 1

    def _start_again(self, dead: _Worker) -> None:
        """At once, unless workers die as fast as they are started."""
        if any(not each.leaving for each in self._workers.values()):
            return  # its successor is here already
        now = monotonic()
        self._start_at = now + (_REST_S if now - dead.born < _SHORT_LIFE_S else 0.0)

    def _say(self, level: str, message: str, *details: object) -> None:
        import logging  # most of the time there is nothing to say

        from wherry import log

        log.configure(self._config)
        getattr(logging.getLogger("wherry.supervisor"), level)(message, *details)

    # Beginnings -----------------------------------------------------------------------------

    def _fork(self) -> None:
        taken = {worker.slot for worker in self._workers.values()}
        slot = next((each for each in range(_SLOTS) if each not in taken), _SLOTS - 1)
        hears, speaks = os.pipe()
        os.set_blocking(hears, False)
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid == 0:
            os.close(hears)
            self._become_worker(slot, speaks)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.close(speaks)
        self._workers[pid] = _Worker(pid=pid, slot=slot, voice=hears, born=monotonic())
        if self._config.ready_fd is not None:  # the first worker tells it, and no other
            with suppress(OSError):
                os.close(self._config.ready_fd)
            self._config = self._config.with_(ready_fd=None)

    def _become_worker(self, slot: int, voice: int) -> NoReturn:
        """In the child: let go of what is the parent's, and serve."""
        from wherry.serving.ending import disregard, leave_at_once

        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, leave_at_once)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        disregard(signal.SIGINT)  # a terminal sends both to the parent, too
        disregard(signal.SIGHUP)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        for descriptor in (self._bell, self._ringer, *(w.voice for w in self._workers.values())):
            if descriptor >= 0:
                os.close(descriptor)
        from wherry.serving.supervised import serve  # long, and a signal may end it

        serve(
            self._config,
            self._socket,
            metrics_socket=self._metrics_socket,
            totals=self._totals,
            slot=slot,
            lock=self._lock,
            beats=self._beats,
            say=lambda word: os.write(voice, word),
        )


def _kill(worker: _Worker, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(worker.pid, number)


def run_supervised(config: Config) -> int:
    """Serve with one worker and its supervisor; returns the exit code.

    Raises:
        ConfigError: A port cannot be listened on.
    """
    os.umask(0o027)
    return Supervisor(config).run()
