"""Findings as SARIF 2.1.0, which code hosts show beside the lines (OASIS SARIF 2.1.0)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from wherry._version import __version__
from wherry_build.lint.finding import Finding, Severity
from wherry_build.lint.rule import Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def report(findings: Sequence[Finding], rules: Mapping[str, Rule], file_count: int) -> str:  # noqa: ARG001
    """One log with one run; the rules that found something are described in it."""
    used = sorted({finding.rule for finding in findings})
    run = {
        "tool": {
            "driver": {
                "name": "wherry lint",
                "version": __version__,
                "rules": [_description(rules[identity]) for identity in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, used.index(finding.rule)) for finding in findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _description(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, rule_index: int) -> dict[str, object]:
    subject = f"{finding.subject}: " if finding.subject else ""
    hint = f". {finding.hint}" if finding.hint else ""
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{subject}{finding.message}{hint}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.path)},
                    "region": {"startLine": finding.line, "startColumn": finding.column},
                }
            }
        ],
    }


def _uri(path: str) -> str:
    """Relative as given, so that a host finds it in its checkout; absolute ones as `file:`."""
    if os.path.isabs(path):  # noqa: PTH117 - a text, not a path to open
        return Path(path).as_uri()
    return quote(Path(path).as_posix())
