"""What is due is tried, within bounds, and what came of it is stored."""

import asyncio
import logging
import time
from collections import Counter

import pytest
from tests.local.front.wire import until
from tests.local.queue.stands import (
    DEAD,
    DELIVERED,
    JumpingClock,
    again,
    attempt,
    call,
    comes_about,
    event,
    to,
)

from wherry_local.queue.bounds import Bounds
from wherry_local.queue.contract import StorageFailed
from wherry_local.queue.delivery import Kind, Settlement, State
from wherry_local.queue.dispatch import Dispatcher


class Recorder:
    """A courier that notes what it is given and answers as it is told."""

    def __init__(self, answer=lambda leased: DELIVERED):
        self.answer = answer
        self.got = []
        self.running = Counter()
        self.most = Counter()
        self.gate = asyncio.Event()
        self.gate.set()

    async def deliver(self, leased):
        self.got.append(leased)
        for name in ("all", leased.subscriber):
            self.running[name] += 1
            self.most[name] = max(self.most[name], self.running[name])
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            return self.answer(leased)
        finally:
            for name in ("all", leased.subscriber):
                self.running[name] -= 1

    def give_up(self, leased, attempt):
        follows = (to(event("dead-letter"), "sink"),)
        return Settlement(state=State.DEAD, attempt=attempt, follows=follows)


def dispatching(stand, scenario, *, bounds=None, couriers=None, **options):
    """Run a scenario with a queue, a dispatcher of it, and the courier of all kinds."""

    async def run():
        queue = await stand.open(bounds)
        courier = Recorder()
        dispatcher = Dispatcher(queue, couriers or dict.fromkeys(Kind, courier), **options)
        dispatcher.start()
        try:
            await asyncio.wait_for(scenario(queue, dispatcher, courier), 30)
        finally:
            await dispatcher.stop()
            await queue.close()

    asyncio.run(run())


async def states(queue, *keys):
    found = {key: await queue.message(key) for key in keys}
    return {key: [each.state for each in message[1]] for key, message in found.items() if message}


async def settled(queue, *keys):
    async def none_waits():
        found = await states(queue, *keys)
        return len(found) == len(keys) and not {State.DUE, State.LEASED} & {
            state for each in found.values() for state in each
        }

    await comes_about(none_waits)


def test_everything_due_is_delivered_by_the_courier_of_its_kind(stand):
    async def scenario(queue, dispatcher, courier):
        events, calls = Recorder(), Recorder()
        dispatcher._couriers = {Kind.EVENT: events, Kind.CALL: calls}
        for number in range(100):
            await queue.accept(to(event(f"e{number}"), "one", "two"))
        await queue.accept(to(call("c"), "hello"))
        await until(lambda: len(events.got) == 200 and calls.got)
        await settled(queue, *(f"e{number}" for number in range(100)), "c")
        assert await queue.counts() == {
            (Kind.EVENT, State.DELIVERED): 200,
            (Kind.CALL, State.DELIVERED): 1,
        }

    dispatching(stand, scenario)


def test_what_waited_before_the_start_is_delivered(stand):
    async def run():
        queue = await stand.open()
        await queue.accept(to(event("a"), "x"))
        courier = Recorder()
        dispatcher = Dispatcher(queue, {Kind.EVENT: courier})
        dispatcher.start()
        await until(lambda: courier.got)
        await dispatcher.stop(5)
        assert await states(queue, "a") == {"a": [State.DELIVERED]}
        await queue.close()

    asyncio.run(run())


@pytest.mark.parametrize("lost", [4, 5])
def test_what_ends_everyone_who_tries_it_is_given_up_untried(stand, lost):
    clock = JumpingClock()

    async def run():
        queue = await stand.open(None, clock)
        await queue.accept(to(event("poison"), "x"))
        for _ in range(lost):
            assert await queue.lease(1, 10)
            clock.run(11)
        courier = Recorder()
        dispatcher = Dispatcher(queue, {Kind.EVENT: courier})
        dispatcher.start()
        if lost < 5:
            await settled(queue, "poison")
            assert [each.lost for each in courier.got] == [lost]
        else:
            await settled(queue, "poison", "dead-letter")  # what the courier says follows
            _, (dead,) = await queue.message("poison")
            assert (dead.state, dead.tries) == (State.DEAD, 1)
            assert "5 tries in a row ended" in dead.attempts[-1].reason
            assert [each.message.key for each in courier.got] == ["dead-letter"]
        await dispatcher.stop(5)
        await queue.close()

    asyncio.run(run())


