"""The promises (承诺台账): what was promised until when, and the second callback on that day."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.forms import uuid_of
from integrations.consoles.pages import PAGES
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from integrations.middleware import status_of
from ticketing import promises
from ticketing.accounts import Person
from ticketing.city import City
from ticketing.errors import HotlineError
from ticketing.promises import PromiseView

_SAID = {"kept": True, "broken": False, "unreached": None}


async def promises_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/promises`."""
    return await _show(request)


async def _show(request: web.Request, error: HotlineError | None = None) -> web.Response:
    house = request.app[HOUSE]
    rows = await house.database.reading(_ledger, house.city, request[PERSON])
    words = request.app[PAGES].words.error(error) if error else None
    return page(
        request, "promises.html", here="promises", rows=rows, error=words, status=status_of(error) if error else 200
    )


async def check(request: web.Request) -> web.StreamResponse:
    """`POST /console/promises/{id}/check`: kept, broken, or nobody reached."""
    house, form = request.app[HOUSE], request[FORM]
    promise_id, said, note = uuid_of(request.match_info["id"]), form.choice("said", _SAID), form.optional("note", 1000)
    try:
        await house.database.writing(
            promises.check, house.city, promise_id, request[PERSON].actor, now(), kept=said, note=note
        )
    except HotlineError as error:
        return await _show(request, error)
    await after_change(request)
    raise web.HTTPSeeOther("/console/promises?done=check_promise")


def _ledger(session: Session, city: City, person: Person) -> tuple[PromiseView, ...]:
    return promises.ledger(session, city, person.actor)
