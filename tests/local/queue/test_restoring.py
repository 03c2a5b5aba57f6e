"""What every queue knows after the end of its process, whatever the clock does meanwhile."""

import asyncio

import pytest
from tests.local.queue.stands import (
    DELIVERED,
    START,
    YEAR_S,
    JumpingClock,
    again,
    event,
    lease_one,
    on,
    to,
)

from wherry_local.queue.bounds import Bounds
from wherry_local.queue.delivery import Mismatch, State


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
def test_leases_that_end_without_a_result_are_counted_until_one_has_some(stand, crash):
    clock = JumpingClock()

    async def scenario(queue):
        await queue.accept(to(event("poison"), "orders"))
        for lost in range(7):
            (leased,) = await queue.lease(1, 10)
            assert (leased.lost, leased.attempts) == (lost, 0)
            if crash:
                await queue.accept(to(event(f"mark-{lost}")))  # the lease is written before it
                queue = await stand.crash(queue, clock=clock)
            else:
                clock.run(11)
        (leased,) = await queue.lease(1, 10)
        assert await queue.settle(leased, again(0))
        (leased,) = await queue.lease(1, 10)
        assert leased.lost == 0
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
