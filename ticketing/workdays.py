"""Which days are working days: the State Council's list (法定节假日, 调休), and a guess where it is not out yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

import chinese_calendar
from holidays import country_holidays


class DayKind(StrEnum):
    """Why a day counts or does not."""

    WORKDAY = "workday"
    MAKE_UP = "make_up"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    CITY_WORKDAY = "city_workday"
    CITY_HOLIDAY = "city_holiday"


WORKING = frozenset({DayKind.WORKDAY, DayKind.MAKE_UP, DayKind.CITY_WORKDAY})


@dataclass(frozen=True, slots=True)
class Day:
    """One day, its kind, the name of its holiday, and whether this is only a guess."""

    date: date
    kind: DayKind
    name: str | None = None
    provisional: bool = False

    @property
    def working(self) -> bool:
        """Whether work is done on this day."""
        return self.kind in WORKING

    def to_json(self) -> dict[str, str | None]:
        """The day as plain JSON."""
        return {"date": self.date.isoformat(), "kind": self.kind.value, "name": self.name}


@lru_cache(maxsize=4096)
def official_day(on: date) -> Day:
    """A day by the State Council's list; beyond the list by the statutory days and weekends, marked provisional."""
    try:
        rest, english = chinese_calendar.get_holiday_detail(on)
    except NotImplementedError:
        return _guessed(on)
    name = chinese_calendar.Holiday(english).chinese if english in _NAMES else None
    if rest:
        return Day(on, DayKind.HOLIDAY if name else DayKind.WEEKEND, name)
    return Day(on, DayKind.MAKE_UP if on.weekday() >= 5 else DayKind.WORKDAY, name if on.weekday() >= 5 else None)


_NAMES = frozenset(holiday.value for holiday in chinese_calendar.Holiday)


def _guessed(on: date) -> Day:
    name = _statutory(on.year).get(on)
    if name is not None:
        return Day(on, DayKind.HOLIDAY, name, provisional=True)
    return Day(on, DayKind.WEEKEND if on.weekday() >= 5 else DayKind.WORKDAY, provisional=True)


@lru_cache(maxsize=16)
def _statutory(year: int) -> dict[date, str]:
    return dict(country_holidays("CN", years=year, language="zh_CN").items())
