"""Findings for a person: one line each, with what to change below it, and a count at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from wherry_build.lint.finding import Finding, Severity
from wherry_build.lint.rule import Rule


def report(findings: Sequence[Finding], rules: Mapping[str, Rule], file_count: int) -> str:  # noqa: ARG001
    """Every finding as `path:line:column: severity rule subject: message`."""
    lines = []
    for finding in findings:
        place = f"{finding.path}:{finding.line}:{finding.column}"
        subject = f"{finding.subject}: " if finding.subject else ""
        lines.append(f"{place}: {finding.severity.value} {finding.rule} {subject}{finding.message}")
        if finding.hint:
            lines.append(f"    {finding.hint}")
    lines.append(_count(findings, file_count))
    return "\n".join(lines)


def _count(findings: Sequence[Finding], file_count: int) -> str:
    files = _plural(file_count, "file")
    if not findings:
        return f"nothing found in {files}"
    counts = Counter(finding.severity for finding in findings)
    said = [_plural(counts[each], each.value) for each in (Severity.ERROR, Severity.WARNING)]
    if counts[Severity.NOTE]:
        said.append(_plural(counts[Severity.NOTE], Severity.NOTE.value))
    fixable = sum(finding.is_fixable for finding in findings)
    more = f"; --fix may put {fixable} right" if fixable else ""
    return f"{', '.join(said)} in {files}{more}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