def test_no_more_than_the_bounds_are_tried_at_once(stand):
    async def scenario(queue, dispatcher, courier):
        courier.gate.clear()
        for number in range(20):
            await queue.accept(to(event(str(number)), "slow"))
        await until(lambda: len(courier.got) == 3)
        await queue.accept(to(event("other"), "fast"))
        await until(lambda: courier.running["fast"] == 1)  # the slow one holds up nobody else
        for number in range(9):
            await queue.accept(to(event(f"more-{number}"), f"lane-{number}"))
        await until(lambda: courier.running["all"] == 6)
        assert dispatcher.in_flight == 6
        courier.gate.set()
        await until(lambda: len(courier.got) == 30)
        assert courier.most["all"] == 6
        assert courier.most["slow"] == 3

    dispatching(stand, scenario, concurrency=6, lane_concurrency=3)


def test_a_retry_comes_when_it_is_due_and_nothing_runs_before(stand):
    waits = []

    async def scenario(queue, dispatcher, courier):
        answers = iter([again(0.4), DELIVERED])
        courier.answer = lambda leased: next(answers)
        take = dispatcher._take

        async def noted():
            waits.append(await take())
            return waits[-1]

        dispatcher._take = noted
        started = time.monotonic()
        await queue.accept(to(event("a"), "x"))
        await until(lambda: len(courier.got) == 2)
        assert time.monotonic() - started >= 0.4
        assert courier.got[1].attempts == 1
        await settled(queue, "a")
        await until(lambda: waits[-1] is None)  # nothing waits: no timer wakes it
        assert len(waits) < 10
        assert max(wait_s for wait_s in waits if wait_s is not None) > 0

    dispatching(stand, scenario)


def test_a_courier_that_raises_is_a_try_with_a_reason_and_a_delay(stand, caplog):
    async def scenario(queue, dispatcher, courier):
        def answer(leased):
            if leased.attempts == 0:
                raise ZeroDivisionError("secret of the caller")
            return DELIVERED

        courier.answer = answer
        await queue.accept(to(event("a"), "x"))
        await settled(queue, "a")
        _, (delivery,) = await queue.message("a")
        assert delivery.state is State.DELIVERED
        assert delivery.attempts[0].reason == "the platform could not try: ZeroDivisionError"

    caplog.set_level(logging.CRITICAL, "wherry_local.queue.dispatch")
    dispatching(stand, scenario)


def test_what_no_courier_can_try_is_dead_in_the_end(stand, caplog, monkeypatch):
    monkeypatch.setattr("wherry_local.queue.dispatch._delay_s", lambda attempts: 0.0)

    async def scenario(queue, dispatcher, courier):
        courier.answer = None
        await queue.accept(to(event("a"), "x"))
        await settled(queue, "a")
        _, (delivery,) = await queue.message("a")
        assert (delivery.state, delivery.tries) == (State.DEAD, 10)

    caplog.set_level(logging.CRITICAL, "wherry_local.queue.dispatch")
    dispatching(stand, scenario)


def test_leases_are_kept_while_a_try_lasts(stand):
    async def scenario(queue, dispatcher, courier):
        extend, kept = queue.extend, []

        async def noted(leased, lease_s):
            kept.append(leased)
            return await extend(leased, lease_s)

        queue.extend = noted
        courier.gate.clear()
        await queue.accept(to(event("a"), "x"))
        await until(lambda: len(kept) >= 7)  # at each third: more than two leases
        assert len(courier.got) == 1
        courier.gate.set()
        await settled(queue, "a")
        _, (delivery,) = await queue.message("a")
        assert (delivery.state, delivery.tries) == (State.DELIVERED, 1)

    dispatching(stand, scenario, lease_s=1.0)


