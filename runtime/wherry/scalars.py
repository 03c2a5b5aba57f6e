"""Converters from JSON scalars to the standard library's types.

Strict about JSON types but for these: an int is taken where a float is meant, and text where a
date, time, UUID, Decimal, bytes (base64) or enum is meant.
"""

from __future__ import annotations

import base64
import enum
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from wherry.payload_faults import Converter, Fault, name_of, refuse

SCALARS = (str, int, float, bool)
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_TIME = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})?")
_INTEGER = re.compile(r"-?[0-9]{1,300}")


def exactly(expected: str, kind: type) -> Converter:
    """The converter that takes JSON of the type `kind` as it is."""

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        return value if value.__class__ is kind else refuse(faults, path, expected, value)

    return convert


def scalar(kind: type) -> Converter:
    """The converter to str, int, float or bool."""
    if kind is not float:
        return exactly(kind.__name__, kind)

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        if value.__class__ is float:
            return value
        try:
            return float(value) if value.__class__ is int else refuse(faults, path, "float", value)
        except OverflowError:
            return refuse(faults, path, "float", value)

    return convert


def textual(kind: type, read: Callable[[str], Any]) -> Converter:
    """The converter from text to `kind`; `read` raises ValueError where it is none."""
    expected = kind.__name__

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        if value.__class__ is str:
            try:
                return read(value)
            except ValueError:
                pass
        return refuse(faults, path, expected, value)

    return convert


def decimal(value: Any, path: str, faults: list[Fault]) -> Any:
    """From text or a number to a finite Decimal."""
    if value.__class__ in {str, int, float}:
        try:
            made = Decimal(str(value))
        except InvalidOperation:
            return refuse(faults, path, "Decimal", value)
        if made.is_finite():
            return made
    return refuse(faults, path, "Decimal", value)


def integer_key(value: str, path: str, faults: list[Fault]) -> Any:
    """From the name of a member to the int that it writes."""
    return int(value) if _INTEGER.fullmatch(value) else refuse(faults, path, "int", value)


def enumeration(kind: type[enum.Enum]) -> Converter:
    """The converter from a value of the enum `kind` to its member."""
    expected = "one of " + ", ".join(repr(each.value) for each in kind)
    by_value = {(type(each.value), each.value): each for each in kind if _is_scalar(each.value)}

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        found = by_value.get((value.__class__, value)) if _is_scalar(value) else None
        return refuse(faults, path, expected, value) if found is None else found

    return convert


def literal(kind: Any, choices: tuple[Any, ...]) -> Converter:
    """The converter that takes one of `choices`, of the same type too."""
    expected = name_of(kind)
    known = {(type(each), each) for each in choices}

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        if _is_scalar(value) and (value.__class__, value) in known:
            return value
        return refuse(faults, path, expected, value)

    return convert


def _is_scalar(value: object) -> bool:
    return value is None or value.__class__ in SCALARS


def _fraction(digits: str | None) -> str:
    return "" if not digits else "." + digits[:6].ljust(6, "0")


def _zone(zone: str | None) -> str:
    return "+00:00" if zone in {"Z", "z"} else zone or ""


def _datetime(text: str) -> datetime:
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError("no moment")
    day, clock, fraction, zone = match.groups()
    return datetime.fromisoformat(f"{day}T{clock}{_fraction(fraction)}{_zone(zone)}")


def _time(text: str) -> time:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("no time")
    clock, fraction, zone = match.groups()
    return time.fromisoformat(f"{clock}{_fraction(fraction)}{_zone(zone)}")


def _date(text: str) -> date:
    if len(text) != len("2026-01-31"):  # newer Pythons read other forms of ISO 8601 too
        raise ValueError("no date")
    return date.fromisoformat(text)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


TEXTUAL: dict[type, Callable[[str], Any]] = {
    datetime: _datetime,
    date: _date,
    time: _time,
    UUID: UUID,
    bytes: _bytes,
}
