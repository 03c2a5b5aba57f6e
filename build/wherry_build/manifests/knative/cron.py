"""When a schedule fires, checked as Knative checks it (robfig/cron, ParseStandard).

Other readers of cron take more: a seventh day, `L`, `W`, `#`. Knative refuses the whole object.
"""

from __future__ import annotations

from dataclasses import dataclass

from wherry_build.errors import ManifestError

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905 - to read
_DAYS = "sun mon tue wed thu fri sat".split()  # noqa: SIM905 - to read


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """One of the five.

    Attributes:
        name: What it says.
        least: Least number.
        most: Greatest number.
        names: Words, the first of which is `least`.
    """

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What it must be, as an error has it."""
        words = f", or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"numbers from {self.least} to {self.most}{words}, `*`, ranges, lists and steps"

    def accepts(self, text: str) -> bool:
        """Whether `text` is such a field."""
        return all(self._accepts_item(item) for item in text.split(","))

    def _accepts_item(self, item: str) -> bool:
        span, slash, step = item.partition("/")
        if slash and not (step.isdigit() and int(step) > 0):
            return False
        if span in {"*", "?"}:
            return True
        first, dash, last = span.partition("-")
        begin, end = self._number(first), self._number(last) if dash else self.most
        if begin is None or end is None:
            return False
        return self.least <= begin <= end <= self.most

    def _number(self, text: str) -> int | None:
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.least
        return int(text) if text.isdigit() else None


_FIELDS = (
    _Field(name="minute", least=0, most=59),
    _Field(name="hour", least=0, most=23),
    _Field(name="day of the month", least=1, most=31),
    _Field(name="month", least=1, most=12, names=tuple(_MONTHS)),
    _Field(name="day of the week", least=0, most=6, names=tuple(_DAYS)),
)


def check_cron(schedule: str, cron: str) -> None:
    """Check `cron`, which has five fields or is a word such as `@daily`.

    Args:
        schedule: Name of the schedule, for the error.
        cron: When it fires.

    Raises:
        ManifestError: Knative refuses it.
    """
    if cron.startswith("@"):
        return
    for field, text in zip(_FIELDS, cron.split(" "), strict=True):
        if not field.accepts(text):
            raise ManifestError(
                f"schedules.{schedule}.cron: {field.name}: got {text!a}, expected {field.expected}"
            )
