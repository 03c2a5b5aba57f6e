# ruff: noqa: INP001 - a script beside the one that runs it
"""Fail when tests that need a tool were skipped: an absent tool must not look like a pass."""

from __future__ import annotations

import sys
from xml.etree import ElementTree as ET

# Tools whose source may be out of reach where this runs, or whose build takes longer than there is
# time for (WHERRY_BUILD_S); a test that needs one of them may skip.
MAY_BE_ABSENT = (
    "faas-cli",
    "istioctl",
    "apiextensions-apiserver",
    "kubectl-validate",
    "knative-webhooks",
)


def main(report: str) -> int:
    """Name every skipped test with its reason; 1 when one of them had no leave to skip."""
    root = ET.parse(report).getroot()  # noqa: S314 - our own test runner wrote it
    ran = wrong = 0
    for case in root.iter("testcase"):
        ran += 1
        skipped = case.find("skipped")
        if skipped is None or skipped.get("type") == "pytest.xfail":
            continue
        reason = skipped.get("message", "")
        allowed = any(tool in reason for tool in MAY_BE_ABSENT)
        wrong += not allowed
        verdict = "skipped" if allowed else "MUST NOT SKIP"
        print(f"{verdict}: {case.get('classname')}::{case.get('name')}: {reason}")  # noqa: T201
    if not ran:
        print("no test ran")  # noqa: T201
    return 1 if wrong or not ran else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
