"""What a handler may answer besides a response or an event: `Retry`, `Drop` and `Refuse`.

Values only; how each is sent is `wherry.response`'s.
"""

from __future__ import annotations

import math

from wherry.problem import Problem
from wherry.values import frozen

MAX_RETRY_AFTER_S = 86_400


@frozen(kw_only=False)
class Retry:
    """Ask the sender to deliver again: 503 with `Retry-After`.

    Attributes:
        after_s: Seconds to wait, rounded up to whole ones, at most a day; 0 leaves it to the
            sender's own back-off.
    """

    after_s: float = 0.0

    def problem(self) -> Problem:
        """The answer as a problem."""
        wait_s = math.ceil(min(max(0.0, self.after_s), MAX_RETRY_AFTER_S))
        return Problem(
            status=503,
            detail="the function asks for another delivery",
            retry_after_s=wait_s or None,
        )


@frozen(kw_only=False)
class Drop:
    """Say that delivering again is useless: 422.

    Knative retries no 4xx but 404, 408, 409 and 429, so it sends a dropped event to the dead
    letter sink where there is one.

    Attributes:
        reason: Sent to the sender as the problem's detail; keep secrets out of it.
    """

    reason: str = ""

    def problem(self) -> Problem:
        """The answer as a problem."""
        return Problem(status=422, detail=self.reason or "the function dropped the event")


class Refuse(Exception):  # noqa: N818 - raised to answer, not to report an error
    """Raised by a handler to answer with a problem on purpose: `raise Refuse(404, "no order")`.

    Attributes:
        problem: What the caller gets; `detail` is sent as written, so keep secrets out of it.
    """

    def __init__(self, status: int, detail: str = "") -> None:
        if not 400 <= status <= 599:
            raise ValueError(f"status of a refusal: got {status!r}, expected 400 to 599")
        super().__init__(status, detail)
        self.problem = Problem(status=status, detail=detail)
