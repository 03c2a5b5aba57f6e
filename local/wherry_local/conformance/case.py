"""One case, what may come of it, and how a check says so.

Values only; it must not know sockets or reports.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from wherry_local.conformance.subject import Subject


class Severity(enum.Enum):
    """Whether a server that fails the case is wrong, or only less good than it should be."""

    MUST = "must"
    SHOULD = "should"


class Platform(enum.Enum):
    """Whose dialect a case is in; a server that does not claim it is not failed for it."""

    OPENFAAS = "openfaas"
    KNATIVE = "knative"


class Need(enum.Enum):
    """What a case needs to be run, in the words of the reason that it was skipped."""

    EVENTS = "the function takes no events, or no ordinary one"
    ECHO = "the function does not echo events"
    PROCESS = "the server was not started here: give a PATH"
    METRICS = "no address of metrics is known: --metrics URL"


class Verdict(enum.Enum):
    """What came of a case."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Unmet(Exception):  # noqa: N818 - a check's outcome, not a fault of ours
    """Raised by a check whose expectation was not met."""

    def __init__(self, *, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected = expected
        self.got = got


class NotTried(Exception):  # noqa: N818 - as above
    """Raised by a check that found out that it does not apply; the message is the reason."""


Check: TypeAlias = "Callable[[Subject], None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that a server is held to.

    Attributes:
        id: Dotted name; its first part is the group.
        title: What is expected, as a sentence about the server.
        section: Where that is written.
        check: Raises Unmet, or Silence where no answer came; NotTried where it does not apply.
        severity: How much it counts.
        platform: Whose dialect it is, or None for all servers.
        need: What it takes to be run, or None.
    """

    id: str
    title: str
    section: str
    check: Check
    severity: Severity = Severity.MUST
    platform: Platform | None = None
    need: Need | None = None

    @property
    def group(self) -> str:
        """The first part of its id."""
        return self.id.partition(".")[0]

    def is_in(self, name: str) -> bool:
        """Whether `name` is its id, its group, or another beginning of its id."""
        return f"{self.id}.".startswith(f"{name}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What a number of cases have in common.

    Attributes:
        name: The beginning of their ids.
        platform: Whose dialect they are in, or None for all servers.
        need: What they take to be run, or None.
    """

    name: str
    platform: Platform | None = None
    need: Need | None = None

    def case(
        self, name: str, title: str, section: str, check: Check, severity: Severity = Severity.MUST
    ) -> Case:
        """One of them; `name` is the rest of its id."""
        return Case(
            id=f"{self.name}.{name}",
            title=title,
            section=section,
            check=check,
            severity=severity,
            platform=self.platform,
            need=self.need,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one case.

    Attributes:
        case: The case.
        verdict: Passed, failed or skipped.
        expected: What was expected, of one that failed.
        got: What came instead.
        reason: Why it was skipped.
        seconds: How long it took.
    """

    case: Case
    verdict: Verdict
    expected: str = ""
    got: str = ""
    reason: str = ""
    seconds: float = 0.0

    def is_failure(self, *, strict: bool = False) -> bool:
        """Whether it fails the server: a must, and with `strict` a should."""
        counts = strict or self.case.severity is Severity.MUST
        return self.verdict is Verdict.FAILED and counts
