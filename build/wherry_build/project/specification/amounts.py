"""Durations, and Kubernetes quantities of CPU and memory: text that is also a number.

Durations are a whole number and a unit, `30s`. Quantities are kept as they were written, for that
is what a manifest carries (Kubernetes, `resource.Quantity`); the suffixes are those in common use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from wherry_build.errors import InvalidName

DURATION_PATTERN = r"(0|[1-9][0-9]{0,8})(ms|s|m|h)"
CPU_PATTERN = r"[1-9][0-9]{0,8}m|(0|[1-9][0-9]{0,5})(\.[0-9]{1,3})?"
MEMORY_PATTERN = r"[1-9][0-9]{0,14}(Ki|Mi|Gi|Ti|k|M|G|T)"

_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_SUFFIXES = {
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Duration:
    """A length of time, to the millisecond."""

    milliseconds: int

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read `text`, such as `500ms`, `30s`, `5m` or `1h`.

        Raises:
            InvalidName: It is no duration.
        """
        found = re.fullmatch(DURATION_PATTERN, text)
        if found is None:
            raise InvalidName(f"duration: got {text!a}, expected a duration such as `30s`")
        return cls(milliseconds=int(found[1]) * _UNITS_MS[found[2]])

    @property
    def is_whole_seconds(self) -> bool:
        """Whether it is a number of seconds without a rest."""
        return self.milliseconds % 1000 == 0

    @property
    def seconds(self) -> int:
        """Whole seconds in it."""
        return self.milliseconds // 1000

    def __str__(self) -> str:
        if self.is_whole_seconds:
            return f"{self.seconds}s"
        return f"{self.milliseconds}ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationLimits:
    """Bounds of a duration, and whether it must be whole seconds."""

    least: Duration
    most: Duration
    whole_seconds: bool = False

    @property
    def expected(self) -> str:
        """What it must be, as an error has it."""
        whole = "whole seconds, " if self.whole_seconds else ""
        return f"a duration such as `30s`, {whole}from {self.least} to {self.most}"

    def accepts(self, value: Duration) -> bool:
        """Whether `value` is within the bounds."""
        return self.least <= value <= self.most and (
            value.is_whole_seconds or not self.whole_seconds
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """CPU as Kubernetes has it: `250m`, `1` or `0.5`."""

    text: str

    def __post_init__(self) -> None:
        if not re.fullmatch(CPU_PATTERN, self.text) or self.millicores == 0:
            raise InvalidName(f"CPU: got {self.text!a}, expected {CPU_EXPECTED}")

    @property
    def millicores(self) -> int:
        """Thousandths of a core."""
        if self.text.endswith("m"):
            return int(self.text[:-1])
        return int(Decimal(self.text) * 1000)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memory as Kubernetes has it: `128Mi`."""

    text: str

    def __post_init__(self) -> None:
        if not re.fullmatch(MEMORY_PATTERN, self.text):
            raise InvalidName(f"memory: got {self.text!a}, expected {MEMORY_EXPECTED}")

    @property
    def bytes(self) -> int:
        """Bytes."""
        number = self.text.rstrip("kKMGTi")
        return int(number) * _SUFFIXES[self.text[len(number) :]]

    def __str__(self) -> str:
        return self.text


CPU_EXPECTED = "CPU such as `250m`, `1` or `0.5`"
MEMORY_EXPECTED = "memory such as `128Mi` or `1Gi`"


def limits(least: str, most: str, *, whole_seconds: bool = False) -> DurationLimits:
    """Bounds of a duration, from text."""
    return DurationLimits(
        least=Duration.parse(least), most=Duration.parse(most), whole_seconds=whole_seconds
    )
