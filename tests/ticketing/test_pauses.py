from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ticketing.deadlines import Calendar, Limit, due
from ticketing.pauses import resumed, warning_points, worked

CITY = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(CITY, ((time(8, 30), time(12)), (time(14, 30), time(17, 30))))
EPOCH = datetime(2025, 1, 1, tzinfo=CITY)
moments = st.integers(0, 2 * 365 * 86_400).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
limits = st.builds(Limit, st.integers(1, 20), st.sampled_from(["min", "h", "wh", "wd", "d"]), st.just("样例"))
shares = st.floats(0, 0.999)
pauses = st.timedeltas(timedelta(0), timedelta(days=60))


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


def paused_within(start, limit, share):
    end = due(CALENDAR, start, limit).at
    return start + (end - start) * share, end


@given(moments, limits, shares)
def test_a_pause_that_ends_at_once_moves_nothing(start, limit, share):
    paused, end = paused_within(start, limit, share)
    if limit.unit == "wh":
        assert abs(resumed(CALENDAR, end, limit, paused, paused).at - end) <= timedelta(seconds=1)
    else:
        assert resumed(CALENDAR, end, limit, paused, paused).at == end


@given(moments, limits, shares, pauses, pauses)
def test_the_longer_the_pause_the_later_the_end_and_never_at_rest(start, limit, share, one, other):
    paused, end = paused_within(start, limit, share)
    short, long = sorted((one, other))
    early = resumed(CALENDAR, end, limit, paused, paused + short)
    late = resumed(CALENDAR, end, limit, paused, paused + long)
    assert end <= early.at + timedelta(seconds=1) and early.at <= late.at
    assert paused + long <= late.at and late.rule == limit.rule
    if limit.unit not in {"min", "h"}:
        assert CALENDAR.is_working(late.at)


@given(moments, limits, shares, pauses)
def test_what_was_left_is_what_is_left(start, limit, share, length):
    """A pause counts once: the unit has as much time after it as it had before."""
    paused, end = paused_within(start, limit, share)
    back = paused + length
    new = resumed(CALENDAR, end, limit, paused, back).at
    if limit.unit in {"min", "h"}:
        assert new - back == end - paused
    if limit.unit == "wh":
        assert abs(worked(CALENDAR, back, new) - worked(CALENDAR, paused, end)) <= timedelta(seconds=1)
    if limit.unit == "wd":
        assert days(back, new) == max(days(paused, end), days(back, new) if days(paused, end) == 0 else 0)


def days(start, end):
    first, last = CALENDAR.local(start).date(), CALENDAR.local(end).date()
    between = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sum(CALENDAR.day(day).working for day in between)


@pytest.mark.parametrize(
    ("rule", "end", "paused", "back", "at"),
    [
        ("5 wd", "2026-03-10T17:30", "2026-03-04T10:00", "2026-03-11T09:00", "2026-03-17T17:30"),
        ("5 wd", "2026-03-10T17:30", "2026-03-10T10:00", "2026-03-12T09:00", "2026-03-12T17:30"),
        ("5 wd", "2026-03-10T17:30", "2026-03-10T10:00", "2026-03-12T19:00", "2026-03-13T17:30"),
        ("5 wd", "2026-03-10T17:30", "2026-03-10T10:00", "2026-03-14T09:00", "2026-03-16T17:30"),
        ("15 d", "2026-03-18T17:30", "2026-03-10T10:00", "2026-03-20T10:00", "2026-03-30T17:30"),
        ("24 h", "2026-03-11T10:00", "2026-03-10T12:00", "2026-03-10T15:00", "2026-03-11T13:00"),
        ("4 wh", "2026-03-10T15:00", "2026-03-10T09:30", "2026-03-11T09:00", "2026-03-11T12:00"),
    ],
)
def test_golden_pauses(rule, end, paused, back, at):
    limit = Limit.parse(rule, "样例")
    assert resumed(CALENDAR, local(end), limit, local(paused), local(back)).at == local(at)


@given(moments, moments, moments)
def test_working_time_adds_up(one, two, three):
    first, middle, last = sorted((one, two, three))
    assume(last - first < timedelta(days=200))
    assert worked(CALENDAR, first, middle) + worked(CALENDAR, middle, last) == worked(CALENDAR, first, last)


@pytest.mark.parametrize(
    ("start", "rule", "points"),
    [
        ("2026-03-03T10:00", "2 h", [("half", "2026-03-03T11:00"), ("most", "2026-03-03T11:36")]),
        ("2026-03-03T08:30", "4 wh", [("half", "2026-03-03T10:30"), ("most", "2026-03-03T11:42")]),
        ("2026-03-03T08:30", "1 wd", [("most", "2026-03-04T14:54")]),
        ("2026-03-03T10:00", "5 wd", [("h48", "2026-03-08T17:30"), ("h24", "2026-03-09T17:30")]),
        ("2026-03-03T10:00", "15 d", [("h48", "2026-03-16T17:30"), ("h24", "2026-03-17T17:30")]),
    ],
)
def test_golden_warnings(start, rule, points):
    limit = Limit.parse(rule, "样例")
    end = due(CALENDAR, local(start), limit).at
    found = warning_points(CALENDAR, local(start), end, limit)
    assert [point.level for point in found] == [level for level, _ in points]
    for point, (_, at) in zip(found, points, strict=True):
        assert abs(point.at - local(at)) <= timedelta(seconds=1), point.at.astimezone(CITY)


@given(moments, limits)
def test_warnings_come_before_the_end_and_in_order(start, limit):
    end = due(CALENDAR, start, limit).at
    points = [point.at for point in warning_points(CALENDAR, start, end, limit)]
    assert points == sorted(points)
    assert all(start < at < end for at in points)
