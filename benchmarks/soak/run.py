"""One run: a server, the load on it from another core, and a look at it every interval."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.serving.origins import ROOT, ThisEnvironment
from benchmarks.serving.servers import pinned
from benchmarks.soak import vitals
from benchmarks.soak.figures import Run, Sample
from benchmarks.soak.serving import Served, served
from benchmarks.soak.vitals import Vitals

_CORE = 1
_LEFT_TO_END_S = 60.0
_SETTLED_WITHIN_S = 10.0
_TOLD = 5
# What the function that raises has in the log for each of its calls.
_EXPECTED = ("fails", "the function failed: LookupError")


class LoadError(Exception):
    """The load is not what it should be, so the run says nothing."""


def soak(*, workers: int, seconds: float, interval_s: float, told: Callable[[str], None]) -> Run:
    """Serve, load for `seconds`, look, end.

    Raises:
        ServerError: The server did not start.
        LoadError: The load ended before its time.
    """
    with served(workers) as server:
        before, began = _look(server), time.monotonic()
        samples: list[Sample] = []
        spoken: dict[str, Any] = {}
        for spoken in _load(server.port, seconds, interval_s):
            samples.append(_sample(time.monotonic() - began, spoken, _look(server)))
            told(_line(samples[-1], spoken))
        at_s = samples[-1].at_s if samples else 0.0
        if at_s < seconds:
            raise LoadError(f"the load ended after {at_s:.0f} of {seconds:.0f} s")
        after, exit_code = _at_rest(server), server.end()
        return Run(
            version=ThisEnvironment().version(),
            workers=workers,
            seconds=seconds,
            samples=samples[:-1],  # the last one is from after the load
            sent=spoken["sent"],
            failed=spoken["failed"],
            mishandled=spoken["mishandled"],
            faults=spoken["faults"],
            complaints=_complaints(server.log),
            before=before,
            after=after,
            exit_code=exit_code,
        )


def _complaints(log: Path) -> list[str]:
    with log.open(errors="replace") as lines:
        return complaints(lines)


def complaints(lines: Iterable[str]) -> list[str]:
    """Lines of a log that are neither `info` nor the failing function's, the first few."""
    found = []
    for line in lines:
        try:
            members: dict[str, Any] = json.loads(line)
        except ValueError:
            found.append(line)  # a line that is none of the log's
            continue
        is_expected = (members.get("function"), members.get("message")) == _EXPECTED
        if members.get("level") != "info" and not is_expected:
            found.append(line)
    return [line.rstrip()[:300] for line in found[:_TOLD]]


def _load(port: int, seconds: float, interval_s: float) -> Iterator[dict[str, Any]]:
    words = ["-m", "benchmarks.soak.load", str(port), str(seconds), str(interval_s)]
    with _child([*pinned(_CORE), sys.executable, *words], ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)
        if process.wait(_LEFT_TO_END_S):
            raise LoadError(f"the load ended with {process.returncode}")


@contextmanager
def _child(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _look(server: Served) -> Vitals:
    return vitals.read(
        server.process.pid,
        port=server.port,
        metrics_port=server.metrics_port,
        log=server.log,
        scratch=server.scratch,
    )


def _at_rest(server: Served) -> Vitals:
    """When the last connection has gone."""
    deadline = time.monotonic() + _SETTLED_WITHIN_S
    found = _look(server)
    while found.connections and time.monotonic() < deadline:
        time.sleep(0.1)
        found = _look(server)
    return found


def _sample(at_s: float, spoken: dict[str, Any], seen: Vitals) -> Sample:
    return Sample(
        at_s=round(at_s, 1),
        sent=sum(spoken["sent"].values()),
        p50_ms=spoken["p50_ms"],
        p99_ms=spoken["p99_ms"],
        vitals=seen,
    )


def _line(sample: Sample, spoken: dict[str, Any]) -> str:
    seen = sample.vitals
    return (
        f"{sample.at_s:7.1f} s  {sample.sent:8,} turns  {spoken['failed']} failed  "
        f"{spoken['mishandled']} mishandled  PSS {seen.pss_mb:.1f} MB  {seen.threads} threads  "
        f"{seen.descriptors} descriptors  {seen.series} series  p99 {sample.p99_ms:.1f} ms"
    )
