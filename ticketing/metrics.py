"""The metrics (考核指标): one registry of definitions that SQL, screen and report are driven by.

Cohort accounting (按登记批次) follows the tickets registered in a span to their end; period accounting (按发生时间)
counts what happened in the span, whenever it was registered. A question has one of them, and an answer never mixes two.
What nobody said is never counted as good: an empty denominator has no value at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

Condition = Callable[[Any], ColumnElement[bool]]


class Accounting(StrEnum):
    """按登记批次统计, 按发生时间统计."""

    COHORT = "cohort"
    PERIOD = "period"


class Unit(StrEnum):
    """What a value is: a share in percent, or working hours."""

    PERCENT = "percent"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Part:
    """A numerator or denominator: which rows of the source count, and when each of them happened."""

    counts: Condition
    moment: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One definition; its words (numerator, denominator, cutoff, exclusions) are in `replies/metrics.yml`.

    `source` is the table it counts, None where nothing to count exists yet. `assessed` says whether 考核剔除 applies,
    `lower` that less is better. A `quantile` makes it a length of working time instead of a share.
    """

    code: str
    source: str | None
    numerator: Part | None = None
    denominator: Part | None = None
    assessed: bool = True
    lower: bool = False
    quantile: float | None = None

    @property
    def unit(self) -> Unit:
        """The unit of the value."""
        return Unit.PERCENT if self.quantile is None else Unit.HOURS


def _is(name: str) -> Condition:
    return lambda c: c[name].is_not(None)


def _true(name: str) -> Condition:
    return lambda c: c[name]


def _all(*conditions: Condition) -> Condition:
    return lambda c: and_(*(condition(c) for condition in conditions))


def _not(condition: Condition) -> Condition:
    return lambda c: ~condition(c)


def _share(code: str, source: str, of: Part, counts: Condition, moment: str | None = None, **more: Any) -> Metric:
    """A share whose numerator is a part of its denominator."""
    return Metric(code, source, Part(_all(of.counts, counts), moment or of.moment), of, **more)


_accepted = Part(_all(_is("accepted_at"), _not(_is("rejected_at"))), "accepted_at")
_kept = Part(_all(_accepted.counts, _not(_is("withdrawn_at"))), "accepted_at")
_transferred = Part(_all(_kept.counts, _is("dispatched_at")), "dispatched_at")
_passed = Part(_is("passed_at"), "passed_at")
_closed_week = Part(_all(_is("closed_at"), _true("named"), _true("week_over")), "closed_at")
_given = Part(lambda c: c.action == "dispatch", "started_at")


def _must(due: str, done: str) -> Condition:
    """应签收, 应办结: done, or due by the cutoff without having left the department's hands."""

    def counts(c: Any) -> ColumnElement[bool]:
        waiting = and_(c[due] <= c.as_of, c.gone_at.is_(None), ~c.paused)
        return and_(c[due].is_not(None), or_(c[done].is_not(None), waiting))

    return counts


def _in_time(c: Any) -> ColumnElement[bool]:
    return and_(c.answered_at.is_not(None), c.answered_at <= c.finish_due)


_must_sign = Part(_must("sign_due", "signed_at"), "sign_due")
_must_finish = Part(_must("finish_due", "answered_at"), "finish_due")
_told = {name: Part(_is(name), "rated_at") for name in ("contacted", "resolved", "department_rating", "hotline_rating")}
_asked = Part(_is("asked_at"), "asked_at")
_tried = Part(lambda c: or_(c.tried, c.rated_at.is_not(None)), "asked_at")


def _content(rating: str) -> Condition:
    """满意 or 基本满意: the upper half of the scale the citizen was asked on."""
    return lambda c: c[rating] * 2 > c.scale


_talked = Part(_is("opened_at"), "opened_at")
_left = _all(_true("left_midway"), _not(_true("handed")))
_DEFINITIONS = (
    Metric("connected", None, assessed=False),
    Metric("connected_15s", None, assessed=False),
    _share("direct", "ticket", _accepted, _is("direct_at"), "direct_at", assessed=False),
    _share("closed", "ticket", _kept, _is("closed_at"), "closed_at"),
    _share("transferred_closed", "ticket", _transferred, _is("closed_at"), "closed_at"),
    _share("signed_in_time", "round", _must_sign, lambda c: c.signed_at <= c.sign_due),
    _share("finished_in_time", "round", _must_finish, _in_time),
    _share("overdue", "round", _must_finish, _not(_in_time), lower=True),
    _share("contacted", "callback", _told["contacted"], _true("contacted")),
    _share("resolved", "callback", _told["resolved"], _true("resolved")),
    _share("satisfied", "callback", _told["department_rating"], _content("department_rating")),
    _share("satisfied_hotline", "callback", _told["hotline_rating"], _content("hotline_rating"), assessed=False),
    _share("rated", "callback", _asked, _is("rated_at"), assessed=False),
    _share("called_back", "callback", _asked, _tried.counts, assessed=False),
    _share("call_back_reached", "callback", _tried, lambda c: or_(c.reached, c.rated_at.is_not(None)), assessed=False),
    _share("first_time", "ticket", _closed_week, _all(_not(_true("came_back")), _not(_is("reworked_at")))),
    _share("returned", "round", _given, _is("returned_at"), "returned_at", lower=True),
    _share("redirected", "round", _given, lambda c: c.department_before != c.department, lower=True),
    _share("reworked", "ticket", _passed, _is("reworked_at"), "reworked_at", lower=True),
    _share("repeated", "ticket", _accepted, _true("repeated"), assessed=False, lower=True),
    _share("withdrawn", "ticket", _accepted, _is("withdrawn_at"), "withdrawn_at", assessed=False, lower=True),
    Metric("median_time", "ticket", lower=True, quantile=0.5),
    Metric("p90_time", "ticket", lower=True, quantile=0.9),
    _share("bot_abandoned", "conversation", _talked, _left, assessed=False, lower=True),
    _share("handed_over", "conversation", Part(_true("handed"), "opened_at"), _true("met"), assessed=False),
    Metric("items_in_hall", "catalogue", assessed=False),
    Metric("items_online", "catalogue", assessed=False),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.code: metric for metric in _DEFINITIONS})
THREE_RATES = ("contacted", "resolved", "satisfied")
"""三率: 响应率, 解决率, 满意率."""
FOUR_RATES = ("items_in_hall", "items_online", "finished_in_time", "satisfied")
"""四率: 事项进驻率, 网上办理率, 限时办结率, 服务满意率."""
