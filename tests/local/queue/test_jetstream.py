"""What is JetStream's own: platforms that share a queue, a server that goes, pieces of bodies."""

import asyncio
import contextlib
import socket
import subprocess
import time
from collections import Counter

import pytest
from tests.local.front.wire import until
from tests.local.queue.conftest import nats_program, serving
from tests.local.queue.stands import (
    DELIVERED,
    JetStreamStand,
    JumpingClock,
    again,
    attempt,
    comes_about,
    event,
    to,
)

from wherry_local.queue.bounds import Bounds
from wherry_local.queue.contract import KeyTaken, StorageFailed
from wherry_local.queue.delivery import Answer, Kind, Settlement, State
from wherry_local.queue.dispatch import Dispatcher

pytestmark = pytest.mark.interop


@contextlib.asynccontextmanager
async def sharing(stand):
    """Two platforms with clocks of their own; both know of one message."""
    clocks = JumpingClock(), JumpingClock()
    one = await stand.open(owner="one", clock=clocks[0])
    two = await stand.open(owner="two", clock=clocks[1])
    await one.accept(to(event("a"), "x"))
    await until(lambda: two._pending.deliveries)
    yield one, two, clocks
    await one.close()
    await two.close()


class Notes:
    def __init__(self, got):
        self.got = got

    async def deliver(self, leased):
        self.got.append(leased.message.key)
        await asyncio.sleep(0.001)
        return DELIVERED


def test_platforms_that_share_a_queue_deliver_each_message_once(jetstream):
    async def run():
        one = await jetstream.open(owner="one")
        two = await jetstream.open(owner="two")
        got = {"one": [], "two": []}
        dispatchers = [
            Dispatcher(queue, {Kind.EVENT: Notes(got[name])}, concurrency=4)
            for name, queue in (("one", one), ("two", two))
        ]
        for dispatcher in dispatchers:
            dispatcher.start()
        accepting = [
            queue.accept(to(event(f"{name}-{number}"), "x"))
            for number in range(100)
            for name, queue in (("one", one), ("two", two))
        ]
        await asyncio.gather(*accepting)
        await until(lambda: len(got["one"]) + len(got["two"]) >= 200)
        for dispatcher in dispatchers:
            await dispatcher.stop(5)
        assert max(Counter(got["one"] + got["two"]).values()) == 1
        assert got["one"]
        assert got["two"]
        for queue in (one, two):
            assert await queue.counts() == {(Kind.EVENT, State.DELIVERED): 200}
            await queue.close()

    asyncio.run(run())


def test_a_lease_of_one_is_not_the_others(jetstream):
    async def run():
        async with sharing(jetstream) as (one, two, clocks):
            results = await asyncio.gather(one.lease(1, 30), two.lease(1, 30))
            ((old,),) = [result for result in results if result]
            holder, other = (one, two) if results[0] else (two, one)
            assert list(await other.lease(1, 30)) == []
            # Another begins anew: the lease of one that lives is kept, and ends in time.
            third = await jetstream.open(owner="three", clock=clocks[0])
            assert list(await third.lease(1, 30)) == []
            for clock in clocks:
                clock.run(31)
            (new,) = await third.lease(1, 30)
            assert new.token > old.token
            assert await holder.settle(old, DELIVERED) is False
            assert await third.settle(new, DELIVERED) is True
            await third.close()

    asyncio.run(run())


def test_a_late_one_stores_nothing_of_what_follows(jetstream):
    async def run():
        async with sharing(jetstream) as (one, two, clocks):
            (old,) = await one.lease(1, 30)
            await until(lambda: next(iter(two._pending.deliveries.values())).token == old.token)
            clocks[1].run(31)
            (new,) = await two.lease(1, 30)
            assert new.token > old.token
            late = Settlement(state=State.DELIVERED, follows=(to(event("reply"), "y"),))
            assert await one.settle(old, late) is False
            assert await one.message("reply") is None
            assert await one.extend(old, 30) is False
            assert await two.settle(new, DELIVERED) is True

    asyncio.run(run())


def test_what_was_stored_before_it_failed_is_not_stored_twice(jetstream, monkeypatch):
    async def run():
        queue = await jetstream.open()
        await queue.accept(to(event("a"), "x"))
        (leased,) = await queue.lease(1, 30)
        follows = (to(event("r1"), "y"), to(event("r2", body=b"x" * 3_000_000), "y"))
        settlement = Settlement(state=State.DELIVERED, attempt=attempt(), follows=follows)
        end = queue._writer.end

        async def failing(*arguments):
            queue._writer.end = end
            raise StorageFailed("the server is away")

        queue._writer.end = failing
        with pytest.raises(StorageFailed):
            await queue.settle(leased, settlement)
        assert await queue.settle(leased, settlement) is True
        replies = await queue.lease(9, 30)
        assert {each.message.key: len(each.message.body) for each in replies} == {
            "r1": 8,
            "r2": 3_000_000,
        }
        await queue.close()

    asyncio.run(run())


