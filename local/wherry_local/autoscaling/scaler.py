"""Scales the functions of a fleet: looks at each one's load, and decides.

It looks every two seconds, as Knative does, at functions whose number time or load may change, and
a moment after a call has come to one that was at rest. When all are at rest it waits without a
timer, so an idle platform does not wake up. Starting the first replica of a function that sleeps is
the fleet's part, for a call waits for it. A number that somebody else has set is where it goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from wherry_local.autoscaling.decision import Decider, Seen, panic_window_s
from wherry_local.autoscaling.load import Load
from wherry_local.autoscaling.window import LoadWindow
from wherry_local.deployment import Deployment, FunctionKey

TICK_S = 2.0
FIRST_TICK_S = 0.25
"""Seconds after which the load of a function that was at rest is looked at first."""


class ScaledReplicas(Protocol):
    """The replicas of one function, as those who scale them see them.

    Attributes:
        load: What the function has to do, calls that wait included.
        desired: Replicas that there should be.
    """

    load: Load
    desired: int

    @property
    def deployment(self) -> Deployment:
        """What is served now."""
        ...

    @property
    def available(self) -> int:
        """Replicas that take calls."""
        ...

    def scale_to(self, replicas: int, why: str) -> None:
        """From now on that many replicas are wanted, which people are told with the reason."""
        ...


class ScaledFleet(Protocol):
    """Every function that is served."""

    def find(self, key: FunctionKey) -> ScaledReplicas | None:
        """The replicas of a function, or None where there is no such function."""
        ...

    def keys(self) -> Sequence[FunctionKey]:
        """Which functions there are."""
        ...


class Autoscaler:
    """Scales the functions of one fleet, on its event loop.

    Args:
        fleet: Whose functions.
        tick_s: Seconds between two looks.
        first_tick_s: Seconds from the end of a rest to the first look.
        clock: Seconds that never go back; the clock of the functions' loads.
    """

    def __init__(
        self,
        fleet: ScaledFleet,
        *,
        tick_s: float = TICK_S,
        first_tick_s: float = FIRST_TICK_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fleet = fleet
        self._tick_s = tick_s
        self._first_tick_s = first_tick_s
        self._clock = clock
        self._followed: dict[FunctionKey, _Followed] = {}
        self._news = asyncio.Event()
        self._is_resting = False
        self._is_alarmed = False

    async def run(self) -> None:
        """Scale until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._is_resting = False  # what the look itself changes is no news
            self._is_resting = not self.tick()
            # No `wait_for`, which before Python 3.12 loses a cancellation that comes with news.
            timer = None if self._is_resting else loop.call_later(self._tick_s, self._news.set)
            await self._news.wait()
            if timer is not None:
                timer.cancel()
            self._news.clear()
            if self._is_alarmed:
                self._is_alarmed = False
                await asyncio.sleep(self._first_tick_s)

    def look(self, _changed: object = None) -> None:
        """Functions have come, changed or gone; costs nothing while there are looks anyway."""
        if self._is_resting:
            self._news.set()

    def tick(self) -> bool:
        """Look at every function once; whether another look is due in a while."""
        now = self._clock()
        keys = self._fleet.keys()
        for key in self._followed.keys() - set(keys):
            del self._followed[key]
        is_due = False
        for key in keys:
            replicas = self._fleet.find(key)
            if replicas is not None and self._follow(key, replicas).step(now):
                is_due = True
        return is_due

    def _follow(self, key: FunctionKey, replicas: ScaledReplicas) -> _Followed:
        followed = self._followed.get(key)
        if followed is None or not followed.is_of(replicas):
            followed = _Followed(replicas, self._clock, self._alarm)
            self._followed[key] = followed
        return followed

    def _alarm(self) -> None:
        self._is_alarmed = True
        self._news.set()


class _Followed:
    """One function that is scaled."""

    def __init__(
        self,
        replicas: ScaledReplicas,
        clock: Callable[[], float],
        alarm: Callable[[], None],
    ) -> None:
        self._replicas = replicas
        self._clock = clock
        self._alarm = alarm
        self._policy = replicas.deployment.scale
        self._decider = Decider(self._policy, at=clock(), replicas=replicas.desired)
        self._window = LoadWindow(self._policy.window_s)
        self._number = replicas.desired
        self._asleep_since: float | None = None

    def is_of(self, replicas: ScaledReplicas) -> bool:
        """Whether it follows `replicas` as they are deployed now."""
        return self._replicas is replicas and self._policy == replicas.deployment.scale

    def step(self, now: float) -> bool:
        """Look once; whether another look is due."""
        replicas = self._replicas
        self._window.record(replicas.load.read(now))
        if replicas.desired != self._number:
            self._number = replicas.desired
            self._decider.keep(self._number, at=now)
        if replicas.desired == 0:
            return self._sleep(now)
        self._asleep_since = None
        metric = self._policy.metric
        decision = self._decider.decide(
            Seen(
                at=now,
                stable=self._window.average(metric, self._policy.window_s),
                panic=self._window.average(metric, panic_window_s(self._policy)),
                ready=replicas.available,
                desired=replicas.desired,
            )
        )
        self._number = decision.replicas
        replicas.scale_to(decision.replicas, decision.why)
        if not decision.is_final or replicas.load.in_flight:
            return True
        return self._sleep(now) if replicas.desired == 0 else self._rest()

    def _sleep(self, now: float) -> bool:
        """Nothing runs; the next call wakes it, and what was before is soon of no account."""
        if self._asleep_since is None:
            self._asleep_since = now
        return self._rest()

    def _rest(self) -> bool:
        self._replicas.load.alarm = self._woken
        return False

    def _woken(self) -> None:
        """A call has come; what has been since the last look was a time without any."""
        now = self._clock()
        if self._asleep_since is not None and now - self._asleep_since >= self._window.length_s:
            self._window.clear()
        self._window.record(self._replicas.load.read(now))
        self._alarm()
