"""What every queue does."""

import asyncio

import pytest
from tests.local.queue.stands import (
    DEAD,
    DELIVERED,
    START,
    JumpingClock,
    again,
    call,
    comes_about,
    event,
    lease_one,
    on,
    to,
)

from wherry_local.queue.bounds import Bounds
from wherry_local.queue.contract import KeyTaken, QueueFull
from wherry_local.queue.delivery import Kind, Settlement, State


def test_what_is_accepted_is_leased_and_settled(stand):
    async def scenario(queue):
        await queue.accept(to(event("a"), "orders", "mail"))
        leased = await queue.lease(10, 60)
        assert [(each.message.key, each.subscriber, each.attempts) for each in leased] == [
            ("a", "orders", 0),
            ("a", "mail", 0),
        ]
        assert await queue.lease(10, 60) == ()
        assert await queue.settle(leased[0], DELIVERED) is True
        assert await queue.settle(leased[1], DEAD) is True
        assert dict(await queue.counts()) == {
            (Kind.EVENT, State.DELIVERED): 1,
            (Kind.EVENT, State.DEAD): 1,
        }
        message, deliveries = await queue.message("a")
        assert message == event("a")
        assert [(each.subscriber, each.state, each.tries) for each in deliveries] == [
            ("orders", State.DELIVERED, 1),
            ("mail", State.DEAD, 1),
        ]
        assert deliveries[1].attempts == (DEAD.attempt,)
        assert await queue.delivery(deliveries[1].number) == deliveries[1]
        assert await queue.next_due_s() is None

    on(stand, scenario)


def test_the_oldest_due_comes_first_whoever_it_is_for(stand):
    clock = JumpingClock()

    async def scenario(queue):
        for number in range(6):
            await queue.accept(to(event(str(number)), f"lane-{number % 2}"))
            clock.run(1)
        first = await queue.lease(4, 60)
        assert [each.message.key for each in first] == ["0", "1", "2", "3"]
        assert await queue.settle(first[0], again(0.5))
        clock.run(1)
        assert [each.message.key for each in await queue.lease(9, 60)] == ["4", "5", "0"]

    on(stand, scenario, clock=clock)


def test_a_lane_gets_no_more_than_it_has_room_for(stand):
    room = {"slow": 1, "fast": 5, "full": 0}

    async def scenario(queue):
        for number in range(3):
            await queue.accept(to(event(str(number)), "slow", "fast", "full"))
        leased = await queue.lease(9, 60, room=lambda lane: room[lane[1]])
        assert sorted(each.subscriber for each in leased) == ["fast"] * 3 + ["slow"]
        assert leased[0].lane == ("default/default", leased[0].subscriber)
        assert await queue.next_due_s(room=lambda lane: 0) == pytest.approx(60, abs=5)
        assert await queue.next_due_s() == 0

    on(stand, scenario)


def test_a_lease_that_ran_out_is_given_to_another_and_its_token_is_worth_nothing(stand):
    clock = JumpingClock()

    async def scenario(queue):
        await queue.accept(to(event("a"), "orders"))
        old = await lease_one(queue, 10)
        assert await queue.next_due_s() == pytest.approx(10)
        clock.run(9.9)
        assert await queue.lease(1, 10) == ()
        clock.run(0.2)
        assert await queue.next_due_s() == 0
        new = await lease_one(queue, 10)
        assert new.number == old.number
        assert new.token > old.token
        assert await queue.extend(old, 10) is False
        assert await queue.settle(old, DELIVERED) is False
        assert await queue.settle(new, DELIVERED) is True
        assert await queue.settle(new, DELIVERED) is False
        _, (delivery,) = await queue.message("a")
        assert (delivery.state, delivery.tries) == (State.DELIVERED, 1)

    on(stand, scenario, clock=clock)


def test_an_extended_lease_lasts(stand):
    clock = JumpingClock()

    async def scenario(queue):
        await queue.accept(to(event("a"), "orders"))
        leased = await lease_one(queue, 10)
        for _ in range(5):
            clock.run(8)
            assert await queue.extend(leased, 10) is True
            assert await queue.lease(1, 10) == ()
        assert await queue.next_due_s() == pytest.approx(10)
        await queue.accept(to(event("b"), "orders"))
        await lease_one(queue, 5)
        assert await queue.extend(leased, 2) is True
        assert await queue.next_due_s() == pytest.approx(2)
        clock.run(3)
        assert (await lease_one(queue)).token > leased.token

    on(stand, scenario, clock=clock)


def test_what_is_to_be_tried_again_is_due_after_its_delay(stand):
    clock = JumpingClock()

    async def scenario(queue):
        await queue.accept(to(event("a"), "orders"))
        assert await queue.settle(await lease_one(queue), again(30))
        assert await queue.next_due_s() == pytest.approx(30)
        _, (delivery,) = await queue.message("a")
        assert delivery.state is State.DUE
        assert delivery.due_at == pytest.approx(START + 30)
        clock.run(29.9)
        assert await queue.lease(1, 60) == ()
        clock.run(0.2)
        leased = await lease_one(queue)
        assert leased.attempts == 1
        assert await queue.settle(leased, DELIVERED)
        _, (delivery,) = await queue.message("a")
        assert [each.status for each in delivery.attempts] == [503, 200]
        assert delivery.due_at is None

    on(stand, scenario, clock=clock)


