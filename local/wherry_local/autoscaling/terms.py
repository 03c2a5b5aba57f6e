"""What is said of a function's scale, before it is a policy: by a file, by labels, by annotations.

Values only. What nobody says is None, so that several sayings can be laid over one another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from wherry.deadline import duration_s
from wherry_local.deployment import ScaleMetric
from wherry_local.errors import LocalError

LIMIT_REPLICAS = 1000
_LONGEST_S = 24 * 3600.0
T = TypeVar("T")


class InvalidScale(LocalError):  # noqa: N818 - named for the state
    """A label or an annotation says a scale that there cannot be.

    Attributes:
        key: Which.
        got: What it says.
        expected: What it may say.
    """

    def __init__(self, key: str, got: str, expected: str, *, where: str = "") -> None:
        super().__init__(f"{where}{key}: got {got[:80]!a}, expected {expected}")
        self.key = key
        self.got = got
        self.expected = expected


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleTerms:
    """What is said; the fields are those of `ScalePolicy`, and two more.

    Attributes:
        idle_s: Time without a call until the last replica goes, all windows included.
        remarks: What was said and has no meaning here, for those who said it.
    """

    least: int | None = None
    most: int | None = None
    initial: int | None = None
    wake: int | None = None
    metric: ScaleMetric | None = None
    target: float | None = None
    utilization: float | None = None
    window_s: float | None = None
    panic_window: float | None = None
    panic_threshold: float | None = None
    zero_after_s: float | None = None
    down_delay_s: float | None = None
    idle_s: float | None = None
    remarks: tuple[str, ...] = ()

    def under(self, other: ScaleTerms) -> ScaleTerms:
        """These, and over them what `other` says."""
        said = {
            each.name: value
            for each in fields(other)
            if each.name != "remarks" and (value := getattr(other, each.name)) is not None
        }
        return replace(self, **said, remarks=self.remarks + other.remarks)


class Sayings:
    """The labels or annotations of one function that begin alike.

    Args:
        said: All of them.
        prefix: How those begin that are of the scale.
        aliases: Other spellings of the rest of their names.
    """

    def __init__(
        self, said: Mapping[str, str], prefix: str, aliases: Mapping[str, str] | None = None
    ) -> None:
        known = aliases or {}
        self._prefix = prefix
        self._said = {
            known.get(key[len(prefix) :], key[len(prefix) :]): value
            for key, value in said.items()
            if key.startswith(prefix)
        }

    def text(self, name: str) -> str | None:
        """What `name` says, or None."""
        return self._said.get(name)

    def count(self, name: str, *, least: int = 0, most: int = LIMIT_REPLICAS) -> int | None:
        """What `name` says as a whole number.

        Raises:
            InvalidScale: It is none, or out of its range.
        """

        def read(text: str) -> int | None:
            found = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1
            return found if least <= found <= most else None

        return self._read(name, read, f"a whole number from {least} to {most}")

    def number(self, name: str, *, least: float, most: float) -> float | None:
        """What `name` says as a number.

        Raises:
            InvalidScale: It is none, or out of its range.
        """

        def read(text: str) -> float | None:
            if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9}", text):
                return None
            return float(text) if least <= float(text) <= most else None

        return self._read(name, read, f"a number from {least:g} to {most:g}")

    def truth(self, name: str) -> bool | None:
        """What `name` says as true or false.

        Raises:
            InvalidScale: It is neither.
        """
        return self._read(name, {"true": True, "false": False}.get, "`true` or `false`")

    def seconds(
        self, name: str, *, least: float = 0.0, most: float = _LONGEST_S, whole: bool = False
    ) -> float | None:
        """What `name` says as a duration in Go's way, in seconds.

        Raises:
            InvalidScale: It is none, or out of its range.
        """

        def read(text: str) -> float | None:
            try:
                found = duration_s(text) if not text[-1:].isdigit() or text == "0" else -1.0
            except ValueError:
                return None
            fits = least <= found <= most and (not whole or found == int(found))
            return found if fits else None

        seconds = "whole seconds" if whole else "a duration"
        return self._read(name, read, f"{seconds} such as `30s`, from {least:g}s to {most:g}s")

    def refuse(self, name: str, expected: str) -> InvalidScale:
        """The error that says what was expected of `name`."""
        return InvalidScale(self._prefix + name, self._said.get(name, ""), expected)

    def _read(self, name: str, read: Callable[[str], T | None], expected: str) -> T | None:
        text = self._said.get(name)
        if text is None:
            return None
        found = read(text)
        if found is None:
            raise self.refuse(name, expected)
        return found
