"""The life of one serving process, as a table.

A process is STARTING until its handler is imported and its `start` hook has returned. Then it is
READY. A request to stop makes it DRAINING: it says so to probes at once, goes on accepting for
the lame-duck window, finishes what is in flight and runs the `stop` hook. Then it is STOPPED. A
process whose place another one has taken is RETIRING: it accepts nothing more and finishes, and
still says that it is ready, because the function is. A
process that fails to start, or is told to stop while starting, goes to STOPPED without having
been READY; nothing leads out of STOPPED.

Everything about these states lives here; nothing here knows sockets, signals or hooks.
"""

from __future__ import annotations

import enum

from wherry.errors import LifecycleError


class State(enum.Enum):
    """Where a process is in its life."""

    STARTING = "starting"
    READY = "ready"
    RETIRING = "retiring"
    DRAINING = "draining"
    STOPPED = "stopped"


class Event(enum.Enum):
    """What can happen to a process."""

    STARTED = "started"
    FAILED = "failed"
    RETIRED = "retired"
    TERMINATED = "terminated"
    DRAINED = "drained"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.STARTING, Event.STARTED): State.READY,
    (State.STARTING, Event.FAILED): State.STOPPED,
    (State.STARTING, Event.TERMINATED): State.STOPPED,
    (State.READY, Event.RETIRED): State.RETIRING,
    (State.READY, Event.TERMINATED): State.DRAINING,
    (State.RETIRING, Event.TERMINATED): State.DRAINING,
    (State.RETIRING, Event.DRAINED): State.STOPPED,
    (State.DRAINING, Event.TERMINATED): State.DRAINING,
    (State.DRAINING, Event.DRAINED): State.STOPPED,
}

_READY = frozenset({State.READY, State.RETIRING})


class Lifecycle:
    """The current state and the only way to change it."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = State.STARTING

    def on(self, event: Event) -> State:
        """Apply `event` and return the new state.

        Raises:
            LifecycleError: The table has no such transition.
        """
        try:
            self.state = TRANSITIONS[self.state, event]
        except KeyError:
            raise LifecycleError(
                f"no transition from {self.state.value} on {event.value}"
            ) from None
        return self.state

    @property
    def is_ready(self) -> bool:
        """Whether the function takes new work, here or in the process that took over."""
        return self.state in _READY
