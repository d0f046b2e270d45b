"""The overview (总览): plain counts for who watches over the work; nothing can be changed here."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles.access import PERSON, page
from integrations.consoles.words import now
from ticketing import callbacks, conversations, queries
from ticketing.accounts import Person
from ticketing.city import City
from ticketing.queries import TicketRow


@dataclass(frozen=True)
class Overview:
    """How many stand where, who waits, and what is overdue."""

    counts: dict[str, int]
    waiting: int
    callbacks: int
    late: tuple[TicketRow, ...]


async def overview_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/overview`."""
    house = request.app[HOUSE]
    overview = await house.database.reading(_overview, house.city, request[PERSON])
    return page(request, "overview.html", here="overview", overview=overview)


def _overview(session: Session, city: City, person: Person) -> Overview:
    moment = now()
    return Overview(
        queries.counts(session, city, person.actor, moment),
        len(conversations.waiting(session, city.code)),
        len(callbacks.due_callbacks(session, city)),
        queries.overdue(session, city, person.actor, moment, limit=20),
    )
