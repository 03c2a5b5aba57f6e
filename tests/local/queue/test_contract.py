"""What every queue does."""

import asyncio

import pytest
from tests.local.queue.stands import (
    DEAD,
    DELIVERED,
    START,
    YEAR_S,
    JumpingClock,
    again,
    call,
    event,
    to,
)

from wherry_local.queue.bounds import Bounds
from wherry_local.queue.contract import KeyTaken, QueueFull
from wherry_local.queue.delivery import Answer, Kind, Mismatch, Settlement, State


def on(stand, scenario, bounds=None, clock=None):
    """Run a scenario with a queue on a stand."""

    async def run():
        queue = await stand.open(bounds, clock)
        try:
            return await scenario(queue)
        finally:
            await queue.close()

    return asyncio.run(run())


async def lease_one(queue, lease_s=60.0):
    (leased,) = await queue.lease(1, lease_s)
    return leased


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


def test_a_message_comes_back_byte_for_byte(stand):
    body = bytes(range(256)) * 8
    message = event(
        "kläx.>* \n",
        method="PATCH",
        target="/a/%2F?b=ü",
        headers=((b"X-A", b"\xff\x00"), (b"x-a", b"2"), (b"", b"")),
        body=body,
        attributes={"id": "\u2603", "subject": "a\nb"},
        parent=7 << 16,
        mismatches={"mail": Mismatch(clause="exact.type", reason='got "x"')},
        notes={"hops": "3"},
    )

    async def scenario(queue):
        await queue.accept(to(message, "orders"))
        assert (await lease_one(queue)).message == message
        reopened = await stand.crash(queue)
        try:
            assert (await reopened.message(message.key))[0] == message
            assert (await lease_one(reopened)).message == message
        finally:
            await reopened.close()

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


def test_the_last_answer_counts_and_not_those_before(stand):
    answer = Answer(status=500, body=b"x" * 2_000)
    failed = Settlement(state=State.DUE, attempt=DEAD.attempt, answer=answer)

    async def scenario(queue):
        await queue.accept(to(call("a"), "hello"))
        for _ in range(8):
            assert await queue.settle(await lease_one(queue), failed)
        await queue.accept(to(call("b"), "hello"))
        with pytest.raises(QueueFull):
            await queue.accept(to(call("c", body=b"x" * 3_500), "hello"))

    on(stand, scenario, Bounds(pending_bytes=8_000))


def test_the_last_answer_is_kept_within_its_bound(stand):
    answer = Answer(status=200, headers=((b"x", b"\xfe"),), body=b"abcdefgh")

    async def scenario(queue):
        await queue.accept(to(call("a"), "hello"))
        assert await queue.settle(
            await lease_one(queue),
            Settlement(state=State.DUE, attempt=DEAD.attempt, answer=answer),
        )
        _, (delivery,) = await queue.message("a")
        assert (delivery.state, delivery.answer.body) == (State.DUE, b"abcde")
        assert await queue.settle(await lease_one(queue), DELIVERED)
        _, (delivery,) = await queue.message("a")
        assert (delivery.answer.headers, delivery.answer.body) == (answer.headers, b"abcde")

    on(stand, scenario, Bounds(answer_bytes=5))


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


@pytest.mark.parametrize("others", [0, 1])
def test_a_discarded_dead_letter_is_gone(stand, others):
    async def scenario(queue):
        await queue.accept(to(event("a"), "orders", *["mail"] * others))
        leased = await lease_one(queue)
        assert await queue.discard(leased.number) is False
        assert await queue.settle(leased, DEAD)
        assert await queue.discard(leased.number) is True
        assert await queue.discard(leased.number) is False
        assert await queue.delivery(leased.number) is None
        assert (Kind.EVENT, State.DEAD) not in await queue.counts()
        reopened = await stand.crash(queue)
        try:
            assert len((await reopened.message("a"))[1]) == others
            assert (Kind.EVENT, State.DEAD) not in await reopened.counts()
            assert len(await reopened.lease(9, 60)) == others
        finally:
            await reopened.close()

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


