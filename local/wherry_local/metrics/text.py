"""Prometheus's text format, version 0.0.4: families as lines. No I/O.

Not `prometheus_client`: it would call `gateway_function_invocation_started` another name, for it
puts `_total` behind that of every counter, and dashboards of OpenFaaS ask for the names as they
are.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Kind(enum.Enum):
    """A type as Prometheus has it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value.

    Attributes:
        value: The value.
        labels: Its labels.
        suffix: What follows the family's name, as `_bucket` does.
    """

    value: float
    labels: Mapping[str, str]
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric: its name, its type, one sentence, and its values."""

    name: str
    kind: Kind
    meaning: str
    points: Iterable[Point]


def exposed(families: Iterable[Family]) -> bytes:
    """The families as text; one without a value is left out."""
    return "".join(line for family in families for line in _lines(family)).encode()


def _lines(family: Family) -> Iterator[str]:
    points = list(family.points)
    if not points:
        return
    meaning = family.meaning.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {family.name} {meaning}\n# TYPE {family.name} {family.kind.value}\n"
    for point in points:
        labels = ",".join(f'{name}="{_quoted(value)}"' for name, value in point.labels.items())
        braced = f"{{{labels}}}" if labels else ""
        yield f"{family.name}{point.suffix}{braced} {_number(point.value)}\n"


def _quoted(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    value = float(value)
    return str(int(value)) if value.is_integer() else repr(value)
