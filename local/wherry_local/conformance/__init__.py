"""The public cases that a function server is held to, over a socket of our own.

Cases are data with small checks; a run gives results, and reports are made of them. They know the
specifications and the platforms, and nothing of how any server works.
"""

from wherry_local.conformance.case import Case, Platform, Result, Severity, Verdict
from wherry_local.conformance.catalogue import GROUPS, cases
from wherry_local.conformance.run import run
from wherry_local.conformance.subject import Subject

__all__ = [
    "GROUPS",
    "Case",
    "Platform",
    "Result",
    "Severity",
    "Subject",
    "Verdict",
    "cases",
    "run",
]
