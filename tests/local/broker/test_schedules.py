"""Schedules end to end: what a function is sent, and that there is no timer without one."""

import asyncio
import json
import time

import pytest
from tests.local.broker.served_events import project_of, served_events

from wherry_local.broker.schedules import Plan, Scheduler
from wherry_local.broker.subscription import Destination
from wherry_local.broker.timetable import times
from wherry_local.deployment import FunctionKey
from wherry_local.queue.sqlite import SqliteQueue

YAML = """
schedules:
  beat:
    cron: "* * * * *"
    function: hello
    data: '{"a": 1}'
    content_type: application/json
"""


class Clock:
    """The wall's clock, as a test sets it."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now

    def next_minute(self, on):
        self.now += 60
        on.loop.call_soon_threadsafe(on.events._scheduler.look)


@pytest.fixture
def clock():
    return Clock()


def test_a_function_is_sent_what_its_schedule_says(tmp_path, clock):
    with served_events(tmp_path, YAML, wall=clock) as on:
        clock.next_minute(on)
        (received,) = on.subscriber.wait(1)
        assert received.function == "hello"
        attributes = received.attributes()
        assert attributes.pop("id")
        assert attributes.pop("time")[:4].isdigit()
        assert attributes == {
            "specversion": "1.0",
            "type": "dev.knative.sources.ping",
            "source": "/apis/v1/namespaces/default/pingsources/beat",
        }
        assert received.header("content-type") == "application/json"
        assert received.header("prefer") is None
        assert received.body == b'{"a": 1}'
        shown = on.admin("GET", "/system/events").json()["events"][0]
        assert shown["deliveries"][0]["trigger"] == "schedule:beat"
        assert shown["broker"] == ""


@pytest.mark.parametrize(
    ("said", "content_type", "body"),
    [
        ("", None, b""),
        ("data: text", None, b"text"),
        ("content_type: text/plain, data: text", "text/plain", b"text"),
        ("content_type: text/plain", None, b""),
    ],
)
def test_data(tmp_path, clock, said, content_type, body):
    yaml = f"schedules: {{beat: {{cron: '* * * * *', function: hello, {said}}}}}"
    with served_events(tmp_path, yaml, wall=clock) as on:
        clock.next_minute(on)
        (received,) = on.subscriber.wait(1)
        assert (received.header("content-type"), received.body) == (content_type, body)


def test_it_is_tried_again_and_its_answer_is_nobodys(tmp_path, clock):
    with served_events(tmp_path, YAML, wall=clock) as on:
        answers = iter([(500, {}, b""), (200, {}, b"no event")])
        on.subscriber.answers["hello"] = lambda _: next(answers, (200, {}, b""))
        clock.next_minute(on)
        first, second = on.subscriber.wait(2)
        assert first.attributes()["id"] == second.attributes()["id"]
        key = on.admin("GET", "/system/events").json()["events"][0]["key"]
        assert on.explained(key)["deliveries"][0]["state"] == "delivered"
        answer = on.admin("POST", f"/system/events/{key}/replay")
        assert answer.status == 400
        again = on.admin("POST", f"/system/events/{key}/replay", {"trigger": "schedule:beat"})
        assert again.status == 202
        on.subscriber.wait(3)


def test_a_schedule_that_is_taken_away(tmp_path):
    with served_events(tmp_path, YAML) as on:
        on.subscriber.answers["hello"] = lambda _: (500, {}, b"")
        on.loop.call_soon_threadsafe(on.events.declare, project_of(tmp_path, "version: 1"))
        on.wait_for(lambda: on.events._scheduler.destination("beat"), lambda found: found is None)


def plan():
    to = Destination.of_function(FunctionKey("hello"), namespace="default")
    return Plan(
        name="beat", namespace="default", times=times("beat", "* * * * *", None), destination=to
    )


def timers(loop):
    return [each for each in loop._scheduled if not each.cancelled()]


def test_there_is_a_timer_only_while_there_are_schedules(tmp_path):
    async def live():
        queue = SqliteQueue(tmp_path / "queue.sqlite3")
        scheduler = Scheduler(queue)
        loop = asyncio.get_running_loop()
        before = len(timers(loop))
        scheduler.start()
        assert len(timers(loop)) == before
        scheduler.replace({"beat": plan()})
        assert len(timers(loop)) == before + 1
        scheduler.replace({})
        assert len(timers(loop)) == before
        scheduler.replace({"beat": plan()})
        await scheduler.close()
        assert len(timers(loop)) == before
        await queue.close()

    asyncio.run(live())


def test_it_fires_by_itself(tmp_path):
    async def live():
        queue = SqliteQueue(tmp_path / "queue.sqlite3")
        fired = asyncio.Event()
        queue.on_change(lambda _key: fired.set())
        began = time.monotonic()
        ahead_s = 59.5 - time.time() % 60
        scheduler = Scheduler(queue, wall=lambda: time.time() + ahead_s)
        scheduler.replace({"beat": plan()})
        scheduler.start()
        await asyncio.wait_for(fired.wait(), 10)
        assert time.monotonic() - began > 0.3
        await scheduler.close()
        await queue.close()

    asyncio.run(live())


def test_what_is_missed_is_told(tmp_path, caplog):
    async def live():
        queue = SqliteQueue(tmp_path / "queue.sqlite3")
        now = [1_800_000_000.0]
        scheduler = Scheduler(queue, wall=lambda: now[0])
        scheduler.replace({"beat": plan()})
        now[0] += 86_400
        scheduler.look()
        await scheduler.close()
        assert not await queue.messages()
        await queue.close()

    asyncio.run(live())
    assert "schedule beat has missed 2027-01-15T08:01:00Z, and it is not made up for" in caplog.text


def test_a_jump_forward_fires_once_and_after_a_jump_back_the_new_time_counts(tmp_path):
    async def live():
        queue = SqliteQueue(tmp_path / "queue.sqlite3")
        now = [1_800_000_000.0]
        scheduler = Scheduler(queue, wall=lambda: now[0])
        scheduler.replace({"beat": plan()})
        counts = []
        for at in (59, 60, 3660, 600, 3661, 3720):
            now[0] = 1_800_000_000.0 + at
            scheduler.look()
            await asyncio.gather(*scheduler._storing)
            counts.append(len(await queue.messages()))
        assert counts == [0, 1, 2, 2, 3, 4]
        (_, message, _), *_ = await queue.messages()
        assert json.dumps(dict(message.attributes)).count("pingsources/beat") == 1
        await scheduler.close()
        await queue.close()

    asyncio.run(live())
