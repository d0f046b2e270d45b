"""Metrics (考核指标) over the API: the registry's figures for a span, in one accounting at a time."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal

from aiohttp import web

from integrations.api.access import BEARER
from integrations.api.fields import Code, Day, Given, Moment, Told
from integrations.api.surface import API
from integrations.bootstrap import HOUSE, House
from integrations.consoles.words import now
from integrations.reports.desk import catalogue_counts
from ticketing import measuring, report_periods
from ticketing.api_tokens import Scope
from ticketing.errors import Forbidden, Invalid
from ticketing.measuring import Figure, Question
from ticketing.metrics import METRICS, Accounting
from ticketing.models import Role
from ticketing.queries import EVERYTHING
from ticketing.report_periods import midnight
from ticketing.reports import MAX_SPAN
from ticketing.workflow import Actor

_ONE_DAY = timedelta(days=1)


class MetricsQuery(Given):
    """Days in the city's own dates, both included; without them, this month."""

    since: Day | None = None
    until: Day | None = None
    accounting: Accounting = Accounting.COHORT
    department: Code | None = None


class MetricTold(Told):
    """One figure; `value` is absent where nothing was counted, `assessed` after 考核剔除."""

    code: str
    unit: str
    known: bool
    numerator: int
    denominator: int
    value: Decimal | None
    assessed: Decimal | None


class MetricsTold(Told):
    """The figures and exactly what they are of."""

    accounting: Accounting
    start: Moment
    end: Moment
    as_of: Moment
    department: str | None
    metrics: list[MetricTold]


@API.operation("GET", "/metrics", Scope.METRICS)
async def get_metrics(request: web.Request, query: MetricsQuery) -> MetricsTold:
    """The metrics of a span; a department's account gets its own figures only."""
    house = request.app[HOUSE]
    question = _question(house, request[BEARER].actor, query)
    figures = await asyncio.to_thread(_measure, house, question)
    told = [_told(code, figure) for code, figure in figures.items()]
    asked = {name: getattr(question, name) for name in ("accounting", "start", "end", "as_of", "department")}
    return MetricsTold(**asked, metrics=told)


def _question(house: House, actor: Actor, query: MetricsQuery) -> Question:
    if actor.role not in EVERYTHING | {Role.DEPARTMENT}:
        raise Forbidden("page_not_yours")
    moment = now()
    start, end = report_periods.around(house.city, "month", house.city.today(moment))
    try:
        start = midnight(house.city, date.fromisoformat(query.since)) if query.since else start
        end = midnight(house.city, date.fromisoformat(query.until) + _ONE_DAY) if query.until else end
    except (ValueError, OverflowError) as error:
        raise Invalid("span_unfit", field="since") from error
    if not start < end <= start + MAX_SPAN:
        raise Invalid("span_unfit", field="until")
    own = actor.department if actor.role is Role.DEPARTMENT else query.department
    return Question(query.accounting, start, end, moment, own)


def _measure(house: House, question: Question) -> dict[str, Figure]:
    outside = catalogue_counts(house) if question.department is None else {}
    with house.database.read() as session:
        return measuring.measure(session, house.city, question, METRICS, outside)


def _told(code: str, figure: Figure) -> MetricTold:
    everything, assessed = figure.everything, figure.assessed
    return MetricTold(
        code=code,
        unit=figure.metric.unit.value,
        known=figure.known,
        numerator=everything.numerator,
        denominator=everything.denominator,
        value=everything.value,
        assessed=assessed.value if assessed else None,
    )
