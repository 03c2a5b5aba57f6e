"""What a check found. A value, no I/O."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class State(enum.Enum):
    """How something is."""

    OK = "ok"
    ABSENT = "absent"
    """Not there, and needed by some work only."""
    FAULT = "fault"
    """There and wrong, or absent where it is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        area: What it belongs to: `Python`, `Container engines`.
        name: What it is.
        state: How it is.
        said: What was seen; never a secret.
        purpose: What it is for.
        hint: What to type; empty when there is nothing to do.
    """

    area: str
    name: str
    state: State
    said: str = ""
    purpose: str = ""
    hint: str = ""
