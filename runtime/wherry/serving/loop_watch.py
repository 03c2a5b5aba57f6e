"""Notices that the event loop does not turn, and names the line of the function that holds it.

A handler that is `async` and blocks (`time.sleep`, a driver that is not asynchronous, a long
calculation) stops every other call of the loop. The loop says ten times a second that it turns; a
thread looks a few times a second when it last did, so a call pays nothing. This module must not
know requests: who runs in a task it asks.
"""

from __future__ import annotations

import asyncio
import linecache
import logging
import sys
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import cache
from pathlib import Path
from threading import get_ident
from time import monotonic, process_time
from types import FrameType
from typing import Any

from wherry.context import CURRENT, Context
from wherry.values import frozen

_log = logging.getLogger("wherry.serving")
_LOOK_S = 0.25
_QUIET_S = 10.0
_OURS = str(Path(__file__).resolve().parent.parent) + "/"
# What runs the loop; frames below these are how the process came to be.
_BELOW = (f"{_OURS}serving/alone.py", f"{_OURS}serving/worker.py")


@cache
def _not_the_users() -> tuple[str, ...]:
    """How the names of files begin that are ours, the interpreter's or installed."""
    import sysconfig  # costs milliseconds, and most processes never ask

    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return (_OURS, "<frozen ", *(f"{sysconfig.get_path(name)}/" for name in names))


@frozen
class Suspect:
    """The call of the task that is at it while the loop does not turn.

    Attributes:
        handler: Name of the handler.
        context: The call.
    """

    handler: str
    context: Context


class LoopWatch:
    """Watches one loop from a thread of its own; made on the loop.

    Args:
        limit_s: How long the loop may go without a turn.
        turn_s: How often the loop says that it turns.
        suspect_of: The call that a task runs, or None for another task.
        on_blocked: Told once each time, with the call if it is known.
        meanwhile: Done at each look while the loop is blocked.

    Attributes:
        is_blocked: Whether the loop has not turned for longer than the limit.
    """

    def __init__(
        self,
        limit_s: float,
        turn_s: float,
        *,
        suspect_of: Callable[[asyncio.Task[Any]], Suspect | None],
        on_blocked: Callable[[Suspect | None], object],
        meanwhile: Callable[[], object],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()
        self._limit_s = limit_s
        self._allowed_s = limit_s + turn_s
        self._suspect_of = suspect_of
        self._on_blocked = on_blocked
        self._meanwhile = meanwhile
        self._turned_at = self._excused_at = monotonic()
        self._told: dict[str, tuple[float, int]] = {}  # by handler: when, and how often since
        self._over = threading.Event()
        self.is_blocked = False

    def turned(self) -> None:
        """The loop turns; called on it."""
        self._turned_at = monotonic()
        self.is_blocked = False

    def start(self) -> None:
        """Begin to look."""
        self.turned()
        threading.Thread(target=self._watch, name="loop-watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()

    def _watch(self) -> None:
        look_s = min(_LOOK_S, self._limit_s / 4)
        while True:
            before, worked = monotonic(), process_time()
            if self._over.wait(look_s):
                return
            now = monotonic()
            was_late = now - before > look_s + self._limit_s / 2
            if was_late and process_time() - worked < (now - before) / 2:
                # The whole process stood still, for it was stopped or had no processor. (Had it
                # been at work, C code would have kept the interpreter's lock: that is a block.)
                self._excused_at = now
            self._look(now)

    def _look(self, now: float) -> None:
        late_s = now - max(self._turned_at, self._excused_at)
        if late_s <= self._allowed_s:
            self.is_blocked = False
            return
        if not self.is_blocked:
            # Nothing between these lines gives up the interpreter's lock for long, so task and
            # frame are most likely of one moment.
            frame = _innermost(sys._current_frames().get(self._thread))
            task = asyncio.current_task(self._loop)
            if frame is not None:  # else the loop itself waits, for a processor or for the lock
                self.is_blocked = True
                suspect = None if task is None else self._suspect_of(task) or _by_context(task)
                self._on_blocked(suspect)
                copy_context().run(self._tell, late_s, suspect, frame)
        self._meanwhile()

    def _tell(self, late_s: float, suspect: Suspect | None, frame: FrameType) -> None:
        now = monotonic()
        name = "a task" if suspect is None else suspect.handler
        told_at, untold = self._told.get(name, (-_QUIET_S, 0))
        if now - told_at < _QUIET_S:
            self._told[name] = (told_at, untold + 1)
            return
        self._told[name] = (now, 0)
        again = f"; {untold} more times since the last such line" if untold else ""
        if suspect is not None:
            CURRENT.set(suspect.context)  # the line carries the id of the call
        _log.warning(
            "the event loop has been blocked for %.1f s by %s: %s%s",
            late_s,
            name,
            _place(frame),
            again,
        )


def _by_context(task: asyncio.Task[Any]) -> Suspect | None:
    """The call that started the task, where the interpreter tells (from 3.12 on)."""
    get_context = getattr(task, "get_context", None)
    context = None if get_context is None else get_context().get(CURRENT)
    if context is None:
        return None
    return Suspect(handler=f"a task of {context.function}", context=context)


def _innermost(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of the user's own code, else of installed code that is not ours.

    None where the loop's thread runs nothing but the loop.
    """
    frames: list[FrameType] = []
    while frame is not None and not frame.f_code.co_filename.startswith(_BELOW):
        frames.append(frame)
        frame = frame.f_back
    theirs = (each for each in frames if not each.f_code.co_filename.startswith(_not_the_users()))
    installed = (each for each in frames if "/site-packages/" in each.f_code.co_filename)
    foreign = (each for each in installed if not each.f_code.co_filename.startswith(_OURS))
    return next(theirs, None) or next(foreign, None)


def _place(frame: FrameType) -> str:
    filename, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(filename, line).strip()
    shown = f": {text}" if text else ""
    return f"{filename}, line {line}, in {frame.f_code.co_name}{shown}"
