"""The tickets (工单): the list bounded by role and department, and one ticket with everything about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE, House
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.pages import PAGES
from integrations.consoles.words import now
from integrations.middleware import status_of
from ticketing import attachment_views, audit, echoes, identity, queries
from ticketing.accounts import Person
from ticketing.attachment_views import Materials
from ticketing.city import City
from ticketing.dossier import Dossier, dossier
from ticketing.echoes import Echo
from ticketing.errors import HotlineError, Invalid, NotFound
from ticketing.identity import Contact
from ticketing.models import Role, Status
from ticketing.numbering import read_number
from ticketing.queries import TicketPage, TicketRow
from ticketing.workflow import FINAL, MERGEABLE, OPEN, Action

_ROWS = 50
_LATE = "overdue"
WORK: Mapping[Role, frozenset[Status]] = {
    Role.OPERATOR: frozenset({Status.REGISTERED, Status.ACCEPTED}),
    Role.DISPATCHER: frozenset({Status.REGISTERED, Status.ACCEPTED}),
    Role.DEPARTMENT: frozenset({Status.DISPATCHED, Status.HANDLING}),
    Role.REVIEWER: frozenset({Status.ANSWERED}),
    Role.CALLBACK: frozenset({Status.CALLBACK}),
}


@dataclass(frozen=True)
class Listing:
    """The left pane: the chosen filter, what is overdue, the rest, and the way to older ones."""

    filter: str
    counts: Mapping[str, int]
    late: tuple[TicketRow, ...]
    rows: tuple[TicketRow, ...]
    older: UUID | None


@dataclass(frozen=True)
class Opened:
    """The ticket that is shown, whether its history is unbroken, and what may be the same incident."""

    page: TicketPage
    intact: bool
    echoes: tuple[Echo, ...]
    dossier: Dossier
    materials: Materials


async def list_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/tickets`: a number in the search leads straight to its ticket."""
    searched = request.query.get("q", "").strip()[:40]
    if not searched:
        return await show(request)
    number = read_number(searched)
    if number is None:
        return await show(request, error=NotFound("ticket_not_found"))
    raise web.HTTPSeeOther(f"/console/tickets/{number}")


async def ticket_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/tickets/{number}`."""
    return await show(request)


async def reveal(request: web.Request) -> web.StreamResponse:
    """`POST /console/tickets/{number}/contact`: the number in full, once; the look is in the ticket's history."""
    number, purpose = request.match_info["number"], request[FORM].text("purpose", identity.MAX_PURPOSE)
    contact = await request.app[HOUSE].database.writing(_contact, request[PERSON], number, purpose)
    return await show(request, contact=contact)


def _contact(session: Session, person: Person, number: str, purpose: str) -> Contact:
    ticket_id = queries.ticket_id(session, person.actor, number)
    return identity.reveal(session, person.actor, ticket_id, purpose, now())


async def show(
    request: web.Request,
    *,
    error: HotlineError | None = None,
    tried: Action | None = None,
    contact: Contact | None = None,
) -> web.Response:
    """The list with one ticket open, or none; after a refused action with the reason and what was typed."""
    house, person = request.app[HOUSE], request[PERSON]
    number = request.match_info.get("number")
    chosen = request.query.get("status") or ("todo" if person.role in WORK else "open")
    before = _before(request)
    listing = await house.database.reading(_listing, house.city, person, chosen, before)
    opened = await house.database.reading(_open, house, person, number) if number else None
    given = {name: str(value) for name, value in request[FORM].fields.items()} if FORM in request else {}
    return page(
        request,
        "tickets.html",
        here="tickets",
        status=status_of(error) if error else 200,
        listing=listing,
        opened=opened,
        ticket=opened.page if opened else None,
        contact=contact,
        error=request.app[PAGES].words.error(error) if error else None,
        tried=tried.value if tried else None,
        given=given if error else {},
        final=FINAL,
    )


def _before(request: web.Request) -> UUID | None:
    try:
        return UUID(request.query["before"]) if "before" in request.query else None
    except ValueError as error:
        raise Invalid("bad_form", field="before") from error


def _statuses(person: Person, chosen: str) -> frozenset[Status] | None:
    groups = {"todo": WORK.get(person.role, frozenset(OPEN)), "open": frozenset(OPEN), "all": None, _LATE: frozenset()}
    if chosen in groups:
        return groups[chosen]
    if chosen not in set(Status):
        raise Invalid("bad_form", field="status")
    return frozenset({Status(chosen)})


def _listing(session: Session, city: City, person: Person, chosen: str, before: UUID | None) -> Listing:
    """Overdue ones come first; a page of older ones shows no second time what is overdue."""
    moment, actor, statuses = now(), person.actor, _statuses(person, chosen)
    late = () if before else queries.overdue(session, city, actor, moment)
    if statuses:
        late = tuple(row for row in late if row.status in statuses)
    rows = () if chosen == _LATE else queries.tickets(
        session, city, actor, statuses=statuses, before=before, limit=_ROWS
    )  # fmt: skip
    older = rows[-1].id if len(rows) == _ROWS else None
    shown = {row.id for row in late}
    rest = tuple(row for row in rows if row.id not in shown)
    return Listing(chosen, queries.counts(session, city, actor, moment), late, rest, older)


def _open(session: Session, house: House, person: Person, number: str) -> Opened:
    ticket_id = queries.ticket_id(session, person.actor, number)
    opened = queries.ticket_page(session, person.actor, ticket_id)
    alike = person.role in queries.EVERYTHING and opened.row.status in MERGEABLE
    found = echoes.echoes_of(session, house.bot.duplicates, house.city, ticket_id) if alike else ()
    beside = dossier(session, house.city, person.actor, ticket_id, now())
    materials = attachment_views.of_ticket(session, person.actor, ticket_id)
    return Opened(opened, not audit.verify(session, ticket_id), found, beside, materials)