def test_a_key_is_taken_whoever_took_it(jetstream):
    async def run():
        one = await jetstream.open(owner="one")
        two = await jetstream.open(owner="two")
        results = await asyncio.gather(
            *(queue.accept(to(event("a"), "x")) for queue in (one, two)), return_exceptions=True
        )
        assert sorted(type(result) for result in results if result) == [KeyTaken]
        await one.close()
        await two.close()

    asyncio.run(run())


def test_history_that_goes_leaves_nothing_behind(jetstream):
    async def run():
        queue = await jetstream.open(Bounds(finished_messages=1))
        answer = Answer(status=200, body=b"y" * 100)
        for number in range(5):
            await queue.accept(to(event(str(number), body=b"x" * 400_000), "x"))
            (leased,) = await queue.lease(1, 30)
            assert await queue.settle(leased, again(0))
            (leased,) = await queue.lease(1, 30)
            assert await queue.settle(
                leased, Settlement(state=State.DELIVERED, attempt=attempt(), answer=answer)
            )

        async def records():
            return (await queue._stream._context.stream_info(jetstream.name)).state.messages

        async def few():
            return await records() <= 4

        await comes_about(few)
        assert await records() == 4  # a message, a piece, a delivery, an answer
        assert [message.key for _, message, _ in await queue.messages()] == ["4"]
        await queue.close()

    asyncio.run(run())


def test_no_server_is_said_to_be_there(monkeypatch):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        stand = JetStreamStand(f"nats://127.0.0.1:{bound.getsockname()[1]}", "Q")
        with pytest.raises(StorageFailed, match="no server of NATS answers at nats://127") as got:
            asyncio.run(stand.open())
    assert got.value.hint == "nats-server -js"


def test_a_server_without_jetstream_is_named_as_such(tmp_path):
    with (
        serving(tmp_path, nats_program(), jetstream=False) as url,
        pytest.raises(StorageFailed, match="JetStream") as got,
    ):
        asyncio.run(JetStreamStand(url, "Q").open())
    assert got.value.hint == "nats-server -js"


@pytest.mark.timeout(90)
def test_a_server_that_was_killed_has_what_it_acknowledged(tmp_path):
    """And the queue goes on with it, without a restart of the platform."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]

    async def run():
        with serving(tmp_path, nats_program(), port=port, end=subprocess.Popen.kill) as url:
            queue = await JetStreamStand(url, "Q").open()
            for number in range(50):
                await queue.accept(to(event(str(number)), "x"))
            (leased,) = await queue.lease(1, 60)
        refused = asyncio.create_task(queue.accept(to(event("refused"), "x")))
        with serving(tmp_path, nats_program(), port=port) as url:
            with contextlib.suppress(StorageFailed, KeyTaken):
                await refused
            assert await _once_more(lambda: queue.settle(leased, DELIVERED))
            with contextlib.suppress(KeyTaken):  # it was stored, and that could not be said
                await _once_more(lambda: queue.accept(to(event("after"), "x")))
            assert await queue.message("after")
            rest = await _once_more(lambda: queue.lease(99, 60))
            keys = {each.message.key for each in rest}
            assert keys - {"refused"} == {str(number) for number in range(1, 50)} | {"after"}
            await queue.close()

    asyncio.run(run())


async def _once_more(step):
    """What a dispatcher does while the server is away: try again."""
    end = time.monotonic() + 60
    while True:
        with contextlib.suppress(StorageFailed):
            return await step()
        assert time.monotonic() < end, "the queue did not recover"
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("changes", "said"), [({"max_msgs_per_subject": 5}, "5 records"), ({}, "direct reads")]
)
def test_a_stream_of_another_kind_is_left_alone(jetstream, changes, said):
    import nats

    async def run():
        client = await nats.connect(jetstream.url)
        subjects = [f"{jetstream.name}.>"]
        config = {"name": jetstream.name, "subjects": subjects, "max_msgs_per_subject": 1}
        await client.jetstream().add_stream(**{**config, **changes})
        with pytest.raises(StorageFailed, match=said):
            await jetstream.open()
        await client.close()

    asyncio.run(run())
