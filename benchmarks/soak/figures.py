"""What runs have found, as values, and as JSON that is read back; it measures nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.soak.vitals import Vitals


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One look at the server under load.

    Attributes:
        at_s: Seconds since the load began.
        sent: Requests and misbehaving clients so far.
        p50_ms: Median time of quick requests since the sample before.
        p99_ms: Time that one in a hundred of them exceeds.
        vitals: What the server holds.
    """

    at_s: float
    sent: int
    p50_ms: float
    p99_ms: float
    vitals: Vitals

    def measure(self, name: str) -> float:
        """One of the figures, by its name."""
        return float(getattr(self if hasattr(self, name) else self.vitals, name))


_OWN = ("at_s", "sent", "p50_ms", "p99_ms")
_VITALS = tuple(each.name for each in fields(Vitals))


@dataclass(frozen=True, kw_only=True)
class Run:
    """One server from its start to its end.

    Attributes:
        version: What was served.
        workers: Its worker processes.
        seconds: How long it was under load.
        samples: In order of time.
        sent: Requests and misbehaving clients, by kind.
        failed: Ordinary requests that did not get the right answer.
        mishandled: Misbehaving clients that were not treated as they should be.
        faults: What was wrong, the first few times.
        complaints: Lines of the log above `info` that nothing accounts for, the first few.
        before: What the server held before the load.
        after: What it held when the load had ended.
        exit_code: Of the SIGTERM at the end.
    """

    version: str
    workers: int
    seconds: float
    samples: Sequence[Sample]
    sent: Mapping[str, int]
    failed: int
    mishandled: int
    faults: Sequence[str]
    complaints: Sequence[str]
    before: Vitals
    after: Vitals
    exit_code: int


@dataclass(frozen=True, kw_only=True)
class Results:
    """Runs of one day on one machine.

    Attributes:
        circumstances: Machine and date, by name.
        runs: With different numbers of workers.
    """

    circumstances: Mapping[str, str]
    runs: Sequence[Run]

    def write(self, path: Path) -> None:
        """For machines: samples by column, a column on a line."""
        circumstances = json.dumps(dict(self.circumstances))
        runs = ",\n".join(_written(run) for run in self.runs)
        path.write_text(f'{{"circumstances": {circumstances},\n"runs": [\n{runs}\n]}}\n')

    @classmethod
    def read(cls, path: Path) -> Results:
        """What `write` wrote."""
        given = json.loads(path.read_text())
        return cls(
            circumstances=given["circumstances"], runs=[_read(each) for each in given["runs"]]
        )


def _written(run: Run) -> str:
    members: dict[str, Any] = {each.name: getattr(run, each.name) for each in fields(Run)}
    members |= {"before": asdict(run.before), "after": asdict(run.after)}
    members["sent"] = dict(run.sent)
    del members["samples"]
    columns = {name: [getattr(sample, name) for sample in run.samples] for name in _OWN} | {
        name: [getattr(sample.vitals, name) for sample in run.samples] for name in _VITALS
    }
    lines = [f'"{name}": {json.dumps(value)}' for name, value in members.items()]
    shown = ",\n".join(f'"{name}": {json.dumps(value)}' for name, value in columns.items())
    return "{" + ",\n".join([*lines, f'"samples": {{\n{shown}\n}}']) + "}"


def _read(given: dict[str, Any]) -> Run:
    columns = given.pop("samples")
    samples = []
    for row in zip(*columns.values(), strict=True):
        named = dict(zip(columns, row, strict=True))
        vitals = Vitals(**{name: named.pop(name) for name in _VITALS})
        samples.append(Sample(**named, vitals=vitals))
    before, after = Vitals(**given.pop("before")), Vitals(**given.pop("after"))
    return Run(**given, before=before, after=after, samples=samples)
