"""Replica sets over a launcher in memory: starts, waiting, choice, crashes, edits, ends."""

import asyncio
import logging
from dataclasses import replace

import pytest

from wherry_local.deployment import Deployment, FunctionKey, ScalePolicy
from wherry_local.errors import LocalError
from wherry_local.fleet.replica import NoReplica
from wherry_local.fleet.replica_set import ReplicaSet

from .launch_recorder import JournalRecorder, LaunchRecorder, turns

HELLO = Deployment(key=FunctionKey("hello"), handler="/hello", scale=ScalePolicy(initial=0))


def play(scene, deployment=HELLO, **options):
    """Run `scene(set, launcher, journal)` in a loop of its own, and end the set."""

    async def run():
        launcher, journal = LaunchRecorder(), JournalRecorder()
        replicas = ReplicaSet(deployment, launcher, journal, **options)
        await scene(replicas, launcher, journal)
        await replicas.stop(1.0)
        assert not replicas._tasks
        assert replicas.load.in_flight == 0 or any(each.in_flight for each in launcher.launched)
        assert all(each.has_ended for each in launcher.launched)

    asyncio.run(run())


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


def with_scale(**changes):
    return replace(HELLO, scale=replace(HELLO.scale, **changes))


def move(replicas, seconds):
    """Let time pass for the back-off alone."""
    replicas._health.backoff.until -= seconds
    replicas._reconcile()


class TestWaking:
    def test_a_burst_on_a_function_that_sleeps_starts_one_replica_and_all_are_answered(self):
        async def scene(replicas, launcher, journal):
            launcher.instantly = False
            claims = [asyncio.ensure_future(replicas.claim()) for _ in range(50)]
            await turns()
            assert len(launcher.launched) == 1
            assert replicas.waiting == 50
            assert replicas.load.in_flight == 50
            launcher.launched[0].get_ready()
            found = await asyncio.gather(*claims)
            assert set(found) == {launcher.launched[0]}
            assert launcher.launched[0].in_flight == replicas.in_flight == 50
            for replica in found:
                replicas.release(replica)
            assert replicas.in_flight == 0

        play(scene)

    def test_it_wakes_with_as_many_as_the_policy_says(self):
        async def scene(replicas, launcher, journal):
            replicas.release(await replicas.claim())
            await replicas.settled()
            assert len(launcher.launched) == replicas.desired == replicas.available == 3
            assert journal.scaled == ["scaled from 0 to 3: a call waits"]

        play(scene, with_scale(wake=3))

    def test_one_that_was_put_to_sleep_as_it_started_is_wanted_by_a_call(self):
        async def scene(replicas, launcher, _journal):
            launcher.instantly = False
            replicas.scale_to(1, "asked for")
            await turns(lambda: launcher.launched)
            replicas.scale_to(0, "asked for")
            calling = asyncio.ensure_future(replicas.claim())
            await turns(lambda: replicas.waiting)
            launcher.launched[0].get_ready()
            replicas.release(await calling)
            await turns()
            assert (replicas.desired, replicas.available) == (1, 1)
            assert len(launcher.launched) == 1

        play(scene)

    def test_a_deployed_function_begins_with_what_its_policy_says(self):
        async def scene(replicas, launcher, journal):
            replicas.open()
            await replicas.settled()
            assert replicas.available == 2

        play(scene, with_scale(initial=1, least=2))

    def test_a_caller_who_leaves_while_it_waits_leaves_nothing(self):
        async def scene(replicas, launcher, journal):
            launcher.instantly = False
            stays = asyncio.ensure_future(replicas.claim())
            leaves = asyncio.ensure_future(replicas.claim())
            await turns()
            leaves.cancel()
            await turns()
            assert replicas.waiting == replicas.load.in_flight == 1
            launcher.launched[0].get_ready()
            replicas.release(await stays)

        play(scene)

    def test_a_caller_who_leaves_as_its_turn_comes_gives_the_replica_back(self):
        async def scene(replicas, launcher, journal):
            launcher.instantly = False
            leaves = asyncio.ensure_future(replicas.claim())
            await turns()
            launcher.launched[0].get_ready()
            await turns(lambda: launcher.launched[0].in_flight == 1)
            leaves.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaves
            assert launcher.launched[0].in_flight == replicas.load.in_flight == 0

        play(scene)

    def test_a_start_that_takes_too_long_is_given_up_and_said(self):
        async def scene(replicas, launcher, journal):
            launcher.instantly = False
            with pytest.raises(NoReplica):
                await replicas.claim()
            await replicas.settled()
            assert launcher.launched[0].told == ["kill"]
            assert replicas.fault.startswith("it was not ready after 0.05 s")

        play(scene, start_s=0.05)


