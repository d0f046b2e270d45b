"""Tickets (工单) over the API: register once, list by keyset, open, and the citizen's progress query."""

from __future__ import annotations

import asyncio
from typing import Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field
from sqlalchemy.orm import Session

from integrations.api.access import BEARER
from integrations.api.fields import (
    Code,
    Content,
    Count,
    Cursor,
    Given,
    Moment,
    Name,
    Number,
    Once,
    Phone,
    QueryCode,
    Short,
    Told,
)
from integrations.api.surface import API
from integrations.bootstrap import HOUSE, House
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from ticketing import importing, intake, queries
from ticketing.api_tokens import Bearer, Scope
from ticketing.errors import NotFound
from ticketing.intake import AppealDraft, Registered
from ticketing.models import Kind, Status, Ticket
from ticketing.queries import TicketPage


class TicketPath(Given):
    """A ticket by its number."""

    number: Number


class TicketsQuery(Given):
    """Which tickets, and from where on."""

    status: Status | None = None
    department: Code | None = None
    cursor: Cursor | None = None
    limit: Count = 50


class Matter(Given):
    """What somebody wants dealt with; without a phone number it is anonymous."""

    kind: Kind
    content: Content
    place: Short | None = None
    happened: Short | None = None
    phone: Phone | None = None
    name: Name | None = None
    confidential: bool = False
    wants_reply: bool = True


class NewTicket(Matter):
    """A matter to register."""

    channel: Literal["api", "phone", "web", "wechat", "sms", "letter", "campaign", "terminal"] = "api"


class RegisteredTicket(Told):
    """What the citizen is told."""

    number: str
    query_code: str
    promised_at: Moment
    promised_rule: str


class TicketLine(Told):
    """One ticket of a list."""

    number: str
    title: str
    kind: str
    status: Status
    urgency: str
    channel: str
    region: str | None
    lead_department: str | None
    registered_at: Moment
    promised_at: Moment
    sign_due: Moment | None
    finish_due: Moment | None
    rework_count: int


class TicketList(Told):
    """One page; `next` is the cursor of the page after, absent on the last."""

    tickets: list[TicketLine]
    next: UUID | None


class TicketEvent(Told):
    """One thing that happened; who did it and the notes stay in the house."""

    seq: int
    at: Moment
    action: str
    from_status: str | None
    to_status: str
    department: str | None


class OpenedTicket(TicketLine):
    """One ticket with its words and history, as the account behind the token may see them."""

    content: str
    place: str | None
    happened: str | None
    anonymous: bool
    confidential: bool
    wants_reply: bool
    assisting: list[str]
    reason_code: str | None
    outcome_code: str | None
    answer: str | None
    answer_basis: str | None
    events: list[TicketEvent]


class ProgressQuestion(Given):
    """A number with its query code, as the citizen was told them."""

    number: Number
    code: QueryCode


class ProgressStep(Told):
    """One step as the citizen may know it."""

    at: Moment
    code: str
    department: str | None


class TicketProgress(Told):
    """Where a matter stands."""

    number: str
    title: str
    kind: str
    status: Status
    department: str | None
    promised_at: Moment
    answer: str | None
    can_rate: bool
    steps: list[ProgressStep] = Field(default_factory=list)


@API.operation("POST", "/tickets", Scope.TICKETS_WRITE, status=201, errors=(409,))
async def create_ticket(request: web.Request, header: Once, body: NewTicket) -> RegisteredTicket:
    """Register a ticket.

    The same Idempotency-Key gives the first ticket again; with different content it is refused (409).
    """
    house, bearer = request.app[HOUSE], request[BEARER]
    words = f"{body.content}\n{body.place or ''}".strip()
    recommendation = (await asyncio.to_thread(house.bot.router.recommend, words)).to_json()
    key = f"api:{bearer.token_id}:{header.key}"
    made = await house.database.writing(register, house, bearer, draft_of(body, house), recommendation, key)
    await after_change(request)
    return RegisteredTicket.model_validate(made)


def draft_of(body: NewTicket, house: House) -> AppealDraft:
    """The draft of what was sent."""
    return AppealDraft(
        kind=body.kind.value,
        content=body.content,
        place=body.place,
        region=None,
        happened=body.happened,
        phone=body.phone,
        name=body.name,
        anonymous=body.phone is None,
        confidential=body.confidential,
        wants_reply=body.wants_reply,
        channel=body.channel,
        conversation_id=None,
        city=house.city.code,
    )


def register(
    session: Session,
    house: House,
    bearer: Bearer,
    draft: AppealDraft,
    recommendation: dict[str, object],
    key: str | None,
) -> Registered:
    """The ticket of a key; a key that was used for other words is refused."""
    made = intake.register(session, draft, recommendation, house.city, now(), bearer.actor, key)
    first = session.get_one(Ticket, made.ticket_id)
    importing.require_same(session, first, draft)
    return made


@API.operation("GET", "/tickets", Scope.TICKETS_READ)
async def list_tickets(request: web.Request, query: TicketsQuery) -> TicketList:
    """The newest tickets the account may see."""
    house, bearer = request.app[HOUSE], request[BEARER]
    rows = await house.database.reading(
        queries.tickets,
        house.city,
        bearer.actor,
        statuses=frozenset({query.status}) if query.status else None,
        department=query.department,
        before=query.cursor,
        limit=query.limit,
    )
    after = rows[-1].id if len(rows) == query.limit else None
    return TicketList(tickets=[TicketLine.model_validate(row) for row in rows], next=after)


@API.operation("GET", "/tickets/{number}", Scope.TICKETS_READ)
async def get_ticket(request: web.Request, path: TicketPath) -> OpenedTicket:
    """One ticket; a confidential reporter's words reach a department blacked out, and contacts reach nobody here."""
    house, bearer = request.app[HOUSE], request[BEARER]
    return opened(await house.database.reading(_open, bearer, path.number))


def _open(session: Session, bearer: Bearer, number: str) -> TicketPage:
    return queries.ticket_page(session, bearer.actor, queries.ticket_id(session, bearer.actor, number))


def opened(page: TicketPage) -> OpenedTicket:
    """The page as it is told."""
    row = {name: getattr(page.row, name) for name in TicketLine.model_fields}
    names = OpenedTicket.model_fields.keys() - row.keys() - {"events"}
    events = [TicketEvent.model_validate(event) for event in page.events]
    return OpenedTicket(**row, **{name: getattr(page, name) for name in names}, events=events)


@API.operation("POST", "/progress", Scope.PROGRESS, errors=(404,))
async def ticket_progress(request: web.Request, body: ProgressQuestion) -> TicketProgress:
    """The progress of a ticket for who knows its query code; wrong codes are counted and lock the query."""
    found = await request.app[HOUSE].database.writing(_progress, body)
    if found is None:
        raise NotFound("progress_not_found")
    return TicketProgress.model_validate(found)


def _progress(session: Session, body: ProgressQuestion) -> queries.Progress | None:
    return queries.progress(session, body.number, code=body.code, now=now())
