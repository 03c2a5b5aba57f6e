"""When schedules are due, with clocks that go wrong."""

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_local.broker.timetable import CORRECTION_S, Timetable, times
from wherry_local.errors import ScheduleInvalid

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=timezone.utc).timestamp()
MINUTE, HOUR, DAY = 60, 3600, 86_400


def table(cron, *, zone=None, now=NOON):
    return Timetable({"s": times("s", cron, zone)}, now)


def due(timetable, *nows):
    return [each.at - NOON for now in nows for each in timetable.due(NOON + now) if not each.missed]


@pytest.mark.parametrize(
    ("cron", "after"),
    [
        ("* * * * *", MINUTE),
        ("*/5 * * * *", 5 * MINUTE),
        ("0 13 * * *", HOUR),
        ("? ? * * ?", MINUTE),
        ("0 0 * * MON-FRI", 12 * HOUR),
        ("@hourly", HOUR),
        ("@daily", 12 * HOUR),
        ("@midnight", 12 * HOUR),
        ("@weekly", 4 * DAY + 12 * HOUR),
        ("@monthly", 21 * DAY + 12 * HOUR),
        ("@yearly", 296 * DAY + 12 * HOUR),
        ("@annually", 296 * DAY + 12 * HOUR),
    ],
)
def test_the_next_time(cron, after):
    assert table(cron).next_at() - NOON == after


def test_each_time_is_due_once():
    timetable = table("* * * * *")
    assert due(timetable, 0, 59.9, 60, 60.1, 119, 120) == [60, 120]


def test_without_schedules_nothing_is_ever_due():
    assert Timetable({}, NOON).next_at() is None


def test_what_was_before_the_beginning_is_not_made_up_for():
    assert due(table("0 * * * *"), 0, 1) == []


def test_the_clock_goes_forward():
    timetable = table("* * * * *")
    assert due(timetable, 60, 60 + HOUR) == [60, 120]
    assert due(timetable, 60 + HOUR + 59) == []
    assert due(timetable, 120 + HOUR) == [120 + HOUR]


def test_a_long_step_forward_is_a_correction():
    timetable = table("0 13 * * *")
    (missed,) = timetable.due(NOON + HOUR + CORRECTION_S)
    assert missed == ("s", NOON + HOUR, True)
    assert due(timetable, HOUR + CORRECTION_S + 1) == []
    assert timetable.next_at() - NOON == 25 * HOUR


def test_the_clock_goes_back():
    timetable = table("5,10 12 * * *")
    assert due(timetable, 5 * MINUTE) == [5 * MINUTE]
    assert due(timetable, -HOUR, 0, 5 * MINUTE, 9 * MINUTE) == []
    assert due(timetable, 10 * MINUTE) == [10 * MINUTE]


@pytest.mark.parametrize("cron", ["* * * * *", "*/1 12,11 * * *", "0-59 * * * *"])
def test_what_is_due_again_and_again_goes_by_a_clock_that_goes_back(cron):
    timetable = table(cron)
    assert due(timetable, 60, 120) == [60, 120]
    assert due(timetable, -HOUR, MINUTE - HOUR) == [MINUTE - HOUR]


def test_a_clock_that_goes_back_a_little_stands_still():
    timetable = table("* * * * *")
    assert due(timetable, 60, 59, 60, 61, 2, 60, 120) == [60, 120]


def test_a_long_step_back_is_a_correction():
    timetable = table("* * * * *")
    assert due(timetable, 60) == [60]
    assert due(timetable, -DAY, MINUTE - DAY) == [MINUTE - DAY]


def test_a_zone_has_its_own_time():
    rome = ZoneInfo("Europe/Rome")
    start = datetime(2026, 3, 27, 12, tzinfo=rome)
    entry = times("s", "0 9 * * *", "Europe/Rome")
    at, found = start.timestamp(), []
    for _ in range(4):
        at = entry.after(at)
        found.append(datetime.fromtimestamp(at, rome))
    assert [each.hour for each in found] == [9] * 4
    utc_hours = [each.astimezone(timezone.utc).hour for each in found]
    assert utc_hours == [8, 7, 7, 7]  # summer begins on the 29th


def test_an_hour_that_is_not_there_and_one_that_is_there_twice():
    rome = ZoneInfo("Europe/Rome")
    entry = times("s", "30 2 * * *", "Europe/Rome")
    spring = entry.after(datetime(2026, 3, 28, 12, tzinfo=rome).timestamp())
    assert datetime.fromtimestamp(spring, rome).isoformat() == "2026-03-29T03:00:00+02:00"
    autumn = datetime(2026, 10, 24, 12, tzinfo=rome).timestamp()
    first = entry.after(autumn)
    assert entry.after(first) - first == 25 * HOUR


@pytest.mark.parametrize(
    ("cron", "zone", "told"),
    [
        ("0 0 31 2 *", None, "schedules.s.cron: got '0 0 31 2 *'"),
        ("61 * * * *", None, "expected five fields"),
        ("* * * *", None, "expected five fields"),
        ("5-1 * * * *", None, "expected five fields"),
        ("* * * * *", "Europe/Atlantis", "schedules.s.time_zone: got 'Europe/Atlantis'"),
        ("* * * * *", "../etc/passwd", "expected a zone that this machine knows"),
    ],
)
def test_what_is_no_schedule(cron, zone, told):
    with pytest.raises(ScheduleInvalid) as raised:
        times("s", cron, zone)
    assert told in raised.value.message


@settings(deadline=None)
@given(
    st.sampled_from(["* * * * *", "*/7 * * * *", "0 * * * *", "30 2 * * *"]),
    st.sampled_from([None, "Europe/Rome", "Asia/Kathmandu"]),
    st.lists(st.floats(-5 * HOUR, 5 * HOUR), max_size=30),
)
def test_no_time_is_due_twice_but_after_a_correction(cron, zone, steps):
    timetable = table(cron, zone=zone)
    now, fired = NOON, []
    for each in steps:
        if now + each < now - (MINUTE if times("s", cron, zone).is_frequent else CORRECTION_S):
            fired = []
        now += each
        found = [each.at for each in timetable.due(now)]
        assert all(at <= now for at in found)
        fired += found
        assert len(set(fired)) == len(fired)
        assert timetable.next_at() > now or each <= 0


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 100))
def test_a_clock_that_goes_right_loses_nothing(count):
    timetable = table("* * * * *")
    found = due(timetable, *(MINUTE * (n + 1) + 0.3 for n in range(count)))
    assert found == [MINUTE * (n + 1) for n in range(count)]
