"""Reports (通报) over the API: which there are, what one says, and its files as they were drawn for people."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Literal
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.api.access import BEARER
from integrations.api.fields import Count, Cursor, Given, Moment, Told
from integrations.api.surface import API
from integrations.bootstrap import HOUSE
from integrations.reports.files import FORMATS
from ticketing import reports
from ticketing.api_tokens import Bearer, Scope
from ticketing.city import City
from ticketing.errors import Forbidden
from ticketing.models import Report

Kind = Literal[tuple(reports.KINDS)]  # type: ignore[valid-type]
Format = Literal[tuple(FORMATS)]  # type: ignore[valid-type]


class ReportsQuery(Given):
    """Which reports, and from where on."""

    kind: Kind | None = None
    cursor: Cursor | None = None
    limit: Count = 50


class ReportPath(Given):
    """One report."""

    id: UUID


class ReportFilePath(Given):
    """One report in one file format."""

    id: UUID
    format: Format


class ReportLine(Told):
    """One report of a list; `department` is whose it is, absent for the whole city's."""

    id: UUID
    kind: str
    title: str
    department: str | None
    starts_at: Moment
    ends_at: Moment
    made_at: Moment


class ReportList(Told):
    """One page; `next` is the cursor of the page after, absent on the last."""

    reports: list[ReportLine]
    next: UUID | None


class OpenedReport(ReportLine):
    """One report: its sections as they were when it was made, and the formats of its files."""

    content: dict[str, Any]
    formats: list[str]


class ReportFile(Told):
    """A file; `content` is base64."""

    name: str
    media_type: str
    content: str


@API.operation("GET", "/reports", Scope.REPORTS)
async def list_reports(request: web.Request, query: ReportsQuery) -> ReportList:
    """The reports the account may read, newest first; a department's account gets its own only."""
    rows = await request.app[HOUSE].database.reading(_listed, request.app[HOUSE].city, request[BEARER], query)
    after = rows[-1].id if len(rows) == query.limit else None
    return ReportList(reports=[ReportLine.model_validate(row) for row in rows], next=after)


@API.operation("GET", "/reports/{id}", Scope.REPORTS)
async def get_report(request: web.Request, path: ReportPath) -> OpenedReport:
    """One report with all it says; its figures never change."""
    row = await request.app[HOUSE].database.reading(_read, request.app[HOUSE].city, request[BEARER], path.id)
    line = {name: getattr(row, name) for name in ReportLine.model_fields}
    return OpenedReport(**line, content=row.content, formats=list(FORMATS))


@API.operation("GET", "/reports/{id}/files/{format}", Scope.REPORTS)
async def get_report_file(request: web.Request, path: ReportFilePath) -> ReportFile:
    """A report as PDF, Word, Excel or CSV, drawn from the figures that were kept."""
    house = request.app[HOUSE]
    row = await house.database.reading(_read, house.city, request[BEARER], path.id)
    made = FORMATS[path.format]
    data = await asyncio.to_thread(made.draw, row, house.replies)
    name = f"{row.title}-{row.starts_at.astimezone(house.city.zone):%Y%m%d}.{path.format}"
    return ReportFile(name=name, media_type=made.media, content=base64.b64encode(data).decode())


def _listed(session: Session, city: City, bearer: Bearer, query: ReportsQuery) -> list[Report]:
    _require_reader(bearer)
    return reports.stored(session, city, bearer.actor, kind=query.kind, before=query.cursor, limit=query.limit)


def _read(session: Session, city: City, bearer: Bearer, report_id: UUID) -> Report:
    _require_reader(bearer)
    return reports.read(session, city, bearer.actor, report_id)


def _require_reader(bearer: Bearer) -> None:
    if bearer.actor.role not in reports.READERS:
        raise Forbidden("page_not_yours")
