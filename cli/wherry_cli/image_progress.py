"""How a build or a push goes on, told to a person on the standard error.

On a terminal one line is rewritten with sizes and rates; elsewhere long work says a line now and
then, so that a log shows that it lives. Builds that go on at the same time share one.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

import click

_REWRITE_S = 0.1
_LOG_S = 5.0
_LIMIT_COLUMNS = 100


class _Movement:
    def __init__(self, *, began: float, done: int = 0) -> None:
        self.began = began
        self.done = done
        self.total: int | None = None


class ImageProgress:
    """A progress that prints.

    Args:
        is_quiet: Whether nothing is printed.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, *, is_quiet: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._is_quiet = is_quiet
        self._is_terminal = sys.stderr.isatty()
        self._clock = clock
        self._lock = threading.Lock()
        self._moving: dict[str, _Movement] = {}
        self._told = clock()
        self._is_rewriting = False

    def of(self, name: str) -> FunctionProgress:
        """The progress of one function among several, whose lines begin with its name."""
        return FunctionProgress(self, name)

    def step(self, text: str) -> None:
        """A step begins, or an engine printed a line."""
        if self._is_quiet:
            return
        with self._lock:
            self._clear()
            click.echo(text, err=True)

    def moved(self, what: str, done_bytes: int, total_bytes: int | None) -> None:
        """So much of `what` is there by now."""
        if self._is_quiet:
            return
        now = self._clock()
        with self._lock:
            movement = self._moving.setdefault(what, _Movement(began=now))
            movement.done, movement.total = done_bytes, total_bytes
            if now - self._told >= (_REWRITE_S if self._is_terminal else _LOG_S):
                self._told = now
                self._show(now)
            if total_bytes is not None and done_bytes >= total_bytes:
                del self._moving[what]

    def close(self) -> None:
        """End the line that is rewritten."""
        with self._lock:
            self._clear()

    def _show(self, now: float) -> None:
        if len(self._moving) == 1:
            ((what, movement),) = self._moving.items()
        else:
            what = f"{len(self._moving)} at a time"
            movement = _Movement(
                began=min(each.began for each in self._moving.values()),
                done=sum(each.done for each in self._moving.values()),
            )
        line = f"{what}: {_amount(movement, now)}"
        if self._is_terminal:
            click.echo(f"\r\x1b[K{line[:_LIMIT_COLUMNS]}", err=True, nl=False)
            self._is_rewriting = True
        else:
            click.echo(line, err=True)

    def _clear(self) -> None:
        if self._is_rewriting:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._is_rewriting = False


class FunctionProgress:
    """The progress of one function, told by the one of all."""

    def __init__(self, all_of_them: ImageProgress, name: str) -> None:
        self._all = all_of_them
        self._name = name

    def step(self, text: str) -> None:
        """A step begins."""
        self._all.step(f"{self._name}: {text}")

    def moved(self, what: str, done_bytes: int, total_bytes: int | None) -> None:
        """So much of `what` is there by now."""
        self._all.moved(f"{self._name}: {what}", done_bytes, total_bytes)


def _amount(movement: _Movement, now: float) -> str:
    took_s = now - movement.began
    said = size(movement.done)
    if movement.total is not None:
        said += f" of {size(movement.total)}"
    return f"{said}, {size(round(movement.done / took_s))}/s" if took_s > 0 else said


def size(number: int) -> str:
    """A number of bytes as a person reads it."""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= least:
            return f"{number / least:.1f} {unit}"
    return f"{number} B"
