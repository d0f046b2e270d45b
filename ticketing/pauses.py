"""What a pause (挂起) does to a clock, and when a running clock warns (预警). Pure, like `deadlines`.

A pause counts once: what was left when it began is what is left when it ends. Working days are counted whole, as the
clock itself counts them; a pause that ends at once moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from ticketing.deadlines import Calendar, Due, Limit, advance, due, spans_after

_ONE_DAY = timedelta(days=1)
CLOCK_TIME = frozenset({"min", "h"})


@dataclass(frozen=True, slots=True)
class Point:
    """A moment at which a clock warns: `level` is half, most (80 %), h48 or h24."""

    level: str
    at: datetime


def resumed(calendar: Calendar, due_at: datetime, limit: Limit, paused: datetime, resumes: datetime) -> Due:
    """The new due moment of a clock that stood still between two moments."""
    if limit.unit in CLOCK_TIME:
        return Due((due_at + (resumes - paused)).astimezone(UTC), limit.rule, limit.basis)
    if limit.unit == "wh":
        return advance(calendar, resumes, worked(calendar, paused, due_at), limit)
    left = _days_left(calendar, due_at, limit, paused)
    found = due(calendar, resumes, replace(limit, amount=left)) if left else _today(calendar, resumes, limit)
    return replace(found, rule=limit.rule)


def _days_left(calendar: Calendar, due_at: datetime, limit: Limit, paused: datetime) -> int:
    """How many of the clock's own days lie after the day of the pause."""
    first, last = calendar.local(paused).date(), calendar.local(due_at).date()
    if limit.unit == "d":
        return (last - first).days
    days = ((first + _ONE_DAY * n) for n in range(1, (last - first).days + 1))
    return sum(calendar.day(day).working for day in days)


def _today(calendar: Calendar, resumes: datetime, limit: Limit) -> Due:
    """Paused on its last day: the closing time of the day it goes on, or of the next working day."""
    today = calendar.local(resumes).date()
    if calendar.day(today).working and resumes <= calendar.closing(today):
        return Due(calendar.closing(today).astimezone(UTC), limit.rule, limit.basis, counted=(calendar.day(today),))
    return due(calendar, resumes, replace(limit, amount=1))


def worked(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """The working time between two moments."""
    total, day, last = timedelta(), calendar.local(start).date(), calendar.local(end).date()
    while day <= last:
        if calendar.day(day).working:
            total += _on(calendar, day, start, end)
        day += _ONE_DAY
    return total


def _on(calendar: Calendar, day: date, start: datetime, end: datetime) -> timedelta:
    spans = spans_after(calendar, day, calendar.local(start))
    return sum((max(min(closes, end) - opens, timedelta()) for opens, closes in spans), timedelta())


def warning_points(calendar: Calendar, started: datetime, due_at: datetime, limit: Limit) -> tuple[Point, ...]:
    """When a clock warns: hours at 50 % and 80 %, up to two working days at 80 %, longer ones 48 and 24 hours before.

    A point that lies at or before the start never comes: the clock was shorter than that.
    """
    if limit.unit == "d" or (limit.unit == "wd" and limit.amount > 2):
        points = [Point("h48", due_at - timedelta(hours=48)), Point("h24", due_at - timedelta(hours=24))]
    else:
        shares = {"most": 0.8} if limit.unit == "wd" else {"half": 0.5, "most": 0.8}
        points = [Point(level, _share(calendar, started, due_at, limit, share)) for level, share in shares.items()]
    return tuple(point for point in points if started < point.at < due_at)


def _share(calendar: Calendar, started: datetime, due_at: datetime, limit: Limit, share: float) -> datetime:
    if limit.unit in CLOCK_TIME:
        return started + (due_at - started) * share
    return advance(calendar, started, worked(calendar, started, due_at) * share, limit).at
