"""Import from a superior platform (上级平台转办): its own number is the key, so sending again changes nothing."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from aiohttp import web
from pydantic import StringConstraints
from sqlalchemy.orm import Session

from integrations.api.access import BEARER
from integrations.api.fields import Given
from integrations.api.surface import API
from integrations.api.tickets import Matter, NewTicket, OpenedTicket, RegisteredTicket, draft_of, opened
from integrations.bootstrap import HOUSE, House
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from ticketing import importing, queries
from ticketing.api_tokens import Bearer, Scope
from ticketing.intake import Registered
from ticketing.queries import TicketPage

Platform = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{2,40}$")]
ExternalNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class ImportPath(Given):
    """A matter by its number on the platform it comes from."""

    platform: Platform
    external_number: ExternalNumber


@API.operation("PUT", "/imports/{platform}/{external_number}", Scope.TICKETS_IMPORT, errors=(409,))
async def import_ticket(request: web.Request, path: ImportPath, body: Matter) -> RegisteredTicket:
    """Take over a matter; the same number again gives the same ticket, with another matter it is refused (409)."""
    house = request.app[HOUSE]
    words = f"{body.content}\n{body.place or ''}".strip()
    recommendation = (await asyncio.to_thread(house.bot.router.recommend, words)).to_json()
    made = await house.database.writing(_take_over, house, request[BEARER], path, body, recommendation)
    await after_change(request)
    return RegisteredTicket.model_validate(made)


def _take_over(
    session: Session, house: House, bearer: Bearer, path: ImportPath, body: Matter, recommendation: dict[str, Any]
) -> Registered:
    draft = draft_of(NewTicket(**dict(body)), house)
    origin = {"platform": path.platform, "number": path.external_number}
    return importing.take_over(session, draft, recommendation, house.city, now(), bearer.actor, **origin)


@API.operation("GET", "/imports/{platform}/{external_number}", Scope.TICKETS_IMPORT)
async def get_import(request: web.Request, path: ImportPath) -> OpenedTicket:
    """What became of a matter, for the platform it came from."""
    return opened(await request.app[HOUSE].database.reading(_open, request[BEARER], path))


def _open(session: Session, bearer: Bearer, path: ImportPath) -> TicketPage:
    ticket_id = importing.ticket_of(session, bearer.actor, path.platform, path.external_number)
    return queries.ticket_page(session, bearer.actor, ticket_id)
