"""How figures, times and sizes are written for people. Pure functions."""

from __future__ import annotations

import datetime as dt
import time

_UNITS = ((86400 * 2, 86400, "d"), (7200, 3600, "h"), (120, 60, "min"), (0, 1, "s"))
NOTHING = "\u2013"


def moment(text: object) -> float | None:
    """Seconds since the epoch of an RFC 3339 time; None where it is none."""
    if not isinstance(text, str):
        return None
    try:
        found = dt.datetime.fromisoformat(_readable(text))
    except ValueError:
        return None
    return found.timestamp() if found.tzinfo else None


def _readable(text: str) -> str:
    """The time in the one form that Python 3.10 reads: an offset, and six digits of a second."""
    whole, point, rest = text.upper().replace("Z", "+00:00").partition(".")
    if not point:
        return whole
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{whole}.{rest[:digits][:6].ljust(6, '0')}{rest[digits:]}"


def relative(at: float, now: float | None = None) -> str:
    """How long ago a moment was, or how far ahead it is."""
    seconds = (time.time() if now is None else now) - at
    size = abs(seconds)
    if size < 1:
        return "now"
    unit_s, unit = next((unit_s, unit) for least, unit_s, unit in _UNITS if size >= least)
    amount = f"{int(size // unit_s)} {unit}"
    return f"{amount} ago" if seconds > 0 else f"in {amount}"


def absolute(at: float) -> str:
    """A moment in full, in UTC, to the millisecond."""
    shown = dt.datetime.fromtimestamp(at, dt.timezone.utc)
    return f"{shown:%Y-%m-%d %H:%M:%S}.{shown.microsecond // 1000:03d} UTC"


def clock(at: float) -> str:
    """The time of day in UTC, to the millisecond."""
    return absolute(at)[11:23]


def milliseconds(value: float | None) -> str:
    """A duration that is given in milliseconds."""
    if value is None:
        return NOTHING
    if value >= 10_000:
        return f"{value / 1000:.1f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def rate(value: float | None) -> str:
    """Calls in a second."""
    if value is None:
        return NOTHING
    return f"{value:.0f}/s" if value >= 10 or not value else f"{value:.1f}/s"


def count(value: float | None) -> str:
    """A number, its thousands apart by a thin space."""
    return NOTHING if value is None else f"{int(value):,}".replace(",", "\u2009")


def share(part: float | None, whole: float | None) -> str:
    """What part of a whole, in per cent; empty where that says nothing."""
    if not part or not whole:
        return ""
    percent = 100 * part / whole
    return "< 0.1 %" if percent < 0.1 else f"{percent:.1f} %"


def size(length_bytes: int) -> str:
    """A size in bytes."""
    if length_bytes < 1024:
        return f"{length_bytes} B"
    if length_bytes < 1024 * 1024:
        return f"{length_bytes / 1024:.1f} KiB"
    return f"{length_bytes / 1024 / 1024:.1f} MiB"