def test_a_lease_that_cannot_be_kept_once_is_kept_again(stand):
    async def scenario(queue, dispatcher, courier):
        extend, kept = queue.extend, []

        async def failing(leased, lease_s):
            kept.append(leased)
            if len(kept) == 1:
                raise StorageFailed("the server is away")
            return await extend(leased, lease_s)

        queue.extend = failing
        courier.gate.clear()
        await queue.accept(to(event("a"), "x"))
        await until(lambda: len(kept) >= 3)
        courier.gate.set()
        await settled(queue, "a")
        assert len(courier.got) == 1

    dispatching(stand, scenario, lease_s=0.6)


def test_the_end_waits_for_what_is_tried_and_gives_the_rest_back(stand):
    async def run():
        queue = await stand.open()
        quick, stuck = Recorder(), Recorder()
        quick.gate.clear()
        stuck.gate.clear()
        dispatcher = Dispatcher(queue, {Kind.EVENT: quick, Kind.CALL: stuck})
        dispatcher.start()
        await queue.accept(to(event("a"), "x"))
        await queue.accept(to(call("b"), "hello"))
        await until(lambda: quick.got and stuck.got)
        stopping = asyncio.create_task(dispatcher.stop(0.5))
        await asyncio.sleep(0)
        quick.gate.set()
        await queue.accept(to(event("late"), "x"))
        await stopping
        assert await states(queue, "a", "b", "late") == {
            "a": [State.DELIVERED],
            "b": [State.DUE],
            "late": [State.DUE],
        }
        _, (delivery,) = await queue.message("b")
        assert delivery.tries == 0
        assert dispatcher.in_flight == 0
        (leased,) = [each for each in await queue.lease(9, 60) if each.message.key == "b"]
        assert leased.attempts == 0
        await queue.close()

    asyncio.run(run())


def test_what_follows_without_room_is_tried_again_and_not_lost(stand, monkeypatch):
    monkeypatch.setattr("wherry_local.queue.dispatch._delay_s", lambda attempts: 0.05)

    async def scenario(queue, dispatcher, courier):
        replies = iter(range(100))

        def answer(leased):
            if leased.message.key != "a":
                return DELIVERED
            follows = tuple(to(event(f"r{next(replies)}"), "mail") for _ in range(3))
            return Settlement(state=State.DELIVERED, attempt=attempt(), follows=follows)

        courier.answer = answer
        courier.gate.clear()
        await queue.accept(to(event("a"), "x"))
        await queue.accept(to(event("b"), "y"))
        await until(lambda: len(courier.got) == 2)
        courier.gate.set()
        await settled(queue, "a")
        _, (delivery,) = await queue.message("a")
        assert delivery.tries == 1
        await until(lambda: sum(each.subscriber == "mail" for each in courier.got) == 3)

    dispatching(stand, scenario, bounds=Bounds(pending_messages=3))


def test_an_end_that_cannot_be_stored_is_stored_when_it_can(stand, monkeypatch):
    monkeypatch.setattr("wherry_local.queue.dispatch.STORAGE_DELAY_S", 0.02)

    async def scenario(queue, dispatcher, courier):
        settle, failures = queue.settle, iter(range(3))

        async def failing(leased, settlement):
            if next(failures, None) is not None:
                raise StorageFailed("the disk is full")
            return await settle(leased, settlement)

        queue.settle = failing
        await queue.accept(to(event("a"), "x"))
        await settled(queue, "a")
        assert len(courier.got) == 1
        assert next(failures, None) is None

    dispatching(stand, scenario)


def test_the_order_of_one_at_a_time_is_that_of_acceptance(stand):
    async def scenario(queue, dispatcher, courier):
        for number in range(30):
            await queue.accept(to(event(str(number)), "x"))
        await until(lambda: len(courier.got) == 30)
        assert [each.message.key for each in courier.got] == [str(n) for n in range(30)]

    dispatching(stand, scenario, concurrency=1)


@pytest.mark.parametrize("settlement", [DELIVERED, DEAD])
def test_one_event_to_a_hundred_receivers(stand, settlement):
    async def scenario(queue, dispatcher, courier):
        courier.answer = lambda leased: settlement
        await queue.accept(
            to(event("a", body=b"x" * 2_000_000), *[f"trigger-{n}" for n in range(100)])
        )
        await settled(queue, "a")
        assert sorted(each.subscriber for each in courier.got) == sorted(
            f"trigger-{n}" for n in range(100)
        )

    dispatching(stand, scenario)
