"""A city's plan of callbacks (回访计划): the order of channels, how often, how far apart, and at what hours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

from ticketing.deadlines import Limit
from ticketing.watch import limit_of

_ONE_DAY = timedelta(days=1)


class Channel(StrEnum):
    """评价链接, 机器人电话, 人工回访."""

    LINK = "link"
    ROBOT = "robot"
    OPERATOR = "operator"


CALLS = frozenset({Channel.ROBOT, Channel.OPERATOR})


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the city's day, which may reach over midnight."""

    opens: time
    closes: time
    zone: ZoneInfo

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies within."""
        clock = moment.astimezone(self.zone).time()
        if self.opens <= self.closes:
            return self.opens <= clock < self.closes
        return clock >= self.opens or clock < self.closes

    def next(self, moment: datetime) -> datetime:
        """The moment itself when it lies within, else when the span opens next."""
        return moment if self.holds(moment) else self._coming(moment, self.opens)

    def end(self, moment: datetime) -> datetime:
        """When the span that holds a moment is over; the moment itself when none does."""
        return self._coming(moment, self.closes) if self.holds(moment) else moment

    def _coming(self, moment: datetime, clock: time) -> datetime:
        local = moment.astimezone(self.zone)
        at = datetime.combine(local.date(), clock, self.zone)
        return at if at > local else datetime.combine(local.date() + _ONE_DAY, clock, self.zone)


@dataclass(frozen=True, slots=True)
class Step:
    """One channel's turn: at most so many tries, so far apart."""

    channel: Channel
    attempts: int
    apart: Limit


@dataclass(frozen=True, slots=True)
class CallPlan:
    """The steps in order, the hours of calls, and the hours in which nothing rings (静默时段)."""

    steps: tuple[Step, ...]
    hours: Hours
    quiet: Hours

    @classmethod
    def load(cls, data: Mapping[str, Any], zone: ZoneInfo) -> Self:
        """The plan as `callbacks.yml` gives it; it ends with people, so that nothing is forgotten."""
        steps = tuple(
            Step(
                Channel(row["channel"]), int(row["attempts"]), limit_of({"limit": row["apart"], "basis": row["basis"]})
            )
            for row in data["steps"]
        )
        if not steps or steps[-1].channel is not Channel.OPERATOR:
            raise ValueError("callbacks.yml must end with the operator's step")
        return cls(steps, _hours(data["hours"], zone), _hours(data["quiet"], zone))


def _hours(span: list[str], zone: ZoneInfo) -> Hours:
    opens, closes = (time.fromisoformat(edge) for edge in span)
    return Hours(opens, closes, zone)
