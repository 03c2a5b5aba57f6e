"""When schedules are due, whatever the clock does. No I/O; the time is given.

As Debian's cron has it: where the clock goes forward by less than three hours, what lies between
is due once, and where it goes back by less, nothing is due a second time; but what has a star for
its minutes or hours goes by the new time, for it would be silent for as long. A larger step is a
correction, after which the new time counts; so what was missed while nothing ran, or while the
machine slept, is not made up for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wherry_build.extras import extra
from wherry_local.errors import ScheduleInvalid

CORRECTION_S = 3 * 3600.0
_STEP_BACK_S = 60.0
"""A clock that goes back by less is as good as one that stands still: no time is skipped by it."""
_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The times of one schedule.

    Attributes:
        cron: Five fields.
        zone: Whose clock.
    """

    cron: str
    zone: tzinfo = timezone.utc

    @property
    def is_frequent(self) -> bool:
        """Whether it has a star for its minutes or hours, as what is due again and again has."""
        return any(field.startswith("*") for field in self.cron.split()[:2])

    def after(self, moment: float) -> float | None:
        """The first time after `moment`, in seconds since the epoch; None where there is none."""
        with extra("local"):
            from cronsim import CronSim
        start = datetime.fromtimestamp(moment, timezone.utc).astimezone(self.zone)
        found = next(CronSim(self.cron, start), None)
        return None if found is None else found.timestamp()


class Due(NamedTuple):
    """A schedule whose time has come.

    Attributes:
        name: The schedule.
        at: The time that it was for.
        missed: Whether that is so long ago that it is not made up for.
    """

    name: str
    at: float
    missed: bool


def times(name: str, cron: str, zone: str | None) -> Times:
    """The times that a schedule says.

    Args:
        name: The schedule, for errors.
        cron: Five fields, or a word such as `@daily`.
        zone: A zone of the tz database; UTC when not said.

    Raises:
        ScheduleInvalid: It says none, or the zone is not known here.
    """
    where = f"schedules.{name}"
    # To Knative a question mark is a star.
    fields = _WORDS.get(cron, cron).replace("?", "*")
    try:
        found = ZoneInfo(zone) if zone is not None else timezone.utc
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleInvalid(
            f"{where}.time_zone: got {zone!r}, expected a zone that this machine knows",
            hint="a zone of the tz database such as Europe/Rome; python -m pip install tzdata",
        ) from None
    made = Times(cron=fields, zone=found)
    if not _ever(made):
        raise ScheduleInvalid(
            f"{where}.cron: got {cron!r}, expected five fields that some day fits"
        )
    return made


def _ever(times: Times) -> bool:
    with extra("local"):
        from cronsim import CronSimError
    try:
        return times.after(0.0) is not None
    except (CronSimError, ValueError):
        return False


class Timetable:
    """Which schedules are due.

    Args:
        entries: The times of each schedule.
        now: Seconds since the epoch.
    """

    def __init__(self, entries: Mapping[str, Times], now: float) -> None:
        self._entries = dict(entries)
        self._next: dict[str, float] = {}
        self._seen = now
        self._set(self._entries, now)

    def due(self, now: float) -> Sequence[Due]:
        """What is due at `now`, each once; and look ahead."""
        if now < self._seen - CORRECTION_S:
            self._seen = now
            self._set(self._entries, now)
            return ()
        if now < self._seen - _STEP_BACK_S:
            self._set([name for name, each in self._entries.items() if each.is_frequent], now)
        self._seen = now
        due = [
            Due(name, at, now - at >= CORRECTION_S) for name, at in self._next.items() if at <= now
        ]
        self._set([each.name for each in due], now)
        return due

    def next_at(self) -> float | None:
        """When the next is due; None where none ever is."""
        return min(self._next.values(), default=None)

    def _set(self, names: Iterable[str], now: float) -> None:
        for name in names:
            at = self._entries[name].after(now)
            if at is None:
                self._next.pop(name, None)
            else:
                self._next[name] = at
