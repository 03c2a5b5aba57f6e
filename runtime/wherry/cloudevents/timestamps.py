"""RFC 3339 timestamps: is this one, which moment is it, and how is a moment written.

Strict where `datetime.fromisoformat` is lax. A leap second is accepted where one may be (23:59:60
UTC on the last day of a month) and is the moment of the second after it, as POSIX has it. Must
not know events; the text of a timestamp is kept by whoever holds it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

# Compiled at first use: most timestamps are `is_ordinary`.
_ANY = (
    r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
# Most timestamps need no calendar: days up to the 28th, no leap second, no year 0.
is_ordinary = re.compile(
    r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
).fullmatch


def is_timestamp(text: str) -> bool:
    """Whether `text` is an RFC 3339 timestamp that names a moment in the years 1 to 9999."""
    if is_ordinary(text):
        return True
    match = re.fullmatch(_ANY, text)
    return match is not None and _moment(match) is not None


def moment_of(text: str) -> datetime:
    """The moment that `text` names, to the microsecond, in the offset it was written in."""
    match = re.fullmatch(_ANY, text)
    moment = None if match is None else _moment(match)
    if moment is None:
        raise ValueError("not an RFC 3339 timestamp")
    return moment


def text_of(moment: datetime) -> str:
    """Write an aware datetime as RFC 3339; ValueError for a naive one."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("has no time zone")
    if offset % timedelta(minutes=1):  # local mean time: RFC 3339 has no seconds in offsets
        moment = moment.astimezone(timezone.utc)
    text = moment.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _moment(match: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    offset_minutes = int(hours) * 60 + int(minutes) if sign else 0
    if sign == "-":
        offset_minutes = -offset_minutes
    zone = timezone(timedelta(minutes=offset_minutes)) if offset_minutes else timezone.utc
    leap = second == "60"
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            59 if leap else int(second),
            int(fraction[:6].ljust(6, "0")) if fraction else 0,
            tzinfo=zone,
        )
        if not leap:
            return moment
        moment += timedelta(seconds=1)
        utc = moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
    return moment if (utc.day, utc.hour, utc.minute) == (1, 0, 0) else None
