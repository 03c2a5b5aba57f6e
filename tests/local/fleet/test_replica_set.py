"""Replica sets over a launcher in memory: how many there are, edits, and the end."""

import asyncio
from dataclasses import replace

import pytest

from wherry_local.fleet.replica import NoReplica

from .launch_recorder import HELLO, move, play, turns, with_scale


class TestWaking:
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