def test_what_is_given_back_is_due_at_once_and_counts_no_try(stand):
    async def scenario(queue):
        await queue.accept(to(event("a"), "orders"))
        assert await queue.settle(await lease_one(queue), Settlement(state=State.DUE))
        assert await queue.next_due_s() == 0
        assert (await lease_one(queue)).attempts == 0

    on(stand, scenario)


def test_what_follows_is_stored_with_the_end_of_the_try(stand):
    async def scenario(queue):
        woken = []
        await queue.accept(to(event("a"), "orders"))
        leased = await lease_one(queue)
        queue.on_due(lambda: woken.append(True))
        reply = to(event("reply", parent=leased.number), "mail")
        settlement = Settlement(
            state=State.DEAD, attempt=DEAD.attempt, follows=(reply, to(event("dead")))
        )
        assert await queue.settle(leased, settlement)
        assert woken
        follow = await lease_one(queue)
        assert (follow.message.key, follow.message.parent) == ("reply", leased.number)
        assert (await queue.message("dead"))[1] == []
        # An old token stores nothing of what would follow.
        late = Settlement(state=State.DEAD, follows=(to(event("late")),))
        assert await queue.settle(leased, late) is False
        assert await queue.message("late") is None

    on(stand, scenario)


def test_what_waits_can_be_cancelled_and_what_is_tried_cannot(stand):
    async def scenario(queue):
        await queue.accept(to(event("a"), "orders", "mail", "bill"))
        leased = await lease_one(queue)
        assert await queue.cancel("a") == 2
        assert await queue.cancel("a") == 0
        assert await queue.cancel("unknown") == 0
        assert await queue.lease(9, 60) == ()
        assert await queue.settle(leased, DELIVERED)
        _, deliveries = await queue.message("a")
        assert [each.state for each in deliveries] == [
            State.DELIVERED,
            State.CANCELLED,
            State.CANCELLED,
        ]
        assert dict(await queue.counts()) == {
            (Kind.EVENT, State.DELIVERED): 1,
            (Kind.EVENT, State.CANCELLED): 2,
        }

    on(stand, scenario)


def test_a_full_queue_takes_nothing_until_there_is_room(stand):
    async def scenario(queue):
        for number in range(4):
            await queue.accept(to(event(str(number)), "orders"))
        with pytest.raises(QueueFull, match="4 messages"):
            await queue.accept(to(event("more"), "orders"))
        assert await queue.message("more") is None
        # What follows from a delivery may use the reserve, and no more than that.
        leased = await lease_one(queue)
        follows = tuple(to(event(f"reply-{number}"), "mail") for number in range(3))
        with pytest.raises(QueueFull):
            await queue.settle(leased, Settlement(state=State.DELIVERED, follows=follows))
        # It leaves its own place to them as well.
        assert await queue.settle(
            leased, Settlement(state=State.DELIVERED, attempt=DEAD.attempt, follows=follows[:2])
        )
        # One that is fuller than full still takes how a try ended.
        assert await queue.settle(await lease_one(queue), again(0))
        for each in await queue.lease(9, 60):
            assert await queue.settle(each, DELIVERED)
        await queue.accept(to(event("more"), "orders"))

    on(stand, scenario, Bounds(pending_messages=4))


def test_a_queue_is_full_of_bytes_too(stand):
    async def scenario(queue):
        await queue.accept(to(event("a", body=b"x" * 60_000), "orders"))
        with pytest.raises(QueueFull, match="bytes"):
            await queue.accept(to(event("b", body=b"x" * 60_000), "orders"))
        with pytest.raises(QueueFull, match="bytes"):  # receivers count as well
            await queue.accept(to(event("b"), *[f"t{number}" for number in range(100)]))
        assert await queue.settle(await lease_one(queue), DELIVERED)
        await queue.accept(to(event("b", body=b"x" * 60_000), "orders"))

    on(stand, scenario, Bounds(pending_bytes=100_000))


def test_a_key_is_taken_once(stand):
    async def scenario(queue):
        await queue.accept(to(call("a"), "hello"))
        with pytest.raises(KeyTaken, match="'a'"):
            await queue.accept(to(call("a", body=b"other"), "hello"))
        results = await asyncio.gather(
            *(queue.accept(to(call("b"), "hello")) for _ in range(5)), return_exceptions=True
        )
        assert sum(result is None for result in results) == 1
        assert len(await queue.lease(9, 60)) == 2

    on(stand, scenario)


def test_who_gives_up_waiting_does_no_harm(stand):
    async def scenario(queue):
        waiting = [asyncio.create_task(queue.accept(to(event(str(n)), "x"))) for n in range(20)]
        await asyncio.sleep(0)
        for task in waiting[::2]:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await queue.accept(to(event("last"), "x"))
        keys = {each.message.key for each in await queue.lease(99, 60)}
        assert keys >= {str(number) for number in range(1, 20, 2)} | {"last"}
        assert all(isinstance(key, str) for key in keys)

    on(stand, scenario)


def test_who_gives_up_a_cancelling_keeps_nothing_from_being_delivered(stand):
    receivers = [f"t{number}" for number in range(100)]

    async def scenario(queue):
        await queue.accept(to(event("a"), *receivers))
        cancelling = asyncio.create_task(queue.cancel("a"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        cancelling.cancel()
        await asyncio.gather(cancelling, return_exceptions=True)
        delivered = 0

        async def over():
            nonlocal delivered
            for leased in await queue.lease(100, 60):
                delivered += await queue.settle(leased, DELIVERED)
            cancelled = (await queue.counts()).get((Kind.EVENT, State.CANCELLED), 0)
            return delivered + cancelled == len(receivers)

        await comes_about(over)

    on(stand, scenario)
