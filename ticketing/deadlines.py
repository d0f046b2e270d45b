"""Deadlines (时限) that explain themselves: working time over several spans a day, 法定节假日 and 调休. Pure.

"n wd" leaves the start day out and ends at closing time of the nth working day; "n wh" is arithmetic over the spans;
"n d" counts every day and ends at closing time, moved on when that day is a rest day; "h" and "min" run 24×7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ticketing.workdays import Day, official_day

_LIMIT = re.compile(r"(\d{1,3}) (min|h|wh|wd|d)", re.ASCII)
_ONE_DAY = timedelta(days=1)
_HORIZON = 4000


@dataclass(frozen=True, slots=True)
class Limit:
    """So many of a unit (`min`, `h`, `wh`, `wd`, `d`), and the rule or custom it rests on (依据)."""

    amount: int
    unit: str
    basis: str

    @classmethod
    def parse(cls, text: str, basis: str) -> Limit:
        """The limit of a text such as `4 wh`."""
        match = _LIMIT.fullmatch(text)
        if match is None or int(match[1]) == 0:
            raise ValueError(f"no time limit: {text!r}")
        return cls(int(match[1]), match[2], basis)

    @property
    def rule(self) -> str:
        """The limit as it is written in the city's table."""
        return f"{self.amount} {self.unit}"


@dataclass(frozen=True, slots=True)
class Due:
    """A due moment and its whole explanation: the days that count and the days that were skipped, with their names."""

    at: datetime
    rule: str
    basis: str
    provisional: bool = False
    counted: tuple[Day, ...] = ()
    skipped: tuple[Day, ...] = ()

    def explanation(self) -> dict[str, list[dict[str, str | None]]]:
        """The counted and skipped days as plain JSON."""
        return {"counted": [day.to_json() for day in self.counted], "skipped": [day.to_json() for day in self.skipped]}


@dataclass(frozen=True)
class Calendar:
    """A city's working time: its zone, its spans of a working day, and its own table over the official days."""

    zone: ZoneInfo
    spans: tuple[tuple[time, time], ...]
    own: Mapping[date, Day] = field(default_factory=dict)

    def __post_init__(self) -> None:
        edges = [edge for span in self.spans for edge in span]
        if not edges or edges != sorted(set(edges)):
            raise ValueError("working spans must be in order and apart")

    def day(self, on: date) -> Day:
        """What kind of day it is: the city's table first, then the State Council's, then a provisional guess."""
        return self.own.get(on) or official_day(on)

    def closing(self, on: date) -> datetime:
        """Closing time of a day."""
        return datetime.combine(on, self.spans[-1][1], self.zone)

    def local(self, moment: datetime) -> datetime:
        """A moment on the city's clock."""
        return moment.astimezone(self.zone)

    def is_working(self, moment: datetime) -> bool:
        """Whether a moment lies within working time, edges included."""
        local = self.local(moment)
        clock = local.time()
        return self.day(local.date()).working and any(start <= clock <= end for start, end in self.spans)

    def days_from(self, first: date) -> Iterator[Day]:
        """The days from the first one on; who finds no working time among them has a calendar that never works."""
        for n in range(_HORIZON):
            yield self.day(first + timedelta(days=n))
        raise ValueError(f"no working time within {_HORIZON} days")


def due(calendar: Calendar, start: datetime, limit: Limit) -> Due:
    """When a limit that starts now is due, and why."""
    return _UNITS[limit.unit](calendar, start, limit)


def _clock_time(_calendar: Calendar, start: datetime, limit: Limit) -> Due:
    step = timedelta(minutes=limit.amount) if limit.unit == "min" else timedelta(hours=limit.amount)
    return Due(start.astimezone(UTC) + step, limit.rule, limit.basis)


def _working_days(calendar: Calendar, start: datetime, limit: Limit) -> Due:
    counted: list[Day] = []
    skipped: list[Day] = []
    days = calendar.days_from(calendar.local(start).date() + _ONE_DAY)
    while len(counted) < limit.amount:
        day = next(days)
        (counted if day.working else skipped).append(day)
    return _explained(calendar.closing(counted[-1].date), limit, counted, skipped)


def _natural_days(calendar: Calendar, start: datetime, limit: Limit) -> Due:
    days = calendar.days_from(calendar.local(start).date() + _ONE_DAY)
    counted = [next(days) for _ in range(limit.amount - 1)]
    skipped: list[Day] = []
    while not (last := next(days)).working:
        skipped.append(last)
    return _explained(calendar.closing(last.date), limit, [*counted, last], skipped)


def _working_hours(calendar: Calendar, start: datetime, limit: Limit) -> Due:
    return advance(calendar, start, timedelta(hours=limit.amount), limit)


def advance(calendar: Calendar, start: datetime, left: timedelta, limit: Limit) -> Due:
    """When so much working time has passed since a moment; `limit` is the rule it belongs to."""
    local = calendar.local(start)
    counted: list[Day] = []
    skipped: list[Day] = []
    days = calendar.days_from(local.date())
    while True:
        day = next(days)
        if not day.working:
            skipped.append(day)
            continue
        for opens, closes in spans_after(calendar, day.date, local):
            if day not in counted:
                counted.append(day)
            if left <= closes - opens:
                return _explained(opens + left, limit, counted, skipped)
            left -= closes - opens


def spans_after(calendar: Calendar, on: date, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """What is left of a working day's spans after a moment."""
    for opens, closes in calendar.spans:
        start = max(datetime.combine(on, opens, calendar.zone), moment)
        end = datetime.combine(on, closes, calendar.zone)
        if start < end:
            yield start, end


def _explained(at: datetime, limit: Limit, counted: list[Day], skipped: list[Day]) -> Due:
    provisional = any(day.provisional for day in (*counted, *skipped))
    return Due(at.astimezone(UTC), limit.rule, limit.basis, provisional, tuple(counted), tuple(skipped))


_UNITS: Mapping[str, Callable[[Calendar, datetime, Limit], Due]] = {
    "min": _clock_time,
    "h": _clock_time,
    "wh": _working_hours,
    "wd": _working_days,
    "d": _natural_days,
}
