"""The inbox (站内消息) of the person who is signed in, and the number of unread notices in the head of every page."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.forms import uuid_of
from integrations.consoles.pages import render
from integrations.consoles.words import now
from ticketing import staff_notices
from ticketing.errors import Invalid


async def inbox_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/inbox`."""
    rows = await request.app[HOUSE].database.reading(staff_notices.inbox, request[PERSON].staff_id)
    return page(request, "inbox.html", here="inbox", rows=rows)


async def count(request: web.Request) -> web.StreamResponse:
    """`GET /console/inbox/count`: the fragment in the head of every page."""
    found = await request.app[HOUSE].database.reading(staff_notices.unread, request[PERSON].staff_id)
    return render(request, "_unread.html", unread=found)


async def read(request: web.Request) -> web.StreamResponse:
    """`POST /console/inbox/read`: one notice or all; then to its ticket, or back to the inbox."""
    form, person = request[FORM], request[PERSON]
    picked = form.optional("notice")
    try:
        notice_id = uuid_of(picked) if picked else None
    except ValueError as error:
        raise Invalid("bad_form", field="notice") from error
    await request.app[HOUSE].database.writing(_read, person.staff_id, notice_id)
    number = form.optional("number")
    raise web.HTTPSeeOther(
        f"/console/tickets/{number}" if number and number.replace("-", "").isdigit() else "/console/inbox"
    )


def _read(session: Session, staff_id: UUID, notice_id: UUID | None) -> None:
    staff_notices.mark_read(session, staff_id, now(), notice_id)
