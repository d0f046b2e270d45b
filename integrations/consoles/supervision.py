"""督查 pages: what waits for approval, what is late, 督办, cards, exclusions, problems, the roster, the replay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.forms import uuid_of
from integrations.consoles.pages import PAGES
from integrations.consoles.words import now
from integrations.middleware import status_of
from ticketing import cards, duty, exclusions, jobs, queries, request_views, supervision
from ticketing.accounts import Person
from ticketing.cards import CardView
from ticketing.city import City
from ticketing.duty import DutyView
from ticketing.errors import HotlineError, Invalid
from ticketing.exclusions import ExclusionView
from ticketing.queries import TicketRow
from ticketing.supervision import Picture, Problem, SupervisionView, VisitView

_ROSTER = timedelta(days=14)


@dataclass(frozen=True)
class Board:
    """Everything on the supervisors' board."""

    late: tuple[TicketRow, ...]
    supervisions: tuple[SupervisionView, ...]
    cards: tuple[CardView, ...]
    exclusions: tuple[ExclusionView, ...]
    problems: tuple[Problem, ...]
    visits: tuple[VisitView, ...]
    on_duty: DutyView | None
    roster: tuple[DutyView, ...]


async def requests_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/requests`: what this person decides, or tells a citizen."""
    house = request.app[HOUSE]
    rows = await house.database.reading(request_views.waiting, house.city, request[PERSON].actor)
    return page(request, "requests.html", here="requests", rows=rows)


async def board_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/supervision`."""
    return await _board(request)


async def _board(request: web.Request, error: HotlineError | None = None) -> web.Response:
    house = request.app[HOUSE]
    board = await house.database.reading(_read_board, house.city, request[PERSON])
    words = request.app[PAGES].words.error(error) if error else None
    status = status_of(error) if error else 200
    return page(request, "supervision.html", here="supervision", status=status, board=board, error=words)


def _read_board(session: Session, city: City, person: Person) -> Board:
    moment, actor = now(), person.actor
    return Board(
        queries.overdue(session, city, actor, moment),
        supervision.ledger(session, city, actor),
        cards.ledger(session, city, actor),
        exclusions.ledger(session, city, actor),
        supervision.problems(session, city),
        supervision.visits(session, city),
        duty.on_duty(session, city, moment),
        duty.roster(session, city, moment, moment + _ROSTER),
    )


async def replay_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/supervision/replay?at=2026-03-01T09:00`: the board as it was at that moment."""
    house = request.app[HOUSE]
    at = _moment(house.city, request.query.get("at", "")[:20], "at") or now()
    picture: Picture = await house.database.reading(supervision.as_of, house.city, min(at, now()))
    return page(request, "replay.html", here="supervision", picture=picture)


async def put_duty(request: web.Request) -> web.StreamResponse:
    """`POST /console/supervision/duty`: a shift of the duty leaders' roster."""
    house, form = request.app[HOUSE], request[FORM]
    try:
        shift: dict[str, Any] = {
            "leader": form.text("leader"),
            "title": form.optional("title"),
            "phone": form.optional("phone"),
            "starts_at": _needed(house.city, form.text("starts_at"), "starts_at"),
            "ends_at": _needed(house.city, form.text("ends_at"), "ends_at"),
        }
        await house.database.writing(_put, house.city, request[PERSON], shift)
    except HotlineError as error:
        return await _board(request, error)
    raise web.HTTPSeeOther("/console/supervision?done=duty")


async def cancel_duty(request: web.Request) -> web.StreamResponse:
    """`POST /console/supervision/duty/{id}/cancel`."""
    house, duty_id = request.app[HOUSE], uuid_of(request.match_info["id"])
    await house.database.writing(_cancel, house.city, duty_id, request[PERSON])
    raise web.HTTPSeeOther("/console/supervision?done=duty")


def _put(session: Session, city: City, person: Person, shift: dict[str, Any]) -> None:
    duty.put(session, city, person.actor, now(), **shift)


def _cancel(session: Session, city: City, duty_id: UUID, person: Person) -> None:
    duty.cancel(session, city, duty_id, person.actor, now())


def _needed(city: City, text: str, field: str) -> datetime:
    found = _moment(city, text, field)
    if found is None:
        raise Invalid("field_missing", field=field)
    return found


def _moment(city: City, text: str, field: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=city.zone) if text else None
    except ValueError as error:
        raise Invalid("bad_form", field=field) from error


async def jobs_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/jobs`: the effects that were given up (死信), for the administrator."""
    house = request.app[HOUSE]
    rows, counts, discarded = await house.database.reading(_dead)
    return page(request, "jobs.html", here="jobs", rows=rows, counts=counts, discarded=discarded)


async def revive(request: web.Request) -> web.StreamResponse:
    """`POST /console/jobs/{id}/revive`: try one again from the start."""
    house = request.app[HOUSE]
    await house.database.writing(_revive, uuid_of(request.match_info["id"]))
    house.wake()
    raise web.HTTPSeeOther("/console/jobs?done=revived")


async def discard(request: web.Request) -> web.StreamResponse:
    """`POST /console/jobs/{id}/discard`: put one aside, with the reason."""
    reason, staff_id = request[FORM].text("reason"), request[PERSON].staff_id
    await request.app[HOUSE].database.writing(_discard, uuid_of(request.match_info["id"]), staff_id, reason)
    raise web.HTTPSeeOther("/console/jobs?done=discarded")


def _dead(session: Session) -> tuple[tuple[jobs.DeadJob, ...], jobs.Counts, tuple[jobs.PutAside, ...]]:
    return jobs.dead(session), jobs.counts(session), jobs.discarded(session)


def _revive(session: Session, job_id: UUID) -> None:
    jobs.revive(session, job_id, now())


def _discard(session: Session, job_id: UUID, by: UUID, reason: str) -> None:
    jobs.discard(session, job_id, by, reason, now())
