"""How many replicas: the arithmetic of Knative's autoscaler, worked out by hand and by property."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_local.autoscaling.decision import Decider, Seen, panic_window_s, target_of
from wherry_local.deployment import ScaleMetric, ScalePolicy

POLICY = ScalePolicy(target=10, utilization=0.7, most=20)
"""Seven calls fill a replica."""


def seen(stable, panic=None, *, ready=1, at=0.0, desired=None):
    return Seen(
        at=at,
        stable=stable,
        panic=stable if panic is None else panic,
        ready=ready,
        desired=ready if desired is None else desired,
    )


def replicas(policy, what, **kwargs):
    return Decider(policy, at=what.at, **kwargs).decide(what).replicas


@pytest.mark.parametrize(
    ("policy", "what", "expected", "why"),
    [
        (POLICY, seen(7.0), 1, "7 / 7 is 1"),
        (POLICY, seen(7.000001), 2, "anything over 7 is a part of a second one"),
        (POLICY, seen(0.000001), 1, "the least load needs one"),
        (POLICY, seen(70.0, ready=10), 10, "70 / 7 is 10, and 10 are there"),
        (POLICY, seen(7.0, ready=10), 5, "1 is needed, but no less than 10 / 2 in one step"),
        (POLICY, seen(7.0, ready=3), 1, "3 / 2 is 1.5, and down is rounded down"),
        (POLICY, seen(30.0, ready=0, desired=1), 5, "nothing ready counts as one"),
        (POLICY, seen(1000.0), 20, "143 are needed, 20 are the most"),
        (replace(POLICY, least=3), seen(7.0, ready=3), 3, "the least"),
        (
            replace(POLICY, most_up=1.1),
            seen(21.0, ready=2),
            3,
            "2 * 1.1 is 2.2, and up is rounded up, or two would stay two for ever",
        ),
        (replace(POLICY, most_up=2), seen(700.0, ready=3), 6, "twice as many in one step"),
        (replace(POLICY, most_down=10), seen(7.0, ready=10), 1, "a tenth in one step"),
        (replace(POLICY, wake=3), seen(1.0), 3, "any need is at least what it wakes up with"),
        (replace(POLICY, wake=3, most=2), seen(1.0), 2, "but never over the most"),
        (
            POLICY,
            seen(3.0, 14.0),
            2,
            "1 by the stable window, 14 / 7 = 2 by the other, which is twice what is there",
        ),
        (POLICY, seen(3.0, 13.0, ready=2), 1, "2 of 2 is no panic, and the stable window counts"),
        (POLICY, seen(60.0, 14.0), 9, "in a panic the greater of both"),
        (
            replace(POLICY, panic_threshold=10.0),
            seen(3.0, 63.0),
            1,
            "9 times what is there is less than 10 times",
        ),
        (
            replace(POLICY, metric=ScaleMetric.RPS, target=100, utilization=0.5),
            seen(151.0),
            4,
            "151 / 50 calls a second",
        ),
        (
            replace(POLICY, target=0.001, utilization=0.01),
            seen(0.02),
            2,
            "no target is under 0.01",
        ),
    ],
)
def test_one_decision(policy, what, expected, why):
    assert replicas(policy, what) == expected, why


@pytest.mark.parametrize(
    ("window_s", "share", "expected"),
    [(60, 0.1, 6), (6, 0.1, 1), (45, 0.1, 5), (6, 0.01, 1), (100, 1.0, 100), (0.5, 0.1, 0.5)],
)
def test_panic_window_is_whole_seconds(window_s, share, expected):
    assert panic_window_s(replace(POLICY, window_s=window_s, panic_window=share)) == expected


def test_in_a_panic_the_number_only_grows_until_a_stable_window_after_it():
    decider = Decider(POLICY, at=0)
    assert decider.decide(seen(10.0, 70.0, at=0)).replicas == 10
    for at in (2, 30, 60):
        decision = decider.decide(seen(5.0, 1.0, ready=10, at=at))
        assert (decision.replicas, decision.is_panicking) == (10, True), at
    after = decider.decide(seen(5.0, 1.0, ready=10, at=60.5))
    assert (after.replicas, after.is_panicking) == (5, False)


def test_a_panic_that_goes_on_is_counted_from_its_last_moment():
    decider = Decider(POLICY, at=0)
    decider.decide(seen(10.0, 14.0, at=0))
    assert decider.decide(seen(10.0, 60.0, ready=2, at=50)).replicas == 9
    assert decider.decide(seen(1.0, 1.0, ready=9, at=100)).is_panicking
    assert not decider.decide(seen(1.0, 1.0, ready=9, at=111)).is_panicking


def test_a_lower_need_must_last():
    decider = Decider(replace(POLICY, down_delay_s=30, panic_threshold=1000), at=0)
    assert decider.decide(seen(70.0, ready=10, at=0)).replicas == 10
    assert decider.decide(seen(35.0, ready=10, at=10)).replicas == 10
    assert decider.decide(seen(28.0, ready=10, at=29)).replicas == 10
    assert decider.decide(seen(28.0, ready=10, at=30)).replicas == 5, "the 5 of 10 s ago counts"
    assert decider.decide(seen(28.0, ready=5, at=41)).replicas == 5, "and that of 29 s, too"
    assert decider.decide(seen(28.0, ready=5, at=60)).replicas == 4


def test_a_greater_need_does_not_wait():
    decider = Decider(replace(POLICY, down_delay_s=30), at=0)
    decider.decide(seen(7.0, ready=2, at=0))
    assert decider.decide(seen(70.0, ready=2, at=1)).replicas == 10


def test_a_revision_begins_with_the_initial_number_until_that_is_ready():
    decider = Decider(replace(POLICY, initial=4), at=0)
    assert decider.decide(seen(0.0, ready=1, desired=4, at=2)).replicas == 4
    assert decider.decide(seen(7.0, ready=4, at=4)).replicas == 2
    assert decider.decide(seen(0.0, ready=2, at=6)).replicas == 1


def test_a_number_that_is_there_is_kept_for_a_stable_window():
    """As Knative does after a restart, when it knows of no load yet."""
    decider = Decider(POLICY, at=0, replicas=6)
    assert decider.decide(seen(0.0, ready=6, at=60)).replicas == 6
    assert decider.decide(seen(0.0, ready=6, at=61)).replicas == 3


def test_a_number_that_was_asked_for_is_where_it_goes_on():
    decider = Decider(POLICY, at=0, replicas=6)
    decider.keep(2, at=10)
    assert decider.decide(seen(0.0, ready=2, at=12)).replicas == 2
    assert decider.decide(seen(20.0, ready=2, at=14)).replicas == 3


def test_load_that_is_not_known_changes_nothing():
    unknown = Seen(at=2, stable=None, panic=None, ready=3, desired=3)
    assert replicas(POLICY, unknown) == 3
    assert replicas(replace(POLICY, least=5), unknown) == 5


class TestTheLastReplica:
    def run(self, policy, until):
        """The seconds at which a function without calls since 0 has replicas."""
        decider = Decider(policy, at=0, replicas=1)
        up = 1
        for at in range(0, until, 2):
            up = decider.decide(seen(0.0, ready=up, at=at)).replicas
            if not up:
                return at
        return None

    def test_goes_when_it_was_up_for_the_window_and_not_needed_for_the_grace(self):
        assert self.run(POLICY, 200) == 60 + 30

    def test_stays_for_its_retention_where_that_is_longer(self):
        assert self.run(replace(POLICY, zero_after_s=100), 400) == 60 + 100
        assert self.run(replace(POLICY, zero_after_s=10), 400) == 60 + 30

    def test_stays_where_it_must(self):
        assert self.run(replace(POLICY, least=1), 1000) is None

    def test_stays_when_a_call_comes_in_between(self):
        decider = Decider(POLICY, at=0, replicas=1)
        assert decider.decide(seen(0.0, at=80)).replicas == 1
        assert decider.decide(seen(0.1, at=85)).replicas == 1
        assert decider.decide(seen(0.0, at=145)).replicas == 1
        assert decider.decide(seen(0.0, at=174)).replicas == 1
        assert decider.decide(seen(0.0, at=175)).replicas == 0

    def test_is_the_last_whatever_the_step_down(self):
        decider = Decider(replace(POLICY, most_down=1000), at=0, replicas=1)
        assert decider.decide(seen(0.0, ready=9, at=10)).replicas == 1

    def test_of_a_function_that_sleeps_is_none(self):
        decider = Decider(POLICY, at=0)
        decision = decider.decide(seen(0.0, ready=0, at=10))
        assert (decision.replicas, decision.is_final) == (0, True)


def test_what_time_does_not_change_is_final():
    decider = Decider(replace(POLICY, least=1), at=0)
    assert not decider.decide(seen(0.5, at=0)).is_final
    assert decider.decide(seen(0.0, at=2)).is_final
    assert not Decider(POLICY, at=0).decide(seen(0.0, at=2)).is_final, "it will sleep yet"


def test_reason_names_load_target_and_bound():
    why = Decider(POLICY, at=0).decide(seen(400.0)).why
    assert why == "400 calls in flight on average, where 7 fill a replica; 20 at most"
    why = Decider(POLICY, at=0).decide(seen(1.0, 14.5)).why
    assert why == "14.5 calls in flight on average, where 7 fill a replica"


policies = st.builds(
    ScalePolicy,
    least=st.integers(0, 5),
    most=st.integers(5, 50),
    initial=st.integers(0, 5),
    wake=st.integers(1, 6),
    target=st.floats(0.01, 200),
    utilization=st.floats(0.01, 1),
    window_s=st.sampled_from([6.0, 60.0, 3600.0]),
    panic_window=st.floats(0.01, 1),
    panic_threshold=st.floats(1.1, 10),
    most_up=st.floats(1.1, 1000),
    most_down=st.floats(1.1, 10),
    zero_grace_s=st.floats(0, 60),
    zero_after_s=st.floats(0, 60),
    down_delay_s=st.sampled_from([0.0, 10.0, 60.0]),
)
loads = st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1000)), min_size=1, max_size=40)


@settings(deadline=None)
@given(policies, loads)
def test_never_out_of_bounds_and_never_less_in_a_panic(policy, samples):
    decider = Decider(policy, at=0)
    ready, was_panicking, at = 1, False, 0.0
    for stable, panic in samples:
        decision = decider.decide(seen(stable, panic, ready=ready, at=at))
        assert policy.least <= decision.replicas <= policy.most
        if decision.is_panicking and was_panicking:
            assert decision.replicas >= ready
        ready, was_panicking, at = decision.replicas, decision.is_panicking, at + 2


@settings(deadline=None)
@given(policies, st.floats(0, 1000), st.floats(0, 1000), st.integers(0, 50))
def test_more_load_never_asks_for_less(policy, one, other, ready):
    less, more = sorted((one, other))
    what = seen(less, ready=ready, desired=max(1, ready))
    assert replicas(policy, what) <= replicas(policy, replace(what, stable=more, panic=more))


@settings(deadline=None)
@given(policies, st.floats(0.001, 500))
def test_steady_load_ends_at_what_it_needs(policy, load):
    decider = Decider(policy, at=0)
    ready = 1
    for step in range(200):
        ready = decider.decide(seen(load, ready=ready, at=step * policy.window_s / 2)).replicas
    need = max(math.ceil(load / target_of(policy)), policy.wake if policy.wake > 1 else 0)
    assert ready == min(max(need, policy.least), policy.most)


@settings(deadline=None)
@given(policies, loads)
def test_without_load_all_come_to_rest(policy, samples):
    decider = Decider(policy, at=0)
    ready, at = 1, 0.0
    for stable, panic in samples:
        ready = decider.decide(seen(stable, panic, ready=ready, at=at)).replicas
        at += 2
    for _ in range(60):
        at += policy.window_s / 2 + 31
        decision = decider.decide(seen(0.0, ready=ready, at=at))
        ready = decision.replicas
    assert decision.is_final
    assert ready == policy.least
