"""Lengths of working time (工作时长) for many tickets: the same figures as `pauses.worked`, each in two look-ups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from ticketing.deadlines import Calendar

_ONE_DAY = timedelta(days=1)


class Worked:
    """Working time between moments by one calendar; every day is looked at once."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._spans = [
            (_seconds(start.hour, start.minute), _seconds(end.hour, end.minute)) for start, end in calendar.spans
        ]
        self._day = sum(end - start for start, end in self._spans)
        self._before: dict[date, int] = {}
        self._first: date | None = None

    def hours(self, start: datetime, end: datetime) -> float:
        """The working hours between two moments; 0 where the end comes first."""
        return max(self._until(end) - self._until(start), 0) / 3600

    def _until(self, moment: datetime) -> float:
        """The working seconds from a fixed day to a moment."""
        local = self._calendar.local(moment)
        before = self._whole_days(local.date())
        if not self._calendar.day(local.date()).working:
            return before
        clock = local.hour * 3600 + local.minute * 60 + local.second
        return before + sum(min(max(clock - start, 0), end - start) for start, end in self._spans)

    def _whole_days(self, day: date) -> int:
        if self._first is None:
            self._first = day.replace(month=1, day=1)
            self._before[self._first] = 0
        if day not in self._before:
            self._fill(day)
        return self._before[day]

    def _fill(self, day: date) -> None:
        last, first = max(self._before), min(self._before)
        while last < day:
            self._before[last + _ONE_DAY] = self._before[last] + self._of(last)
            last += _ONE_DAY
        while day < first:
            first -= _ONE_DAY
            self._before[first] = self._before[first + _ONE_DAY] - self._of(first)

    def _of(self, day: date) -> int:
        return self._day if self._calendar.day(day).working else 0


def _seconds(hour: int, minute: int) -> int:
    return hour * 3600 + minute * 60


def quantile(values: Sequence[float], share: float) -> Decimal | None:
    """The smallest value that at least this share of all do not exceed, to two decimals (最近秩法)."""
    if not values:
        return None
    ranked = sorted(values)
    nearest = ranked[max(math.ceil(share * len(ranked)) - 1, 0)]
    return Decimal(str(nearest)).quantize(Decimal("0.01"), ROUND_HALF_UP)
