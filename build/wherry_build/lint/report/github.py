"""Findings as the workflow commands of GitHub Actions, which mark the lines of a pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wherry_build.lint.finding import Finding, Severity
from wherry_build.lint.rule import Rule

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def report(findings: Sequence[Finding], rules: Mapping[str, Rule], file_count: int) -> str:  # noqa: ARG001
    """One command a finding; nothing where there is none."""
    return "\n".join(_command(finding) for finding in findings)


def _command(finding: Finding) -> str:
    subject = f"{finding.subject}: " if finding.subject else ""
    hint = f"\n{finding.hint}" if finding.hint else ""
    properties = (
        f"file={_property(finding.path)},line={finding.line},col={finding.column},"
        f"title={_property(finding.rule)}"
    )
    return (
        f"::{_LEVELS[finding.severity]} {properties}::{_data(f'{subject}{finding.message}{hint}')}"
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
