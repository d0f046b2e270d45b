"""Reports (通报): make one, read it with its charts, take it along as PDF, Word, Excel or CSV."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from urllib.parse import quote
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.forms import Form, uuid_of
from integrations.consoles.pages import PAGES
from integrations.consoles.words import now
from integrations.middleware import status_of
from integrations.reports import desk
from integrations.reports.files import FORMATS
from ticketing import report_periods, reports
from ticketing.accounts import Person
from ticketing.city import City
from ticketing.errors import HotlineError, Invalid
from ticketing.measuring import Question
from ticketing.metrics import Accounting
from ticketing.models import Report
from ticketing.report_periods import midnight

_ONE_DAY = timedelta(days=1)


async def reports_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/reports[?kind=…]`: what is there, and the form for a new one."""
    return await _list(request)


async def _list(request: web.Request, error: HotlineError | None = None) -> web.Response:
    house, person, kind = request.app[HOUSE], request[PERSON], request.query.get("kind")
    kinds = [name for name, one in reports.KINDS.items() if person.role in one.readers]
    picked = kind if kind in kinds else None
    rows = await house.database.reading(_stored, house.city, person, picked)
    start, end = report_periods.last_finished(house.city, "month", now())
    words = request.app[PAGES].words.error(error) if error else None
    return page(
        request, "reports.html", here="reports", status=status_of(error) if error else 200, rows=rows, kinds=kinds,
        picked=picked, error=words, since=house.city.today(start), until=house.city.today(end - _ONE_DAY),
        accountings=list(Accounting), departments=sorted(house.city.departments),
    )  # fmt: skip


def _stored(session: Session, city: City, person: Person, kind: str | None) -> list[Report]:
    return reports.stored(session, city, person.actor, kind=kind)


async def make(request: web.Request) -> web.StreamResponse:
    """`POST /console/reports`: write one and show it."""
    house, form, person = request.app[HOUSE], request[FORM], request[PERSON]
    try:
        question, kind = question_of(form, house.city), form.text("kind")
        matter = form.text("matter", reports.MAX_MATTER)
        report_id = await asyncio.to_thread(desk.make, house, person.actor, kind, question, now(), matter)
    except HotlineError as error:
        return await _list(request, error)
    raise web.HTTPSeeOther(f"/console/reports/{report_id}")


def question_of(form: Form, city: City) -> Question:
    """The span, accounting and department of a form."""
    try:
        first, last = date.fromisoformat(form.text("since")), date.fromisoformat(form.text("until"))
        accounting = Accounting(form.text("accounting"))
        after = last + _ONE_DAY
    except (ValueError, OverflowError) as error:
        raise Invalid("span_unfit", field="since") from error
    department = form.optional("department")
    if department is not None and department not in city.departments:
        raise Invalid("department_unknown", field="department")
    return Question(accounting, midnight(city, first), midnight(city, after), now(), department)


async def report_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/reports/{id}`."""
    report = await _read(request)
    return page(request, "report.html", here="reports", report=report, formats=list(FORMATS))


async def download(request: web.Request) -> web.StreamResponse:
    """`GET /console/reports/{id}/{format}`: always a file to save, never a page of ours."""
    made = FORMATS.get(request.match_info["format"])
    if made is None:
        raise web.HTTPNotFound
    report = await _read(request)
    body = await asyncio.to_thread(made.draw, report, request.app[HOUSE].replies)
    name = f"{report.title}-{report.starts_at.astimezone(request.app[HOUSE].city.zone):%Y%m%d}"
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.{request.match_info['format']}"}
    return web.Response(body=body, headers=headers | {"Content-Type": made.media, "Cache-Control": "no-store"})


async def _read(request: web.Request) -> Report:
    house = request.app[HOUSE]
    return await house.database.reading(_one, house.city, request[PERSON], uuid_of(request.match_info["id"]))


def _one(session: Session, city: City, person: Person, report_id: UUID) -> Report:
    return reports.read(session, city, person.actor, report_id)
