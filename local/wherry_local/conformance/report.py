"""Results as people and machines read them: text, JSON, and JUnit's XML.

It must not know how cases are run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from wherry_local.conformance.case import Case, Result, Severity, Verdict
from wherry_local.conformance.catalogue import GROUPS

MARKS = {Verdict.PASSED: "ok", Verdict.FAILED: "FAIL", Verdict.SKIPPED: "skip"}
_FORBIDDEN_IN_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32)), "?")


def mark(result: Result) -> str:
    """The word for what came of it; what only should hold fails softly."""
    if result.verdict is Verdict.FAILED and result.case.severity is Severity.SHOULD:
        return "warn"
    return MARKS[result.verdict]


def lines(result: Result) -> list[str]:
    """One result as a person reads it; what was expected and what came, where it failed."""
    case = result.case
    told = [f"  {mark(result):<4}  {case.id:<42} {case.title}"]
    if result.verdict is Verdict.FAILED:
        told += [
            f"        {case.severity.value}, {case.section}",
            f"        expected  {result.expected}",
            f"        got       {result.got}",
        ]
    elif result.verdict is Verdict.SKIPPED:
        told.append(f"        {result.reason}")
    return told


def text(results: Sequence[Result], *, verbose: bool = False) -> str:
    """The report, by groups: what did not pass, or everything, and how many did."""
    told: list[str] = []
    for group, members in groupby(results, key=lambda result: result.case.group):
        of_group = list(members)
        told.append(f"{group}: {GROUPS[group]}: {_counted(of_group)}")
        shown = [each for each in of_group if verbose or each.verdict is Verdict.FAILED]
        told += [line for result in shown for line in lines(result)]
        told += [] if verbose else _skipped(of_group)
    return "\n".join([*told, "", f"{len(results)} cases: {_counted(results)}"])


def listing(cases: Iterable[Case]) -> str:
    """Every case, one a line."""
    return "\n".join(
        f"{case.id:<44} {case.severity.value:<6} {case.section:<34} {case.title}" for case in cases
    )


def document(results: Sequence[Result], subject: str) -> str:
    """The report as one JSON object."""
    counts = Counter(mark(result) for result in results)
    return json.dumps(
        {
            "subject": subject,
            "summary": {
                "cases": len(results),
                "passed": counts["ok"],
                "failed_must": counts["FAIL"],
                "failed_should": counts["warn"],
                "skipped": counts["skip"],
            },
            "cases": [_member(result) for result in results],
        },
        indent=2,
    )


def junit(results: Sequence[Result], subject: str, *, strict: bool = False) -> str:
    """The report as JUnit's XML, a suite a group; a should that failed counts with `strict`."""
    root = ET.Element("testsuites", name=f"wherry conform {subject}")
    for group, members in groupby(results, key=lambda result: result.case.group):
        of_group = list(members)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=group,
            tests=str(len(of_group)),
            failures=str(sum(each.is_failure(strict=strict) for each in of_group)),
            skipped=str(sum(each.verdict is Verdict.SKIPPED for each in of_group)),
            time=f"{sum(each.seconds for each in of_group):.3f}",
        )
        for result in of_group:
            _add(suite, result, strict=strict)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add(suite: ET.Element, result: Result, *, strict: bool) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=result.case.group,
        name=result.case.id,
        time=f"{result.seconds:.3f}",
    )
    told = f"{result.case.title} ({result.case.severity.value}, {result.case.section})"
    if result.verdict is Verdict.SKIPPED:
        ET.SubElement(case, "skipped", message=result.reason)
    elif result.verdict is Verdict.FAILED:
        message = f"expected {result.expected}, got {result.got}".translate(_FORBIDDEN_IN_XML)
        if result.is_failure(strict=strict):
            ET.SubElement(case, "failure", message=message).text = told
        else:
            ET.SubElement(case, "system-out").text = f"{told}: {message}"


def _member(result: Result) -> dict[str, object]:
    case = result.case
    told: dict[str, object] = {
        "id": case.id,
        "group": case.group,
        "title": case.title,
        "section": case.section,
        "severity": case.severity.value,
        "platform": None if case.platform is None else case.platform.value,
        "verdict": result.verdict.value,
        "seconds": round(result.seconds, 4),
    }
    if result.verdict is Verdict.FAILED:
        told |= {"expected": result.expected, "got": result.got}
    elif result.verdict is Verdict.SKIPPED:
        told["reason"] = result.reason
    return told


def _counted(results: Iterable[Result]) -> str:
    counts = Counter(mark(result) for result in results)
    words = {"ok": "passed", "FAIL": "failed", "warn": "should be better", "skip": "skipped"}
    return ", ".join(f"{counts[each]} {word}" for each, word in words.items() if counts[each])


def _skipped(results: Iterable[Result]) -> list[str]:
    """Why some were skipped, each reason once."""
    reasons = Counter(each.reason for each in results if each.verdict is Verdict.SKIPPED)
    return [f"  skip  {count} cases: {reason}" for reason, count in reasons.items()]
