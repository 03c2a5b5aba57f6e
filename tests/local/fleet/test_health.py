"""A function that does not start, or keeps ending: what is said, and when it is tried again."""

import asyncio
import logging

import pytest

from wherry_local.errors import LocalError
from wherry_local.fleet.replica import NoReplica

from .launch_recorder import move, play, turns, with_scale


@pytest.mark.parametrize("place", ["launch", "ready"])
@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (LocalError("no engine is there"), "no engine is there"),
        (TypeError("of ours"), "the platform could not start it: TypeError"),
    ],
)
def test_a_start_that_raises_is_a_fault_and_no_call_waits_for_it(place, error, fault, caplog):
    async def scene(replicas, launcher, journal):
        launch = launcher.launch

        async def broken(*_):
            raise error

        async def launched(deployment, name):
            replica = await launch(deployment, name)
            replica.ready = broken
            return replica

        launcher.launch = broken if place == "launch" else launched
        with pytest.raises(NoReplica) as refused:
            await asyncio.wait_for(replicas.claim(), 10)
        assert refused.value.status == 502
        assert replicas.fault == fault

    caplog.set_level(logging.CRITICAL, "wherry_local.fleet.start")
    play(scene)


class TestFaults:
    def test_a_start_that_takes_too_long_is_given_up_and_said(self):
        async def scene(replicas, launcher, journal):
            launcher.instantly = False
            with pytest.raises(NoReplica):
                await replicas.claim()
            await replicas.settled()
            assert launcher.launched[0].told == ["kill"]
            assert replicas.fault.startswith("it was not ready after 0.05 s")

        play(scene, start_s=0.05)

    def test_one_that_does_not_start_is_said_once_and_refused_at_once_until_the_pause_is_over(self):
        async def scene(replicas, launcher, journal):
            launcher.instantly = False
            claims = [asyncio.ensure_future(replicas.claim()) for _ in range(20)]
            await turns()
            launcher.launched[0].end(3)
            refused = await asyncio.gather(*claims, return_exceptions=True)
            assert {(each.status, each.reason) for each in refused} == {
                (502, "the function does not start")
            }
            for _ in range(20):
                with pytest.raises(NoReplica):
                    await replicas.claim()
            assert len(launcher.launched) == 1
            assert replicas.desired == 0
            assert replicas.fault == "it is broken\n  hint: mend it"
            assert journal.told == ["does not start: it is broken"]
            move(replicas, 1)
            again = asyncio.ensure_future(replicas.claim())
            await turns()
            assert len(launcher.launched) == 2
            launcher.launched[1].end(3)
            with pytest.raises(NoReplica):
                await again
            assert len(journal.told) == 1

        play(scene)

    def test_an_edit_ends_the_pause(self):
        async def scene(replicas, launcher, journal):
            launcher.instantly = False
            claim = asyncio.ensure_future(replicas.claim())
            await turns()
            launcher.launched[0].end(3)
            with pytest.raises(NoReplica):
                await claim
            launcher.instantly = True
            replicas.doubt(None)
            assert replicas.fault is None
            replicas.release(await replicas.claim())

        play(scene)

    def test_what_cannot_even_be_launched_is_a_fault_like_others(self):
        async def scene(replicas, launcher, journal):
            launcher.refusal = "there is no docker"
            with pytest.raises(NoReplica):
                await replicas.claim()
            assert replicas.fault == "there is no docker"

        play(scene)

    def test_a_function_that_must_run_is_tried_again_after_pauses_that_grow(self):
        async def scene(replicas, launcher, journal):
            launcher.instantly = False
            replicas.open()
            pauses = []
            for count in range(1, 9):
                await turns(lambda count=count: len(launcher.launched) == count)
                launcher.launched[-1].end(1)
                await turns(lambda: replicas._timer is not None and not replicas._starts)
                pauses.append(
                    round(replicas._health.backoff.left(asyncio.get_running_loop().time()))
                )
                assert len(launcher.launched) == count
                move(replicas, 60)
            assert pauses == [0, 1, 2, 4, 8, 16, 30, 30]
            assert journal.told == ["does not start: it is broken"]

        play(scene, with_scale(least=1))

    def test_one_that_dies_is_replaced_after_a_pause_and_calls_wait_for_it(self):
        async def scene(replicas, launcher, journal):
            replicas.release(await replicas.claim())
            launcher.launched[0].end(-9)
            await turns()
            assert replicas.available == 0
            assert journal.told[0].endswith("it was ended by SIGKILL; another starts in 0.5 s")
            claim = asyncio.ensure_future(replicas.claim())
            await turns()
            assert len(launcher.launched) == 1
            move(replicas, 0.5)
            replicas.release(await claim)
            assert len(launcher.launched) == 2
            assert replicas.fault is None

        play(scene)

    def test_one_that_keeps_dying_is_refused_while_its_pause_is_long(self):
        async def scene(replicas, launcher, journal):
            replicas.open()
            for count in range(1, 5):
                await turns(lambda: replicas.available == 1)
                assert len(launcher.launched) == count
                launcher.launched[-1].end(1)
                await turns(lambda: replicas.available == 0)
                if count < 4:
                    move(replicas, 5)
            with pytest.raises(NoReplica) as refused:
                await replicas.claim()
            assert refused.value.status == 503

        play(scene, with_scale(least=1))

    def test_one_that_dies_while_others_serve_costs_no_call(self):
        async def scene(replicas, launcher, journal):
            replicas.open()
            await replicas.settled()
            launcher.launched[0].end(1)
            await turns()
            for _ in range(10):
                replica = await replicas.claim()
                assert replica is launcher.launched[1]
                replicas.release(replica)

        play(scene, with_scale(initial=2))