def test_the_history_is_read_in_pages_from_the_newest(stand):
    async def scenario(queue):
        for number in range(10):
            make = event if number % 2 else call
            await queue.accept(to(make(str(number)), "one", "two"))
        for each in await queue.lease(4, 60):  # 0 and 1
            assert await queue.settle(each, DEAD if each.subscriber == "one" else DELIVERED)
        (leased,) = await queue.lease(1, 60)  # one of 2

        async def keys(**choice):
            return [message.key for _, message, _ in await queue.messages(**choice)]

        assert await keys(most=3) == ["9", "8", "7"]
        before = (await queue.messages(most=3))[-1][0]
        assert await keys(most=3, before=before) == ["6", "5", "4"]
        assert await keys(kind=Kind.CALL) == ["8", "6", "4", "2", "0"]
        assert await keys(scope="default/default", most=2) == ["9", "7"]
        assert await keys(scope="nowhere") == []
        assert await keys(states=(State.DEAD,)) == ["1", "0"]
        assert await keys(states=(State.LEASED,)) == ["2"]
        assert await keys(states=(State.DUE, State.DELIVERED), most=9) == list("987654321")
        assert await keys(states=(State.LEASED, State.DEAD), kind=Kind.EVENT) == ["1"]
        _, message, deliveries = (await queue.messages(states=(State.LEASED,), bodies=False))[0]
        assert message.body == b""
        assert [each.state for each in deliveries] == [State.LEASED, State.DUE]
        assert deliveries[0].number == leased.number

    on(stand, scenario)


@pytest.mark.parametrize("cached_bytes", [0, 32 * 1024 * 1024])
def test_a_message_of_ten_megabytes(stand, cached_bytes):
    message = event("large", body=b"0123456789abcdef" * (10 * 65_536))

    async def scenario(queue):
        await queue.accept(to(message, "orders"))
        await queue.accept(to(event("small"), "orders"))
        first, second = await queue.lease(2, 60)
        assert first.message == message
        assert second.message == event("small")
        assert await queue.settle(first, again(0))
        reopened = await stand.crash(queue)
        try:
            assert {each.message.key for each in await reopened.lease(9, 60)} == {"large", "small"}
            assert (await reopened.message("large"))[0] == message
        finally:
            await reopened.close()

    on(stand, scenario, Bounds(cached_bytes=cached_bytes))


def test_nothing_that_was_accepted_is_lost_with_the_process(stand):
    clock = JumpingClock()

    async def scenario(queue):
        await queue.accept(to(event("tried"), "one", "two", "three"))
        one, two, three = await queue.lease(3, 60)
        await queue.accept(to(event("waits"), "one"))
        assert await queue.settle(one, DELIVERED)
        assert await queue.settle(two, again(30))
        reopened = await stand.crash(queue, clock=clock.restarted(wall=START + 10))
        try:
            _, deliveries = await reopened.message("tried")
            states = [(each.state, each.tries) for each in deliveries]
            assert states == [(State.DELIVERED, 1), (State.DUE, 1), (State.DUE, 0)]
            assert deliveries[1].attempts == (again(30).attempt,)
            assert deliveries[1].due_at == pytest.approx(START + 30, abs=1)
            leased = await reopened.lease(9, 60)  # the lease of the dead process is void
            assert {(each.message.key, each.subscriber) for each in leased} == {
                ("tried", "three"),
                ("waits", "one"),
            }
            assert min(each.token for each in leased) > three.token
            assert await reopened.settle(three, DELIVERED) is False
            newest = await reopened.messages(most=1)
            await reopened.accept(to(event("new"), "one"))
            assert (await reopened.messages(most=1))[0][0] > newest[0][0]
        finally:
            await reopened.close()

    on(stand, scenario, clock=clock)


@pytest.mark.parametrize("crash", [False, True])
def test_what_ends_everyone_who_tries_it_is_dead_in_the_end(stand, crash):
    clock = JumpingClock()

    async def scenario(queue):
        await queue.accept(to(event("poison"), "orders"))
        tries = 0
        while await queue.lease(1, 10):
            tries += 1
            assert tries < 20
            if crash:
                await queue.accept(to(event(f"mark-{tries}")))  # the lease is written before it
                queue = await stand.crash(queue, clock=clock)
            else:
                clock.run(11)

        async def dead():
            return (await queue.counts()).get((Kind.EVENT, State.DEAD))

        await until(dead)
        assert tries == 5
        _, (delivery,) = await queue.message("poison")
        assert "5 tries" in delivery.attempts[-1].reason
        await queue.close()

    async def run():
        await scenario(await stand.open(None, clock))

    asyncio.run(run())