class TestRoom:
    DEPLOYMENT = replace(HELLO, concurrency=2, scale=ScalePolicy(initial=2, most=2))

    def test_the_least_loaded_is_chosen_and_none_has_more_than_it_may(self):
        async def scene(replicas, launcher, journal):
            replicas.open()
            await replicas.settled()
            taken = [replicas.claim_now() for _ in range(4)]
            assert [each.in_flight for each in launcher.launched] == [2, 2]
            assert replicas.claim_now() is None
            waits = asyncio.ensure_future(replicas.claim())
            await turns()
            assert not waits.done()
            replicas.release(taken[3])
            assert await waits is taken[3]
            for each in taken:
                replicas.release(each)
            assert sum(each.in_flight for each in launcher.launched) == 0

        play(scene, self.DEPLOYMENT)

    def test_who_comes_later_does_not_overtake_who_waits(self):
        async def scene(replicas, launcher, journal):
            replicas.open()
            await replicas.settled()
            taken = [replicas.claim_now() for _ in range(4)]
            order = []

            async def wait(name):
                replica = await replicas.claim()
                order.append(name)
                return replica

            first, second = (asyncio.ensure_future(wait(name)) for name in "ab")
            await turns()
            replicas.release(taken[0])
            assert replicas.claim_now() is None
            replicas.release(taken[1])
            found = await asyncio.gather(first, second)
            assert order == ["a", "b"]
            for each in (*found, *taken[2:]):
                replicas.release(each)

        play(scene, self.DEPLOYMENT)

    def test_the_line_is_bounded(self):
        async def scene(replicas, launcher, journal):
            launcher.instantly = False
            claims = [asyncio.ensure_future(replicas.claim()) for _ in range(101)]
            await turns()
            refused = [each for each in claims if each.done()]
            assert len(refused) == 1
            assert refused[0].exception().status == 429
            launcher.launched[0].get_ready()
            for each in claims[:-1]:
                replicas.release(await each)

        play(scene, replace(HELLO, concurrency=1, scale=ScalePolicy(initial=0, most=1)))


class TestFaults:
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


class TestScale:
    def test_down_takes_the_least_used_and_lets_them_finish(self):
        async def scene(replicas, launcher, journal):
            replicas.open()
            await replicas.settled()
            busy = [replicas.claim_now() for _ in range(3)]
            replicas.release(busy[1])
            idle = busy.pop(1)
            replicas.scale_to(1, "a test")
            await turns(lambda: idle.has_ended)
            assert idle.told == ["stop at 0"]
            leaving = next(each for each in busy if each not in replicas.replicas)
            stays = next(each for each in busy if each is not leaving)
            assert not leaving.has_ended
            assert replicas.claim_now() is stays
            replicas.release(stays)
            replicas.release(leaving)
            await turns(lambda: leaving.has_ended)
            assert leaving.told == ["stop at 0"]
            assert not stays.told
            replicas.release(stays)

        play(scene, with_scale(initial=3))

    def test_to_nothing_and_back(self):
        async def scene(replicas, launcher, journal):
            told = []
            replicas._changed = lambda each: told.append((each.desired, each.available))
            for _ in range(3):
                replicas.release(await replicas.claim())
                replicas.scale_to(4, "a test")
                await replicas.settled()
                assert replicas.available == 4
                replicas.scale_to(0, "a test")
                await turns(lambda: all(each.has_ended for each in launcher.launched))
                assert replicas.is_asleep
            assert len(launcher.launched) == 12
            assert (4, 4) in told and told[-1] == (0, 0)

        play(scene)


