"""How many replicas a function should have: the arithmetic of Knative's pod autoscaler. No I/O.

Time is given in and never read. In the order of Knative (`pkg/autoscaler/scaling`, and for the last
three `pkg/reconciler/autoscaling/kpa`):

1. The load over the stable and over the panic window, each divided by the target and rounded up.
2. Both are held between what is ready divided by `most_down`, rounded down, and what is ready
   times `most_up`, rounded up; nothing ready counts as one.
3. Where there is any need, it is at least `wake`.
4. A panic begins when the need in the panic window is `panic_threshold` times what is ready, and
   ends a stable window after it was last so; while it lasts the number only grows.
5. A number is the greatest of the last `down_delay_s`.
6. It is held between `least`, at first `initial`, and `most`.
7. The last replica goes when it has been up for the stable window, and has not been needed for
   the longer of `zero_grace_s` and `zero_after_s`.

Like Knative, which starts that way after a restart, a number that somebody else has set is kept for
a stable window by a panic of that number.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from wherry_local.deployment import ScaleMetric, ScalePolicy

_LEAST_TARGET = 0.01
_LEAST_PANIC_WINDOW_S = 1.0
_UNITS = {ScaleMetric.CONCURRENCY: "calls in flight", ScaleMetric.RPS: "calls a second"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is seen of a function at one moment.

    Attributes:
        at: The moment, in seconds of a clock that never goes back.
        stable: The metric's average over the stable window; None where it is not known yet.
        panic: The same over the panic window.
        ready: Replicas that take calls.
        desired: Replicas that there should be, as of now.
    """

    at: float
    stable: float | None
    panic: float | None
    ready: int
    desired: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What follows.

    Attributes:
        replicas: Replicas that there should be.
        why: The reason, for people.
        is_panicking: Whether the number only grows.
        is_final: Whether time alone will not change it, so that nobody needs to ask again before
            there is load.
    """

    replicas: int
    why: str
    is_panicking: bool = False
    is_final: bool = False


def panic_window_s(policy: ScalePolicy) -> float:
    """The panic window's length: whole seconds, at least one, and no more than the stable one."""
    whole = math.floor(policy.window_s * policy.panic_window + 0.5)
    return min(policy.window_s, max(_LEAST_PANIC_WINDOW_S, float(whole)))


def target_of(policy: ScalePolicy) -> float:
    """The load at which one more replica is started."""
    return max(_LEAST_TARGET, policy.target * policy.utilization)


class Decider:
    """Decides for one function.

    Args:
        policy: How its scale is meant to be.
        at: The moment.
        replicas: How many there are, which is kept for a stable window when it is more than one.
    """

    def __init__(self, policy: ScalePolicy, *, at: float, replicas: int = 0) -> None:
        self.policy = policy
        self._panic_at: float | None = None
        self._panic_most = 0
        self._delayed: deque[tuple[float, int]] = deque()
        self._up_since: float | None = None
        self._unneeded_since: float | None = None
        self.keep(replicas, at=at)
        self._has_begun = False

    def keep(self, replicas: int, *, at: float) -> None:
        """Go on from a number that somebody else has set."""
        self._panic_at = at if replicas > 1 else None
        self._panic_most = replicas if replicas > 1 else 0
        self._delayed.clear()
        self._up_since = at if replicas else None
        self._unneeded_since = None
        self._has_begun = True

    def decide(self, seen: Seen) -> Decision:
        """How many replicas there should be."""
        if seen.desired == 0:
            self._up_since = None
        elif self._up_since is None:
            self._up_since = seen.at
        if seen.stable is None or seen.panic is None:
            return Decision(replicas=self._bounded(seen.desired, seen), why="its load is not known")
        wanted = self._delay(self._wanted(seen, seen.stable, seen.panic), seen.at)
        replicas = self._bounded(wanted, seen)
        if replicas:
            self._unneeded_since = None
            why = self._why(seen, wanted, replicas)
        else:
            replicas = self._last(seen)
            why = "it had no calls"
        return Decision(
            replicas=replicas,
            why=why,
            is_panicking=self._panic_at is not None,
            is_final=self._is_final(seen, replicas),
        )

    def _wanted(self, seen: Seen, stable: float, panic: float) -> int:
        policy = self.policy
        ready = max(1, seen.ready)
        target = target_of(policy)
        highest = math.ceil(policy.most_up * ready)
        lowest = math.floor(ready / policy.most_down)
        need, need_in_panic = math.ceil(stable / target), math.ceil(panic / target)
        wanted = min(max(need, lowest), highest)
        wanted_in_panic = min(max(need_in_panic, lowest), highest)
        if need:
            wanted = max(wanted, policy.wake)
        if need_in_panic:
            wanted_in_panic = max(wanted_in_panic, policy.wake)
        self._judge(seen.at, need_in_panic / ready >= policy.panic_threshold)
        if self._panic_at is None:
            return wanted
        self._panic_most = max(self._panic_most, wanted, wanted_in_panic)
        return self._panic_most

    def _judge(self, at: float, is_over: bool) -> None:
        """Begin, prolong or end a panic."""
        if is_over:
            self._panic_at = at
        elif self._panic_at is not None and self._panic_at + self.policy.window_s < at:
            self._panic_at = None
            self._panic_most = 0

    def _delay(self, wanted: int, at: float) -> int:
        """The greatest number of the last while; what a greater one follows is not kept."""
        if not self.policy.down_delay_s:
            return wanted
        while self._delayed and self._delayed[-1][1] <= wanted:
            self._delayed.pop()
        self._delayed.append((at, wanted))
        while self._delayed[0][0] <= at - self.policy.down_delay_s:
            self._delayed.popleft()
        return self._delayed[0][1]

    def _bounded(self, wanted: int, seen: Seen) -> int:
        least = self.policy.least
        if self.policy.initial > 1 and not self._has_begun:
            if seen.ready >= self.policy.initial:
                self._has_begun = True
            elif seen.desired:
                least = max(least, self.policy.initial)
        return min(max(wanted, least), self.policy.most)

    def _last(self, seen: Seen) -> int:
        """Whether the last replica stays, of a function that does not need it."""
        policy = self.policy
        if self._up_since is None:
            return 0
        if seen.at - self._up_since < policy.window_s:
            return 1
        if self._unneeded_since is None:
            self._unneeded_since = seen.at
        stays_s = max(policy.zero_grace_s, policy.zero_after_s)
        return int(seen.at - self._unneeded_since < stays_s)

    def _is_final(self, seen: Seen, replicas: int) -> bool:
        return (
            not seen.stable
            and not seen.panic
            and self._panic_at is None
            and replicas == self.policy.least
            and (not self._delayed or self._delayed[0][1] <= replicas)
        )

    def _why(self, seen: Seen, wanted: int, replicas: int) -> str:
        policy = self.policy
        value = seen.stable or 0.0
        if self._panic_at is not None:
            value = max(value, seen.panic or 0.0)
        why = (
            f"{value:.4g} {_UNITS[policy.metric]} on average, "
            f"where {target_of(policy):.4g} fill a replica"
        )
        if replicas < wanted:
            return f"{why}; {policy.most} at most"
        if replicas > wanted:
            return f"{why}; {replicas} at least"
        return why
