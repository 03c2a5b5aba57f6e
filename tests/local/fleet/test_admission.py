"""Callers of a replica set: who waits, who is chosen, and who leaves before its turn."""

import asyncio
from dataclasses import replace

import pytest

from wherry_local.deployment import ScalePolicy

from .launch_recorder import HELLO, play, turns


class TestWaiting:
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
