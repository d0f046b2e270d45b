"""The metrics (考核指标) as they are now: one accounting at a time, with the definition beside every figure."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta

from aiohttp import web

from integrations.bootstrap import HOUSE, House
from integrations.consoles.access import PERSON, page
from integrations.consoles.words import now
from integrations.reports.desk import catalogue_counts
from ticketing import measuring, report_periods
from ticketing.accounts import Person
from ticketing.city import City
from ticketing.errors import Invalid
from ticketing.measuring import Figure, Question
from ticketing.metrics import METRICS, Accounting
from ticketing.models import Role
from ticketing.report_periods import midnight
from ticketing.report_sections import shown
from ticketing.reports import MAX_SPAN

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Row:
    """One metric on the screen."""

    code: str
    figure: Figure
    value: str
    assessed: str


async def metrics_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/metrics?since=&until=&accounting=&department=`."""
    house, person = request.app[HOUSE], request[PERSON]
    question = _question(request, house.city, person)
    rows = await asyncio.to_thread(_rows, house, question)
    return page(
        request, "metrics.html", here="metrics", rows=rows, question=question, accountings=list(Accounting),
        since=house.city.today(question.start), until=house.city.today(question.end - _ONE_DAY),
        departments=[] if person.role is Role.DEPARTMENT else sorted(house.city.departments),
    )  # fmt: skip


def _question(request: web.Request, city: City, person: Person) -> Question:
    """The question of the address; a department asks about itself alone."""
    start, end = report_periods.around(city, "month", city.today(now()))
    department = request.query.get("department") or None
    try:
        if "since" in request.query:
            start = midnight(city, date.fromisoformat(request.query["since"]))
        if "until" in request.query:
            end = midnight(city, date.fromisoformat(request.query["until"]) + _ONE_DAY)
        accounting = Accounting(request.query.get("accounting", Accounting.COHORT))
    except (ValueError, OverflowError) as error:
        raise Invalid("span_unfit", field="since") from error
    if not start < end <= start + MAX_SPAN:
        raise Invalid("span_unfit", field="until")
    if person.role is Role.DEPARTMENT:
        department = person.department
    elif department is not None and department not in city.departments:
        raise Invalid("department_unknown", field="department")
    return Question(accounting, start, end, now(), department)


def _rows(house: House, question: Question) -> list[Row]:
    with house.database.read() as session:
        outside = catalogue_counts(house) if question.department is None else {}
        found = measuring.measure(session, house.city, question, METRICS, outside)
    return [
        Row(code, figure, shown(figure.everything, figure.metric.unit), shown(figure.assessed, figure.metric.unit))
        for code, figure in found.items()
    ]
