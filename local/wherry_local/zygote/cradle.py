"""The zygote's own loop: takes orders, forks, and tells of births and deaths.

It has one thread and no code of users. When the platform is gone it ends every process that it has
forked, what has left their groups included, and itself; when it is killed, they serve on, and end
with the platform.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from contextlib import suppress

from wherry_local.zygote.frame import Order, encoded, receive_order
from wherry_local.zygote.kinship import adopt_orphans, children

_END_S = 2.0
_LOOK_S = 0.05


class Cradle:
    """Forks.

    Args:
        platform: The socket to the platform.
    """

    def __init__(self, platform: socket.socket) -> None:
        self._platform = platform
        self._children: set[int] = set()
        self._bell, self._ringer = os.pipe()
        for end in (self._bell, self._ringer):
            os.set_blocking(end, False)

    def run(self) -> tuple[Order, list[int]] | None:
        """Serve the platform to its end: None. In a child: its order and descriptors."""
        adopt_orphans()
        signal.set_wakeup_fd(self._ringer)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._say({"warm": True})
        while True:
            ready, _, _ = select.select([self._platform.fileno(), self._bell], [], [])
            if self._bell in ready:
                self._reap()
            if self._platform.fileno() in ready:
                try:
                    received = receive_order(self._platform)
                except (OSError, EOFError):
                    received = None
                if received is None:
                    self._end_all()
                    return None
                if self._fork(*received):
                    return received

    def _fork(self, order: Order, descriptors: list[int]) -> bool:
        """Fork; true in the child."""
        try:
            pid = os.fork()
        except OSError as error:
            self._say({"failed": order.number, "reason": error.strerror})
            pid = -1
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            return True
        for each in descriptors:
            os.close(each)
        if pid > 0:
            self._children.add(pid)
            self._say({"born": order.number, "pid": pid})
        return False

    def _reap(self) -> None:
        """Take leave of children that have ended, and end what they have started."""
        with suppress(BlockingIOError):
            os.read(self._bell, 4096)
        for pid in list(self._children):
            code = _reaped(pid)
            if code is not None:
                self._children.discard(pid)
                self._say({"died": pid, "code": code})
        for adopted in children() - self._children:
            os.waitpid(adopted, os.WNOHANG)

    def _end_all(self) -> None:
        """End every child, and what is adopted as they end: it had made a session of its own."""
        until = time.monotonic() + _END_S
        while (left := self._children | children()) and time.monotonic() < until:
            for pid in left:
                _kill_group(pid)
            select.select([self._bell], [], [], _LOOK_S)
            self._reap()

    def _say(self, report: dict[str, object]) -> None:
        with suppress(OSError):  # the platform is gone, which the next look at the socket tells
            self._platform.sendall(encoded(report))


def _reaped(pid: int) -> int | None:
    """The exit code of a child that has ended, and its group with it; None of one that runs."""
    if hasattr(os, "waitid"):  # macOS has it since Python 3.13
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        _kill_group(pid)  # while the number is still theirs
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended == 0:
        return None
    if not hasattr(os, "waitid"):
        _kill_group(pid)
    return os.waitstatus_to_exitcode(status)


def _kill_group(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # it may not have made its group yet
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
