from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.deadlines import Calendar, Limit, due
from ticketing.workdays import Day, DayKind, official_day

CITY = ZoneInfo("Asia/Shanghai")
SPANS = ((time(8, 30), time(12)), (time(14, 30), time(17, 30)))
CALENDAR = Calendar(CITY, SPANS)

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
moments = st.integers(0, 6 * 365 * 86_400).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
limits = st.builds(Limit, st.integers(1, 60), st.sampled_from(["min", "h", "wh", "wd", "d"]), st.just("样例"))
working = st.builds(Limit, st.integers(1, 60), st.sampled_from(["wh", "wd", "d"]), st.just("样例"))


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


def end(start, rule, calendar=CALENDAR):
    return due(calendar, local(start), Limit.parse(rule, "样例"))


@pytest.mark.parametrize(
    ("start", "rule", "at"),
    [
        # make-up days count: 2026-02-14, 02-28 (春节), 10-10 (国庆)
        ("2026-02-13T10:00", "1 wd", "2026-02-14T17:30"),
        ("2026-02-13T10:00", "2 wd", "2026-02-24T17:30"),
        ("2026-02-27T10:00", "1 wd", "2026-02-28T17:30"),
        ("2026-10-09T10:00", "1 wd", "2026-10-10T17:30"),
        ("2026-02-13T16:30", "4 wh", "2026-02-14T11:30"),
        # the start day is left out, whenever in the day it began
        ("2026-03-03T00:01", "5 wd", "2026-03-10T17:30"),
        ("2026-03-03T23:59", "5 wd", "2026-03-10T17:30"),
        ("2026-03-07T12:00", "1 wd", "2026-03-09T17:30"),
        # working hours over the lunch break, the night and the weekend
        ("2026-03-03T11:30", "1 wh", "2026-03-03T15:00"),
        ("2026-03-03T08:00", "4 wh", "2026-03-03T15:00"),
        ("2026-03-03T13:00", "3 wh", "2026-03-03T17:30"),
        ("2026-03-06T17:00", "1 wh", "2026-03-09T09:00"),
        ("2026-03-06T20:00", "4 wh", "2026-03-09T15:00"),
        # clock time runs through the night and the holiday
        ("2026-02-16T23:50", "15 min", "2026-02-17T00:05"),
        ("2026-02-16T23:50", "24 h", "2026-02-17T23:50"),
        # natural days end on a working day
        ("2026-03-03T10:00", "2 d", "2026-03-05T17:30"),
        ("2026-03-03T10:00", "4 d", "2026-03-09T17:30"),
        ("2026-02-10T10:00", "5 d", "2026-02-24T17:30"),
        ("2024-09-30T10:00", "1 wd", "2024-10-08T17:30"),
        ("2025-01-25T10:00", "1 wd", "2025-01-26T17:30"),
    ],
)
def test_golden_cases(start, rule, at):
    assert end(start, rule).at == local(at)
    assert not end(start, rule).provisional


def test_a_due_time_explains_itself():
    found = end("2026-02-13T10:00", "2 wd")
    assert [(day.date.isoformat(), day.kind, day.name) for day in found.counted] == [
        ("2026-02-14", DayKind.MAKE_UP, "春节"),
        ("2026-02-24", DayKind.WORKDAY, None),
    ]
    assert [day.date.day for day in found.skipped] == list(range(15, 24))
    assert {day.name for day in found.skipped} == {"春节"}
    assert found.explanation()["counted"][0] == {"date": "2026-02-14", "kind": "make_up", "name": "春节"}
    assert (found.rule, found.basis) == ("2 wd", "样例")


def test_next_year_is_provisional_and_never_a_crash():
    found = end("2026-12-31T10:00", "1 wd")
    assert (found.at, found.provisional) == (local("2027-01-04T17:30"), True)
    assert found.skipped[0].name == "元旦"
    assert end("2031-05-20T10:00", "10 wd").provisional
    assert not end("2026-12-31T10:00", "24 h").provisional


def test_the_citys_own_table_comes_first():
    own = [Day(date(2026, 3, 4), DayKind.CITY_HOLIDAY, "那达慕"), Day(date(2026, 3, 7), DayKind.CITY_WORKDAY)]
    calendar = Calendar(CITY, SPANS, {day.date: day for day in own})
    assert end("2026-03-03T10:00", "1 wd", calendar).at == local("2026-03-05T17:30")
    assert end("2026-03-06T10:00", "1 wd", calendar).at == local("2026-03-07T17:30")
    settled = Calendar(CITY, SPANS, {date(2027, 1, 4): Day(date(2027, 1, 4), DayKind.WORKDAY)})
    assert settled.day(date(2027, 1, 4)).provisional is False


def test_a_city_that_never_works_is_told_so():
    closed = {day: Day(day, DayKind.CITY_HOLIDAY) for n in range(5000) if (day := date(2026, 1, 1) + timedelta(n))}
    with pytest.raises(ValueError, match="no working time"):
        end("2026-01-01T10:00", "1 wh", Calendar(CITY, SPANS, closed))
    for rule in ("1 wd", "1 d"):
        with pytest.raises(ValueError, match="no working time"):
            end("2026-01-01T10:00", rule, Calendar(CITY, SPANS, closed))


@pytest.mark.parametrize("text", ["", "0 wd", "5", "wd", "5 weeks", "-1 h", "5  wd", "99999 h", "５ wd"])
def test_a_limit_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="no time limit"):
        Limit.parse(text, "样例")


@pytest.mark.parametrize("spans", [(), ((time(12), time(8)),), ((time(8), time(12)), (time(11), time(17)))])
def test_spans_are_in_order(spans):
    with pytest.raises(ValueError, match="spans"):
        Calendar(CITY, spans)


def test_the_official_years_have_their_make_up_days():
    for year, count in ((2024, 8), (2025, 5), (2026, 6)):
        days = (official_day(date(year, 1, 1) + timedelta(n)) for n in range(366 if year == 2024 else 365))
        assert sum(day.kind is DayKind.MAKE_UP for day in days) == count


@given(moments, moments, limits)
def test_who_comes_later_is_due_later(one, other, limit):
    first, second = sorted((one, other))
    assert due(CALENDAR, first, limit).at <= due(CALENDAR, second, limit).at


@given(moments, working)
def test_a_working_limit_never_ends_in_rest_time(start, limit):
    found = due(CALENDAR, start, limit)
    assert CALENDAR.is_working(found.at)
    assert found.at > start
    assert all(day.working for day in found.counted[-1:])


@given(moments, st.integers(1, 30), st.integers(1, 30), st.sampled_from(["wh", "wd", "h", "min"]))
def test_limits_add_up(start, first, second, unit):
    whole = due(CALENDAR, start, Limit(first + second, unit, "样例")).at
    half = due(CALENDAR, start, Limit(first, unit, "样例")).at
    assert due(CALENDAR, half, Limit(second, unit, "样例")).at == whole


@given(moments, st.builds(Limit, st.integers(1, 60), st.just("wd"), st.just("样例")))
def test_as_many_working_days_as_promised_are_counted(start, limit):
    found = due(CALENDAR, start, limit)
    assert len(found.counted) == limit.amount
    assert all(day.working for day in found.counted)
    assert not any(day.working for day in found.skipped)


@pytest.mark.parametrize(
    ("at", "is_open"), [("2026-03-03T12:00", True), ("2026-03-03T13:00", False), ("2026-03-07T09:00", False)]
)
def test_working_time(at, is_open):
    assert CALENDAR.is_working(local(at)) is is_open
