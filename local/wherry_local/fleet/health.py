"""How a function does: why it does not start, when it is tried again, what callers hear. No I/O.

A fault is told once, however often it is met, until something changes.
"""

from __future__ import annotations

from collections.abc import Callable

from wherry_local.fleet.recovery import Backoff
from wherry_local.fleet.replica import NoReplica

_PATIENCE_S = 2.0


class Health:
    """The health of one function.

    Args:
        tell: Is told of a fault.

    Attributes:
        fault: Why the function, or its newest code, does not start; None where it does.
        backoff: When it is started again.
    """

    def __init__(self, tell: Callable[[str], object]) -> None:
        self.fault: str | None = None
        self.backoff = Backoff()
        self._tell = tell
        self._told = ""

    def fail(self, fault: str, *, serves: bool) -> None:
        """It does not start; `serves` where code from before does."""
        self.fault = fault
        if fault != self._told:
            self._told = fault
            goes_on = "; the code before goes on serving" if serves else ""
            # The rest of it is what the replica has written itself.
            self._tell(f"does not start{goes_on}: {fault.partition(chr(10))[0]}")

    def recover(self) -> None:
        """It has started."""
        self.fault = None
        self._told = ""

    def forgive(self) -> None:
        """It is another function now, and is started at once."""
        self.recover()
        self.backoff.reset()

    def refusal(self, now: float) -> NoReplica | None:
        """What a call is told that would wait in vain; None where it may wait."""
        if self.backoff.left(now) <= (0.0 if self.fault else _PATIENCE_S):
            return None
        return self.last_refusal()

    def last_refusal(self) -> NoReplica:
        """What calls are told that have waited in vain."""
        if self.fault:
            return NoReplica(502, "the function does not start")
        return NoReplica(503, "the function keeps ending")
