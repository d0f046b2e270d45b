"""Callbacks (回访): who is due, the survey's link, each attempt, and what the citizen said."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles import forms
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.pages import PAGES
from integrations.consoles.staff import after_change
from integrations.consoles.survey import answer_of
from integrations.consoles.words import now
from integrations.middleware import status_of
from ticketing import callbacks, identity, queries, rounds
from ticketing.accounts import Person
from ticketing.callbacks import AttemptOutcome, AttemptView, DueCallback
from ticketing.city import City
from ticketing.errors import HotlineError, NotFound
from ticketing.identity import Contact
from ticketing.models import Callback
from ticketing.queries import TicketPage
from ticketing.surveys import Result, SurveyAnswer

_CHANNEL = "phone"


@dataclass(frozen=True)
class Opened:
    """The callback that is being made: its ticket and the survey's link."""

    due: DueCallback
    ticket: TicketPage
    link: str | None
    attempts: tuple[AttemptView, ...]
    prefers: str | None
    hours: str | None


async def callbacks_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/callbacks` and one of them."""
    return await _show(request)


async def contact(request: web.Request) -> web.StreamResponse:
    """`POST …/contact`: the number to call; the look is in the ticket's history."""
    purpose = request[FORM].text("purpose", identity.MAX_PURPOSE)
    shown = await request.app[HOUSE].database.writing(_contact, _callback(request), request[PERSON], purpose)
    return await _show(request, contact=shown)


async def attempt(request: web.Request) -> web.StreamResponse:
    """`POST …/attempt`: a try that did not reach the citizen."""
    form = request[FORM]
    outcome, note = form.text("outcome"), form.optional("note", callbacks.MAX_NOTE)
    try:
        await request.app[HOUSE].database.writing(
            _attempt, request.app[HOUSE].city, _callback(request), request[PERSON], outcome, note
        )
    except HotlineError as error:
        return await _show(request, error)
    await after_change(request)
    raise web.HTTPSeeOther("/console/callbacks?done=attempt")


async def result(request: web.Request) -> web.StreamResponse:
    """`POST …/result`: the citizen's answers, as told on the phone."""
    house = request.app[HOUSE]
    try:
        answer = answer_of(request[FORM])
        led_to = await house.database.writing(_result, house.city, _callback(request), request[PERSON], answer)
    except HotlineError as error:
        return await _show(request, error)
    await after_change(request)
    raise web.HTTPSeeOther(f"/console/callbacks?done=result_{led_to}")


async def prefer(request: web.Request) -> web.StreamResponse:
    """`POST …/prefer`: when and how this citizen wants to be reached."""
    house, form = request.app[HOUSE], request[FORM]
    wanted = form.optional("prefers"), form.optional("hours")
    try:
        await house.database.writing(callbacks.prefer, _callback(request), request[PERSON].actor, *wanted)
    except HotlineError as error:
        return await _show(request, error)
    raise web.HTTPSeeOther(f"/console/callbacks/{_callback(request)}?done=prefer")


def _contact(session: Session, callback: UUID, person: Person, purpose: str) -> Contact:
    ticket = session.execute(select(Callback.ticket_id).where(Callback.id == callback)).scalar()
    if ticket is None:
        raise NotFound("callback_not_found")
    return identity.reveal(session, person.actor, ticket, purpose, now())


def _attempt(session: Session, city: City, callback: UUID, person: Person, outcome: str, note: str | None) -> None:
    callbacks.record_attempt(session, city, callback, person.actor, now(), channel=_CHANNEL, outcome=outcome, note=note)


def _result(session: Session, city: City, callback: UUID, person: Person, answer: SurveyAnswer) -> Result:
    return callbacks.record_result(session, city, callback, person.actor, now(), answer, channel=_CHANNEL)


async def _show(
    request: web.Request, error: HotlineError | None = None, contact: Contact | None = None
) -> web.Response:
    house, person = request.app[HOUSE], request[PERSON]
    wanted = _callback(request) if "id" in request.match_info else None
    due, opened = await house.database.reading(_due, house.city, person, wanted, house.settings.url)
    given = {name: str(value) for name, value in request[FORM].fields.items()} if FORM in request else {}
    return page(
        request,
        "callbacks.html",
        here="callbacks",
        status=status_of(error) if error else 200,
        due=due,
        opened=opened,
        contact=contact,
        outcomes=tuple(AttemptOutcome),
        scale=house.city.survey.scale,
        error=request.app[PAGES].words.error(error) if error else None,
        given=given if error else {},
    )


def _due(
    session: Session, city: City, person: Person, wanted: UUID | None, url: str
) -> tuple[tuple[DueCallback, ...], Opened | None]:
    due = callbacks.due_callbacks(session, city)
    if wanted is None:
        return due, None
    one = next((item for item in due if item.id == wanted), None)
    if one is None:
        raise NotFound("callback_finished")
    token = rounds.link_token(session, one.ticket_id)
    ticket = queries.ticket_page(session, person.actor, one.ticket_id)
    link, tries = f"{url}/s/{token}" if token else None, callbacks.attempts(session, one.id)
    return due, Opened(one, ticket, link, tries, *callbacks.preference(session, one.ticket_id))


def _callback(request: web.Request) -> UUID:
    return forms.uuid_of(request.match_info["id"])
