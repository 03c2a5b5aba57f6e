"""Whether a run was flat: the last third of its samples against the middle third.

The first third is the time to warm up. Half an hour shows no percent in an hour; it shows
what grows with the calls, for there are some hundred thousand of them in a third: one small object
of 64 bytes left behind by each would be ten megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.soak.figures import Run, Sample

LEAST_S = 180.0
"""A shorter run is all warming up; nothing is said of what grows."""
_MIB = (1 << 20) / 1e6


@dataclass(frozen=True, kw_only=True)
class Bound:
    """How much more than in the middle third something may be in the last: a part, and a rest."""

    what: str
    measure: str
    unit: str
    part: float
    rest: float

    def seen(self, samples: Sequence[Sample]) -> float:
        """The median over `samples`."""
        return _median(samples, self.measure)

    def most(self, middle: float) -> float:
        """The most that the last third may show."""
        return middle * (1 + self.part) + self.rest


BOUNDS = (
    Bound(what="memory of its own", measure="own_mb", unit="MB", part=0.02, rest=_MIB),
    Bound(what="resident memory", measure="rss_mb", unit="MB", part=0.02, rest=_MIB),
    Bound(what="threads", measure="threads", unit="", part=0.0, rest=1),
    Bound(what="descriptors", measure="descriptors", unit="", part=0.0, rest=2),
    Bound(what="connections", measure="connections", unit="", part=0.0, rest=2),
    Bound(what="series of metrics", measure="series", unit="", part=0.0, rest=0),
    Bound(what="temporary files", measure="files", unit="", part=0.0, rest=0),
)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One thing that was asked of the run.

    Attributes:
        what: What was looked at.
        found: What was seen, in words.
        is_kept: Whether that is as it should be.
    """

    what: str
    found: str
    is_kept: bool


def judged(run: Run) -> list[Judgement]:
    """Everything that is asked of a run."""
    return [*_answers(run), *_growth(run), *_ends(run)]


def is_flat(run: Run) -> bool:
    """Whether everything is as it should be."""
    return all(each.is_kept for each in judged(run))


def thirds(run: Run) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """The samples of the middle third and of the last."""
    third = len(run.samples) // 3
    return run.samples[third : 2 * third], run.samples[2 * third :]


def growth_bytes_per_turn(run: Run) -> float:
    """Memory of its own that came from the middle third to the last, by the turns between."""
    middle, last = thirds(run)
    turns = _median(last, "sent") - _median(middle, "sent")
    grown_mb = _median(last, "own_mb") - _median(middle, "own_mb")
    return grown_mb * 1e6 / turns if turns else 0.0


def _answers(run: Run) -> list[Judgement]:
    asked = sum(run.sent.values())
    return [
        Judgement(
            what="ordinary requests",
            found=f"{run.failed} failed, of {asked:,} clients' turns in all",
            is_kept=run.failed == 0 and asked > 0,
        ),
        Judgement(
            what="misbehaving clients",
            found=f"{run.mishandled} treated otherwise than they should be",
            is_kept=run.mishandled == 0,
        ),
        Judgement(
            what="log above info",
            found=f"{len(run.complaints)} lines that nothing accounts for",
            is_kept=not run.complaints,
        ),
    ]


def _growth(run: Run) -> list[Judgement]:
    if run.seconds < LEAST_S:
        return []
    middle, last = thirds(run)
    found = []
    for bound in BOUNDS:
        was, now = bound.seen(middle), bound.seen(last)
        words = f"{was:g}, then {now:g} {bound.unit}".strip()
        found.append(Judgement(what=bound.what, found=words, is_kept=now <= bound.most(was)))
    was, now = (_log_bytes_per_turn(third) for third in (middle, last))
    return [
        *found,
        Judgement(
            what="log for each turn",
            found=f"{was:.0f}, then {now:.0f} bytes",
            is_kept=now <= was * 1.05,
        ),
    ]


def _ends(run: Run) -> list[Judgement]:
    before, after = run.before, run.after
    return [
        Judgement(
            what="after the load",
            found=(
                f"{after.connections} connections, {after.descriptors} descriptors "
                f"({before.descriptors} before), {after.files} temporary files"
            ),
            is_kept=(
                after.connections == 0
                and after.descriptors <= before.descriptors + 1
                and after.files <= before.files
            ),
        ),
        Judgement(what="SIGTERM", found=f"exit code {run.exit_code}", is_kept=run.exit_code == 0),
    ]


def _median(samples: Sequence[Sample], measure: str) -> float:
    return median(sample.measure(measure) for sample in samples) if samples else 0.0


def _log_bytes_per_turn(samples: Sequence[Sample]) -> float:
    first, last = samples[0], samples[-1]
    return (last.vitals.log_bytes - first.vitals.log_bytes) / max(1, last.sent - first.sent)
