"""When a worker should make room for a fresh one: stuck calls, or enough calls answered.

A call is stuck when its handler is still running long after the caller was told 504. A thread
cannot be ended from outside, so each stuck one is lost to the worker for good, and when too many
are, the worker is replaced. Only the server's own time limit counts here: a caller who shortens
his own (`X-Timeout`) must not be able to have workers replaced. It knows nothing of processes.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from wherry.config import Config
    from wherry.metrics import Ledger
    from wherry.serving.engine import Engine
    from wherry.serving.exchange import Exchange

_log = logging.getLogger("wherry.serving")
_MOST_GRACE_S = 10.0
_JITTER = 0.1
_ASK_AGAIN_S = 30.0
_NOT_THE_USERS = ("/wherry/", "<frozen", "/site-packages/", "/lib/python")


class StuckCalls:
    """Those of one function."""

    def __init__(self, engine: Engine, most: int | None) -> None:
        self._engine = engine
        limits = engine.limits
        self._after_s = limits.timeout_s + min(limits.timeout_s, _MOST_GRACE_S)
        self._width = limits.threads if engine.tasks is None else limits.inflight
        self._most = max(1, self._width // 2) if most is None else most
        self._told: set[Exchange] = set()

    def are_too_many(self, now: float) -> bool:
        """Look for them, and name each one once."""
        engine = self._engine
        if engine.late or self._told:
            stuck = self._find(now)
            self._told &= stuck.keys()
            for exchange in stuck.keys() - self._told:
                self._told.add(exchange)
                self._tell(exchange, now - exchange.started, stuck[exchange])
            engine.stuck = len(stuck)
        return 0 < self._most <= engine.stuck

    def sum_up(self) -> str:
        """Why the worker is replaced."""
        stuck, name = self._engine.stuck, self._engine.handler.name
        return f"{stuck} of {self._width} calls that may run at once are stuck in {name}"

    def _find(self, now: float) -> dict[Exchange, FrameType | None]:
        """The stuck calls, and where each of them stands."""
        engine = self._engine
        for exchange in [each for each in engine.late if each not in engine.admitted]:
            del engine.late[exchange]
        found: dict[Exchange, FrameType | None] = {}
        frames: dict[int, FrameType] = {}
        for exchange, running in engine.running():
            if exchange in engine.late and now - running.since > self._after_s:
                frames = frames or sys._current_frames()
                found[exchange] = frames.get(running.thread)
        for exchange in engine.late:
            task = exchange.task
            if task is not None and now - exchange.started > self._after_s:
                found[exchange] = _innermost(task)
        return found

    def _tell(self, exchange: Exchange, seconds: float, frame: FrameType | None) -> None:
        name = self._engine.handler.name
        where = _place(frame)
        _log.warning("call %s of %s is stuck for %.0f s%s", exchange.call_id, name, seconds, where)


class Wear:
    """Watches one worker for what wears it out; ten times a second."""

    def __init__(self, config: Config, engines: Sequence[Engine], ledger: Ledger) -> None:
        # Without a time limit a call may take for ever, and none is stuck.
        self._stuck = [
            StuckCalls(each, config.max_stuck) for each in engines if each.limits.timeout_s > 0
        ]
        self._ledger = ledger
        self._most_calls = _jittered(config.max_requests) if config.max_requests else 0
        self._asked_at = -_ASK_AGAIN_S

    def is_worn(self, now: float) -> bool:
        """Whether the worker should be replaced; says so again only after a while."""
        why = self._reason(now)
        if not why or now - self._asked_at < _ASK_AGAIN_S:
            return False
        self._asked_at = now
        _log.warning("%s; the worker is replaced", why)
        return True

    def _reason(self, now: float) -> str:
        why = ""
        for stuck in self._stuck:
            if stuck.are_too_many(now):
                why = stuck.sum_up()
        if not why and self._most_calls:
            answered = sum(sum(row[:-1]) for row in self._ledger.snapshot().rows.values())
            if answered >= self._most_calls:
                why = f"{int(answered)} calls are answered"
        return why


def _jittered(calls: int) -> int:
    """A little more, so that workers do not leave together."""
    import random

    return int(calls * (1 + random.random() * _JITTER))  # noqa: S311 - no secret


def _innermost(task: asyncio.Task[None]) -> FrameType | None:
    """The innermost frame of a waiting task that is the user's own."""
    found = None
    waiting: object = task.get_coro()
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None)
        if frame is not None and _is_users(frame):
            found = frame
        waiting = getattr(waiting, "cr_await", None)
    return found


def _is_users(frame: FrameType) -> bool:
    return not any(part in frame.f_code.co_filename for part in _NOT_THE_USERS)


def _place(frame: FrameType | None) -> str:
    """`, at FILE:LINE in FUNCTION`: the innermost line that is the user's own."""
    innermost = frame
    while frame is not None and not _is_users(frame):
        frame = frame.f_back
    frame = frame or innermost
    if frame is None:
        return ""
    return f", at {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
