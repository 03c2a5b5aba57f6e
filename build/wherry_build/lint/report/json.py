"""Findings as one JSON object: `findings`, and how many of each severity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from wherry_build.lint.finding import Finding, Severity
from wherry_build.lint.rule import Rule


def report(findings: Sequence[Finding], rules: Mapping[str, Rule], file_count: int) -> str:  # noqa: ARG001
    """The object, indented."""
    told = {
        "files": file_count,
        "errors": sum(each.severity is Severity.ERROR for each in findings),
        "warnings": sum(each.severity is Severity.WARNING for each in findings),
        "notes": sum(each.severity is Severity.NOTE for each in findings),
        "findings": [
            {
                "rule": each.rule,
                "severity": each.severity.value,
                "path": each.path,
                "line": each.line,
                "column": each.column,
                "subject": each.subject,
                "message": each.message,
                "hint": each.hint,
                "fixable": each.is_fixable,
            }
            for each in findings
        ],
    }
    return json.dumps(told, indent=2)