class TestEdits:
    def test_new_replicas_take_the_calls_when_they_are_ready_and_the_old_ones_finish(self):
        async def scene(replicas, launcher, journal):
            replicas.open()
            await replicas.settled()
            old = launcher.launched[:]
            held = replicas.claim_now()
            launcher.instantly = False
            replicas.renew(replace(replicas.deployment, revision=2))
            await turns()
            assert len(launcher.launched) == 3  # one first, to see whether it starts
            during = replicas.claim_now()
            assert during in old
            launcher.launched[2].get_ready()
            await turns(lambda: len(launcher.launched) == 4)
            launcher.launched[3].get_ready()
            await replicas.settled()
            assert replicas.replicas == launcher.launched[2:]
            assert {each.revision for each in replicas.replicas} == {2}
            await turns()
            assert [each.has_ended for each in old] == [False, False]
            replicas.release(held)
            replicas.release(during)
            await turns(lambda: all(each.has_ended for each in old))
            assert [each.told for each in old] == [["stop at 0"]] * 2

        play(scene, with_scale(initial=2))

    def test_a_broken_edit_leaves_the_old_one_serving_and_says_why_once(self):
        async def scene(replicas, launcher, journal):
            replicas.release(await replicas.claim())
            launcher.instantly = False
            replicas.renew()
            await turns()
            launcher.launched[1].end(3)
            await replicas.settled()
            assert replicas.claim_now() is launcher.launched[0]
            assert replicas.fault.startswith("it is broken")
            assert journal.told == ["does not start; the code before goes on serving: it is broken"]
            replicas.release(launcher.launched[0])
            launcher.instantly = True
            replicas.renew()
            await replicas.settled()
            assert replicas.fault is None
            assert journal.told[1:] == ["renewed"]
            assert replicas.replicas == launcher.launched[2:]

        play(scene)

    def test_how_many_are_wanted_may_change_during_an_edit_that_is_broken(self):
        async def scene(replicas, launcher, journal):
            replicas.release(await replicas.claim())
            launcher.instantly = False
            replicas.renew()
            replicas.scale_to(2, "a test")
            await turns()
            launcher.launched[1].end(3)
            await replicas.settled()
            launcher.instantly = True
            move(replicas, 1)
            await replicas.settled()
            assert replicas.available == 2

        play(scene)

    def test_an_edit_during_an_edit_gives_up_what_is_on_its_way(self):
        async def scene(replicas, launcher, journal):
            replicas.open()
            await replicas.settled()
            launcher.instantly = False
            replicas.renew()
            await turns()
            launcher.launched[2].get_ready()
            await turns(lambda: len(launcher.launched) == 4)
            replicas.renew()
            await turns(lambda: len(launcher.launched) == 5 and launcher.launched[2].has_ended)
            assert [each.has_ended for each in launcher.launched] == [
                False, False, True, True, False
            ]  # fmt: skip
            launcher.instantly = True
            launcher.launched[4].get_ready()
            await replicas.settled()
            assert replicas.replicas == launcher.launched[4:]

        play(scene, with_scale(initial=2))

    def test_an_edit_during_a_cold_start_starts_anew_and_the_calls_wait_on(self):
        async def scene(replicas, launcher, journal):
            launcher.instantly = False
            claim = asyncio.ensure_future(replicas.claim())
            await turns()
            launcher.instantly = True
            replicas.renew()
            assert await claim is launcher.launched[1]
            assert launcher.launched[0].told == ["kill"]
            replicas.release(launcher.launched[1])

        play(scene)


class TestEnd:
    def test_what_is_in_flight_is_finished_and_what_waits_is_told(self):
        async def scene(replicas, launcher, journal):
            held = await replicas.claim()
            waits = asyncio.ensure_future(replicas.claim())
            await turns()
            end = asyncio.ensure_future(replicas.stop(5.0))
            with pytest.raises(NoReplica) as refused:
                await waits
            assert (refused.value.status, refused.value.reason) == (503, "the platform ends")
            with pytest.raises(NoReplica):
                await replicas.claim()
            assert not end.done()
            replicas.release(held)
            await end
            assert held.told == ["stop at 0"]

        play(scene, replace(HELLO, concurrency=1))

    def test_what_does_not_finish_in_time_is_killed(self):
        async def scene(replicas, launcher, journal):
            held = await replicas.claim()
            await replicas.stop(0.05)
            assert held.told == ["kill"]

        play(scene)
