"""Where the time of a start went: from exec to the first readiness, phase by phase.

Marks are always set, because they cost nothing to speak of. Import statements are timed only when
the explanation is asked for, at about a microsecond each. It knows nothing of handlers, sockets or
processes.
"""

from __future__ import annotations

import builtins
import os
import sys
import time
from collections.abc import Mapping
from types import ModuleType
from typing import Any

_SHOWN_MODULES = 8
_marks: list[tuple[str, float]] = []


def time_imports() -> None:
    """From now on find out what each import takes, until `tell`."""
    _times.begin()


def tell(name: str, form: str) -> None:
    """Print where the time of this start went; `form` is `text` or `json`."""
    _times.end()
    print(explanation(name, form, _times.ms), file=sys.stderr, flush=True)


def mark(phase: str) -> None:
    """A phase has ended now."""
    _marks.append((phase, time.monotonic()))


class ImportTimes:
    """Times import statements from `begin` on, each module's own time apart from what it imports.

    Attributes:
        ms: Milliseconds by top-level package.
    """

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}
        self._inner: list[float] = []
        self._import = builtins.__import__

    def begin(self) -> None:
        """Take the place of the import statement."""
        builtins.__import__ = self._timed

    def end(self) -> None:
        """Give it back, unless somebody else has taken it meanwhile."""
        if builtins.__import__ == self._timed:
            builtins.__import__ = self._import

    def _timed(self, name: str, *arguments: Any, **named: Any) -> ModuleType:
        loaded = len(sys.modules)
        began = time.perf_counter()
        self._inner.append(0.0)
        try:
            return self._import(name, *arguments, **named)
        finally:
            seconds = time.perf_counter() - began
            own = seconds - self._inner.pop()
            if self._inner:
                self._inner[-1] += seconds
            if len(sys.modules) != loaded:
                is_relative = len(arguments) > 3 and arguments[3] > 0
                top = (_importer(arguments) if is_relative else name).partition(".")[0]
                self.ms[top] = self.ms.get(top, 0.0) + own * 1000


def _importer(arguments: tuple[Any, ...]) -> str:
    """The package of a statement like `from . import x`."""
    known = arguments[0] if arguments and isinstance(arguments[0], dict) else {}
    return str(known.get("__package__") or "?")


_times = ImportTimes()


def started_at() -> float:
    """Monotonic seconds at which this program was executed; to 10 ms, as the system keeps it."""
    now = time.monotonic()
    try:
        with open("/proc/self/stat", encoding="ascii") as stat:  # noqa: PTH123 - pathlib is timed
            ticks = int(stat.read().rpartition(")")[2].split()[19])
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, AttributeError):
        return _marks[0][1] if _marks else now
    return now - age_s


def explanation(name: str, form: str, modules_ms: Mapping[str, float]) -> str:
    """The marks so far, and what imports took by package."""
    began = started_at()
    phases: dict[str, float] = {}
    before = began
    for phase, at in _marks:
        phases[phase] = phases.get(phase, 0.0) + (at - before) * 1000
        before = at
    total_ms = (before - began) * 1000
    heavy = sorted(modules_ms.items(), key=lambda each: -each[1])
    if form == "json":
        import json

        return json.dumps(
            {
                "function": name,
                "startup_ms": round(total_ms, 1),
                "phases_ms": {phase: round(ms, 1) for phase, ms in phases.items()},
                "modules_ms": {module: round(ms, 1) for module, ms in heavy},
            }
        )
    lines = [f"start-up of {name}: {total_ms:.0f} ms from exec to ready"]
    lines += [f"  {phase:<14}{ms:9.1f} ms" for phase, ms in phases.items()]
    if heavy:
        lines.append("  of that, imports by package, without what they import themselves:")
        lines += [f"    {module:<20}{ms:7.1f} ms" for module, ms in heavy[:_SHOWN_MODULES]]
    return "\n".join(lines)
