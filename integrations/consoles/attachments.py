"""Attachments on the consoles (工单附件): uploaded with a deed, seen as thumbnails, opened with a purpose."""

from __future__ import annotations

import asyncio

from aiohttp import web
from sqlalchemy.orm import Session

from integrations import attachments
from integrations.bootstrap import HOUSE
from integrations.consoles.access import FORM, PERSON
from integrations.consoles.forms import Form, uuid_of
from integrations.consoles.words import now
from ticketing import attachment_views
from ticketing.accounts import Person
from ticketing.attachment_views import Opening
from ticketing.attachments import MAX_FILES, Content
from ticketing.file_types import MAX_FILE

UPLOAD = 3 * MAX_FILE


async def taken_in(request: web.Request, form: Form, name: str = "uploads") -> tuple[Content, ...]:
    """The files of a form, looked at and stored before the deed's transaction begins."""
    house, moment = request.app[HOUSE], now()
    uploads = await asyncio.to_thread(form.uploads, name, MAX_FILES)
    return tuple([await attachments.receive(house, data, given, moment) for given, data in uploads])


async def small(request: web.Request) -> web.StreamResponse:
    """`GET /console/attachments/{id}/thumbnail`: of matters that are not confidential."""
    house, wanted = request.app[HOUSE], uuid_of(request.match_info["id"])
    view = await house.database.reading(attachment_views.peek, request[PERSON].actor, wanted)
    return attachments.inline(await asyncio.to_thread(attachments.thumbnail, house, view))


async def open_one(request: web.Request) -> web.StreamResponse:
    """`POST /console/attachments/{id}/open`: the file to save; the look and its purpose are in the ticket's history."""
    house, form = request.app[HOUSE], request[FORM]
    purpose = form.text("purpose", attachment_views.MAX_PURPOSE)
    opening = await house.database.writing(_open, request[PERSON], request.match_info["id"], purpose)
    copied = opening.copy or form.flag("copy")
    handout = attachments.copy if copied else attachments.original
    return attachments.download(await asyncio.to_thread(handout, house, opening.view))


def _open(session: Session, person: Person, attachment_id: str, purpose: str) -> Opening:
    return attachment_views.open_one(session, person.actor, uuid_of(attachment_id), purpose, now())
