"""The autoscaler over a fleet: what it does when, what it says, and that it rests."""

import asyncio

import pytest

from wherry_local.autoscaling.scaler import Autoscaler
from wherry_local.deployment import ScaleMetric, ScalePolicy

from .fleet_recorder import RecordedFleet

POLICY = ScalePolicy(target=10, utilization=0.7, most=20)


@pytest.fixture
def fleet():
    return RecordedFleet()


def scaler_of(fleet, **kwargs):
    return Autoscaler(fleet, clock=fleet.clock, **kwargs)


def looks(fleet, scaler, seconds):
    """Look every two seconds for a while; whether another look is due."""
    is_due = False
    for _ in range(int(seconds / 2)):
        fleet.clock.now += 2
        is_due = scaler.tick()
    return is_due


def test_a_burst_scales_to_what_it_needs_and_rest_comes_after_window_and_grace(fleet):
    hello = fleet.add("hello", POLICY)
    scaler = scaler_of(fleet)
    scaler.tick()
    hello.enter(70)
    assert looks(fleet, scaler, 2)
    assert hello.desired == 10
    hello.leave(70)
    # The panic began at the first look and lasts a stable window; then half of them go with each
    # look, at 62, 64 and 66, none is needed from 68 on, and the grace is over at 98.
    looks(fleet, scaler, 60)
    assert hello.desired == 10
    looks(fleet, scaler, 6)
    assert hello.desired == 1
    assert looks(fleet, scaler, 30)
    assert hello.desired == 1
    assert not looks(fleet, scaler, 2)
    assert hello.numbers == [1, 10, 5, 2, 1, 0]


def test_gives_the_reason(fleet):
    hello = fleet.add("hello", POLICY)
    scaler = scaler_of(fleet)
    scaler.tick()
    hello.enter(21)
    looks(fleet, scaler, 2)
    assert hello.reasons == ["21 calls in flight on average, where 7 fill a replica"]
    hello.leave(21)
    looks(fleet, scaler, 300)
    assert hello.desired == 0
    assert hello.reasons[-1] == "it had no calls"


def test_calls_a_second_are_followed_where_that_is_said(fleet):
    policy = ScalePolicy(metric=ScaleMetric.RPS, target=100, utilization=0.5, most=20)
    hello = fleet.add("hello", policy)
    scaler = scaler_of(fleet)
    scaler.tick()
    for _ in range(3):
        hello.enter(302)
        hello.leave(302)
        looks(fleet, scaler, 2)
    assert hello.desired == 4


def test_a_function_at_its_least_is_left_alone_until_a_call_comes(fleet):
    hello = fleet.add("hello", ScalePolicy(least=2, initial=1))
    scaler = scaler_of(fleet)
    looks(fleet, scaler, 70)  # a number over one is kept for a window first
    assert not looks(fleet, scaler, 2)
    assert hello.load.alarm is not None
    hello.enter()
    assert hello.load.alarm is None
    assert looks(fleet, scaler, 2)


def test_time_at_rest_counts_where_replicas_ran(fleet):
    """As Knative has it, whose replicas report that they have nothing to do."""
    hello = fleet.add("hello", ScalePolicy(least=1, target=10, utilization=0.7))
    scaler = scaler_of(fleet)
    assert looks(fleet, scaler, 4) is False
    fleet.clock.now += 1000
    hello.enter(14)
    assert looks(fleet, scaler, 2)
    # 14 calls for 2 s of the 6 of the panic window are 4.67: no panic, and one replica does.
    assert hello.desired == 1


def test_time_asleep_does_not(fleet):
    hello = fleet.add("hello", ScalePolicy(initial=0, target=10, utilization=0.7))
    scaler = scaler_of(fleet)
    assert looks(fleet, scaler, 4) is False
    fleet.clock.now += 1000
    hello.enter(14)
    looks(fleet, scaler, 2)
    assert hello.desired == 2


