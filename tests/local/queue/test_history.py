"""What every queue keeps and tells of what it did, within its bounds."""

import pytest
from tests.local.queue.stands import (
    DEAD,
    DELIVERED,
    JumpingClock,
    call,
    comes_about,
    event,
    lease_one,
    on,
    to,
)

from wherry_local.queue.bounds import Bounds
from wherry_local.queue.contract import QueueFull
from wherry_local.queue.delivery import Answer, Kind, Settlement, State


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
        _, message, deliveries = (await queue.messages(states=(State.LEASED,)))[0]
        assert message.body == b""
        assert [each.state for each in deliveries] == [State.LEASED, State.DUE]
        assert deliveries[0].number == leased.number

    on(stand, scenario)


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

        await comes_about(bounded)
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

        await comes_about(gone)
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
