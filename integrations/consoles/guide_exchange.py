"""Spreadsheets of guides (表格导入导出): download, blank form, upload, and the same file with its mistakes marked."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from aiohttp import web
from sqlalchemy.orm import Session

from bot.guides import exchange, versions
from bot.guides.models import Origin
from bot.guides.report import ImportReport, Parsed
from bot.guides.versions import Edit
from integrations.bootstrap import HOUSE, House
from integrations.consoles.access import FORM, PERSON
from integrations.consoles.guides import owner_of, publish, show_list
from integrations.consoles.words import now
from ticketing.errors import HotlineError, Invalid

_TYPES = {
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    "csv": ("application/zip", ".zip"),
}


async def export(request: web.Request) -> web.Response:
    """`GET /console/guides/export?format=xlsx|csv[&template=1]`: the person's guides, or the blank form."""
    house, kind = request.app[HOUSE], request.query.get("format", "xlsx")
    if kind not in _TYPES:
        raise Invalid("bad_form", field="format")
    blank = "template" in request.query
    guides: exchange.Versioned = ()
    if not blank:
        guides = await house.database.reading(exchange.current, house.city.code, owner=owner_of(request[PERSON]))
    data = await asyncio.to_thread(_file, house, kind, guides)
    return _download(house, data, kind, "blank" if blank else "guides")


def _file(house: House, kind: str, guides: exchange.Versioned) -> bytes:
    return exchange.bytes_of(kind, exchange.book(guides, house.replies), house.replies)


def _download(house: House, data: bytes, kind: str, name: str) -> web.Response:
    mime, suffix = _TYPES[kind]
    title = house.replies.text(f"guides.file.{name}", city=house.city.name, day=house.city.today(now()).isoformat())
    disposition = f"attachment; filename=\"guides{suffix}\"; filename*=UTF-8''{quote(title + suffix)}"
    return web.Response(body=data, content_type=mime, headers={"Content-Disposition": disposition})


async def upload(request: web.Request) -> web.StreamResponse:
    """`POST /console/guides/upload`: take what is right; with `mark`, only give the file back with its mistakes."""
    house, form, person = request.app[HOUSE], request[FORM], request[PERSON]
    try:
        name, data = form.upload("file")
        kind = exchange.kind_of(name)
        scope = await house.database.reading(exchange.scope_of, house.city.code, house.city.region, owner_of(person))
        parsed, report = await asyncio.to_thread(exchange.read, kind, data, house.replies, scope)
        if form.text("mark") and kind == "xlsx":
            marked = await asyncio.to_thread(exchange.marked, data, report.flags, house.replies)
            return _download(house, marked, kind, "marked")
        edit = Edit(Origin.SHEET, person.staff_id, name)
        stored = await house.database.writing(_store, parsed, report, house.city.code, edit)
    except HotlineError as error:
        return await show_list(request, error)
    publish(request)
    flags = [(flag, exchange.label(house.replies, flag.code)) for flag in stored.flags]
    return await show_list(request, report=stored, upload_flags=flags)


def _store(session: Session, parsed: tuple[Parsed, ...], report: ImportReport, city: str, edit: Edit) -> ImportReport:
    return versions.store(session, parsed, report, city, now(), edit)