def test_a_function_that_was_put_to_rest_is_not_started_again_by_what_was(fleet):
    """Where it does not start the fleet gives it up, and looks must not insist."""
    hello = fleet.add("hello", POLICY)
    scaler = scaler_of(fleet)
    scaler.tick()
    hello.enter(50)
    looks(fleet, scaler, 2)
    hello.leave(50)
    hello.desired = 0
    assert not looks(fleet, scaler, 20)
    assert hello.desired == 0


def test_a_number_that_somebody_sets_is_kept_for_a_window(fleet):
    hello = fleet.add("hello", POLICY)
    scaler = scaler_of(fleet)
    scaler.tick()
    hello.scale_to(6, "by hand")
    looks(fleet, scaler, 2)
    looks(fleet, scaler, 60)
    assert hello.desired == 6
    looks(fleet, scaler, 2)
    assert hello.desired == 3


def test_a_number_that_somebody_sets_of_a_function_that_sleeps_is_kept_as_long(fleet):
    hello = fleet.add("hello", ScalePolicy(initial=0))
    scaler = scaler_of(fleet)
    assert not scaler.tick()
    hello.scale_to(2, "by hand")
    assert looks(fleet, scaler, 60)
    assert hello.desired == 2
    looks(fleet, scaler, 200)
    assert hello.numbers == [0, 2, 1, 0]


def test_under_the_least_and_over_the_most_is_nobody(fleet):
    hello = fleet.add("hello", ScalePolicy(least=2, most=4))
    scaler = scaler_of(fleet)
    for number, expected in ((1, 2), (9, 4)):
        hello.scale_to(number, "by hand")
        looks(fleet, scaler, 4)
        assert hello.desired == expected


def test_load_goes_on_from_a_number_that_somebody_has_set(fleet):
    hello = fleet.add("hello", POLICY)
    scaler = scaler_of(fleet)
    hello.enter(28)
    scaler.tick()
    hello.scale_to(2, "by hand")
    looks(fleet, scaler, 2)
    assert hello.desired == 4


def test_a_new_policy_counts_from_the_next_look(fleet):
    hello = fleet.add("hello", POLICY)
    scaler = scaler_of(fleet)
    looks(fleet, scaler, 4)
    hello.redeploy(ScalePolicy(least=3))
    looks(fleet, scaler, 2)
    assert hello.desired == 3


def test_functions_that_are_gone_are_forgotten(fleet):
    fleet.add("hello", POLICY)
    scaler = scaler_of(fleet)
    assert scaler.tick()
    fleet.remove("hello")
    assert not scaler.tick()
    assert not scaler._followed


class TestRun:
    """On a real loop, with looks every few milliseconds."""

    def run(self, fleet, scenario, **kwargs):
        async def whole():
            fleet.clock.step = 0.5
            scaler = scaler_of(fleet, tick_s=0.002, first_tick_s=0.001, **kwargs)
            running = asyncio.create_task(scaler.run())
            try:
                await asyncio.wait_for(scenario(scaler), 10)
            finally:
                running.cancel()

        asyncio.run(whole())

    @staticmethod
    async def until(condition):
        while not condition():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(0.001)

    def test_rests_without_a_timer_and_is_woken_by_a_call(self, fleet):
        hello = fleet.add("hello", ScalePolicy(least=1))

        async def scenario(scaler):
            loop = asyncio.get_running_loop()
            await self.until(lambda: hello.load.alarm)
            await asyncio.sleep(0)
            own = [timer for timer in loop._scheduled if not timer.cancelled()]
            assert len(own) == 1, "the test's own deadline, and none of the autoscaler's"
            seen = fleet.looks
            hello.enter(100)
            await self.until(lambda: fleet.looks > seen + 2)
            await self.until(lambda: hello.desired > 1)

        self.run(fleet, scenario)

    def test_looks_at_a_function_that_comes_while_it_rests(self, fleet):
        async def scenario(scaler):
            await self.until(lambda: fleet.looks and scaler._is_resting)
            hello = fleet.add("hello", ScalePolicy(least=2))
            hello.desired = 0
            scaler.look()
            await self.until(lambda: hello.load.alarm)
            hello.enter()
            await self.until(lambda: hello.desired == 2)

        self.run(fleet, scenario)