@pytest.mark.parametrize("jump_s", [YEAR_S, 3_600, -3_600, -YEAR_S])
def test_a_clock_that_jumps_neither_fires_nor_loses_a_retry(stand, jump_s):
    clock = JumpingClock()

    async def scenario(queue):
        await queue.accept(to(event("a"), "orders"))
        await queue.accept(to(event("b"), "orders"))
        first, second = await queue.lease(2, 100)
        assert await queue.settle(first, again(50))
        clock.at += jump_s
        assert await queue.lease(1, 60) == ()
        assert await queue.next_due_s() == pytest.approx(50)
        assert await queue.extend(second, 100)
        clock.run(49)
        assert await queue.lease(1, 60) == ()
        clock.run(2)
        assert (await lease_one(queue)).message.key == "a"
        assert await queue.settle(second, DELIVERED)
        assert await queue.message("b")  # its history is not out of date

    on(stand, scenario, clock=clock)


def test_after_a_restart_no_retry_waits_longer_than_was_said(stand):
    clock = JumpingClock()

    async def scenario(queue):
        await queue.accept(to(event("a"), "orders"))
        assert await queue.settle(await lease_one(queue), again(50))
        queue = await stand.crash(queue, clock=clock.restarted(wall=START - YEAR_S))
        assert await queue.next_due_s() == pytest.approx(50)
        queue = await stand.crash(queue, clock=clock.restarted(wall=START + 20))
        assert await queue.next_due_s() == pytest.approx(30, abs=2)
        queue = await stand.crash(queue, clock=clock.restarted(wall=START + YEAR_S))
        assert await queue.next_due_s() == 0
        await queue.close()

    async def run():
        await scenario(await stand.open(None, clock))

    asyncio.run(run())


async def until(condition):
    async def wait():
        while not await condition():  # noqa: ASYNC110 - the queue is what is waited for
            await asyncio.sleep(0.005)

    await asyncio.wait_for(wait(), 10)


@pytest.mark.parametrize("bounds", [Bounds(finished_messages=3), Bounds(finished_bytes=4_000)])
def test_the_history_is_bounded_and_what_waits_is_not_part_of_it(stand, bounds):
    async def scenario(queue):
        await queue.accept(to(event("waits"), "mail"))
        for number in range(20):
            await queue.accept(to(event(str(number)), "orders"))
        orders = await queue.lease(30, 60, room=lambda lane: 99 if lane[1] == "orders" else 0)
        assert len(orders) == 20
        for each in orders:
            assert await queue.settle(each, DELIVERED)

        async def bounded():
            return len(await queue.messages()) == 4

        await until(bounded)
        assert [message.key for _, message, _ in await queue.messages()] == [
            "19",
            "18",
            "17",
            "waits",
        ]
        assert await queue.message("16") is None
        assert (await queue.counts())[Kind.EVENT, State.DELIVERED] == 3
        await queue.accept(to(event("16"), "orders"))  # its key is free again

    on(stand, scenario, bounds)


def test_no_position_is_given_twice(stand):
    bounds = Bounds(finished_messages=0)

    async def scenario(queue):
        await queue.accept(to(event("a"), "orders"))
        leased = await lease_one(queue)
        assert await queue.settle(leased, DELIVERED)
        await queue.close()
        reopened = await stand.open(bounds)
        await reopened.accept(to(event("b"), "orders"))
        assert (await lease_one(reopened)).number > leased.number
        await reopened.close()

    on(stand, scenario, bounds)


def test_history_that_is_too_old_goes(stand):
    clock = JumpingClock()

    async def scenario(queue):
        await queue.accept(to(event("old")))
        clock.run(500)
        await queue.accept(to(event("young")))
        clock.run(600)
        await queue.accept(to(event("new")))

        async def gone():
            return await queue.message("old") is None

        await until(gone)
        assert len(await queue.messages()) == 2

    on(stand, scenario, Bounds(finished_age_s=1_000), clock)


def test_who_wants_to_know_is_told_of_every_change(stand):
    async def scenario(queue):
        told = []
        end = queue.on_change(told.append)
        await queue.accept(to(event("a"), "orders"))
        assert await queue.settle(
            await lease_one(queue),
            Settlement(state=State.DELIVERED, follows=(to(event("b"), "mail"),)),
        )
        assert await queue.cancel("b") == 1
        assert list(dict.fromkeys(told)) == ["a", "b"]
        assert told.count("a") >= 2
        end()
        await queue.accept(to(event("c"), "orders"))
        assert "c" not in told

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

        await until(over)

    on(stand, scenario)
