"""Runs cases against a subject, one after the other.

It must not know what a case checks or how results are shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from wherry_local.conformance.case import Case, Need, NotTried, Result, Unmet, Verdict
from wherry_local.conformance.subject import Subject
from wherry_local.conformance.wire import Silence


def run(
    cases: Iterable[Case], subject: Subject, tell: Callable[[Result], None] | None = None
) -> Sequence[Result]:
    """The results of `cases`, in their order; each is told as soon as it is there."""
    results = []
    for case in cases:
        result = _result(case, subject)
        results.append(result)
        if tell is not None:
            tell(result)
    return results


def _result(case: Case, subject: Subject) -> Result:
    missing = why_not(case, subject)
    if missing is not None:
        return Result(case=case, verdict=Verdict.SKIPPED, reason=missing)
    began = time.monotonic()
    verdict, expected, got = Verdict.PASSED, "", ""
    try:
        case.check(subject)
    except NotTried as reason:
        return Result(case=case, verdict=Verdict.SKIPPED, reason=str(reason))
    except Unmet as unmet:
        verdict, expected, got = Verdict.FAILED, unmet.expected, unmet.got
    except Silence as silence:
        verdict, expected, got = Verdict.FAILED, "an answer", silence.got
    seconds = time.monotonic() - began
    return Result(case=case, verdict=verdict, expected=expected, got=got, seconds=seconds)


def why_not(case: Case, subject: Subject) -> str | None:
    """The reason that `case` cannot be held against `subject`, or None where it can."""
    if case.platform is not None and case.platform not in subject.platforms:
        return f"its dialect is not claimed: --platform {case.platform.value}"
    has = {
        Need.EVENTS: subject.takes_events,
        Need.ECHO: subject.echoes,
        Need.PROCESS: subject.source is not None,
        Need.METRICS: subject.metrics_url is not None,
    }
    if case.need is not None and not has[case.need]:
        return case.need.value
    return None
