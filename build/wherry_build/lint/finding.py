"""What the linter says: a finding, its place and its severity. Values only."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(enum.Enum):
    """How bad it is.

    An error breaks what the file is for, a warning will cost somebody later, a note says what was
    not looked at.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Where in a file; line and column begin at 1."""

    path: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, at one place.

    Attributes:
        rule: Id of the rule, `K8S001`.
        subject: `Kind namespace/name` of the object, empty where there is none.
        message: What was got and what was expected.
        hint: The next thing to type or to change; may be empty.
        is_fixable: Whether `--fix` puts it right.
    """

    rule: str
    severity: Severity
    path: str
    line: int
    column: int
    subject: str
    message: str
    hint: str = ""
    is_fixable: bool = False

    @property
    def order(self) -> tuple[str, int, str, int, str]:
        """What findings are sorted by: path, line, rule."""
        return (self.path, self.line, self.rule, self.column, self.message)
