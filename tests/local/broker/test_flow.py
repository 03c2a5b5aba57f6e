"""Who watches what happens."""

import asyncio

from wherry_local.broker import flow as module
from wherry_local.broker.flow import Flow


def test_each_key_once_until_it_is_taken():
    async def live():
        flow = Flow()
        watcher = flow.watch()
        for key in ("a", "b", "a"):
            flow.tell(key)
        assert [await watcher.next(), await watcher.next()] == ["a", "b"]
        flow.tell("a")
        assert await watcher.next() == "a"
        watcher.close()
        flow.tell("c")

    asyncio.run(live())


def test_one_who_waits_is_woken():
    async def live():
        flow = Flow()
        watcher = flow.watch()
        waiting = asyncio.ensure_future(watcher.next())
        await asyncio.sleep(0)
        flow.tell("a")
        assert await waiting == "a"
        watcher.close()

    asyncio.run(live())


def test_the_end_is_told_after_what_waits():
    async def live():
        flow = Flow()
        watcher = flow.watch()
        flow.tell("a")
        flow.close()
        assert [await watcher.next(), await watcher.next()] == ["a", None]
        watcher.close()
        late = flow.watch()
        assert await late.next() is None
        late.close()

    asyncio.run(live())


def test_one_who_is_too_slow_loses_the_oldest(monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 2)

    async def live():
        flow = Flow()
        watcher = flow.watch()
        for key in ("a", "b", "c"):
            flow.tell(key)
        assert [await watcher.next(), await watcher.next()] == ["b", "c"]
        watcher.close()

    asyncio.run(live())
