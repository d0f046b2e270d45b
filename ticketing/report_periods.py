"""The spans reports are about (统计期): days, weeks, months, quarters and years on the city's own calendar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from ticketing.city import City

_ONE_DAY = timedelta(days=1)


def _month(day: date, months: int) -> date:
    """The first day of the month so many months later."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


_SPANS: Mapping[str, Callable[[date], tuple[date, date]]] = MappingProxyType(
    {
        "day": lambda day: (day, day + _ONE_DAY),
        "week": lambda day: (day - timedelta(days=day.weekday()), day + timedelta(days=7 - day.weekday())),
        "month": lambda day: (_month(day, 0), _month(day, 1)),
        "quarter": lambda day: (_quarter(day), _month(_quarter(day), 3)),
        "year": lambda day: (date(day.year, 1, 1), date(day.year + 1, 1, 1)),
    }
)
NAMES = tuple(_SPANS)


def around(city: City, name: str, day: date) -> tuple[datetime, datetime]:
    """The day, week, month, quarter or year a day lies in, from midnight to midnight in the city."""
    first, after = _SPANS[name](day)
    return midnight(city, first), midnight(city, after)


def last_finished(city: City, name: str, now: datetime) -> tuple[datetime, datetime]:
    """The newest one that is over."""
    start, _ = around(city, name, city.today(now))
    return around(city, name, (start - timedelta(hours=1)).astimezone(city.zone).date())


def midnight(city: City, day: date) -> datetime:
    """The beginning of a day in the city."""
    return datetime.combine(day, time(0), city.zone)
