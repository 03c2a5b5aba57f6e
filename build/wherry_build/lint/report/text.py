"""Findings for a person: one line each, with what to change below it, and a count at the end."""

from __future__ import annotations

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
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    said = [_plural(errors, "error"), _plural(len(findings) - errors, "warning")]
    fixable = sum(finding.is_fixable for finding in findings)
    more = f"; --fix may put {fixable} right" if fixable else ""
    return f"{', '.join(said)} in {files}{more}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
