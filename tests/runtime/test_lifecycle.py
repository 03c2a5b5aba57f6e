"""The table of a process's life, and nothing beside it."""

import itertools

import pytest

from wherry.errors import LifecycleError
from wherry.lifecycle import TRANSITIONS, Event, Lifecycle, State


def test_a_life():
    life = Lifecycle()
    assert [life.on(event) for event in (Event.STARTED, Event.TERMINATED, Event.DRAINED)] == [
        State.READY,
        State.DRAINING,
        State.STOPPED,
    ]


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_what_is_not_in_the_table_raises(state: State, event: Event):
    life = Lifecycle()
    life.state = state
    if (state, event) in TRANSITIONS:
        assert life.on(event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(LifecycleError, match=f"from {state.value} on {event.value}"):
            life.on(event)
        assert life.state is state


def test_the_function_is_ready_while_it_serves_here_or_where_it_was_handed_over():
    life = Lifecycle()
    for state in State:
        life.state = state
        assert life.is_ready == (state in {State.READY, State.RETIRING})


def test_nothing_leads_out_of_stopped():
    assert not [state for state, _ in TRANSITIONS if state is State.STOPPED]
