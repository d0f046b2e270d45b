"""What people may see: lists and the ticket page, bounded by role and department; nothing is seen by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from routing.language.redaction import redact
from ticketing.city import City
from ticketing.errors import NotFound
from ticketing.explaining import ClockView, explain
from ticketing.identity import Contact, contact_of
from ticketing.models import Assignment, Role, Staff, Status, Ticket, TicketEvent
from ticketing.privacy import mask_email, mask_name, mask_phone, unseal
from ticketing.progress import Progress, Step, of_conversation, progress
from ticketing.transitions import facts_of
from ticketing.workflow import FINAL, Action, Actor, permitted

__all__ = [
    "ClockView",
    "EventView",
    "Progress",
    "Step",
    "TicketPage",
    "TicketRow",
    "counts",
    "of_conversation",
    "overdue",
    "progress",
    "ticket_id",
    "ticket_page",
    "tickets",
]

MAX_ROWS = 200
EVERYTHING = frozenset(
    {Role.OPERATOR, Role.DISPATCHER, Role.REVIEWER, Role.CALLBACK, Role.SUPERVISOR, Role.ADMIN, Role.SYSTEM}
)


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One line of a list."""

    id: UUID
    number: str
    title: str
    kind: str
    status: Status
    urgency: str
    channel: str
    region: str | None
    lead_department: str | None
    registered_at: datetime
    promised_at: datetime
    sign_due: datetime | None
    finish_due: datetime | None
    rework_count: int


@dataclass(frozen=True, slots=True)
class EventView:
    """One event as staff see it."""

    seq: int
    at: datetime
    action: str
    from_status: str | None
    to_status: str
    actor_role: str
    actor_name: str | None
    department: str | None
    note: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TicketPage:
    """Everything a staff member may see of one ticket, and the actions open to them."""

    row: TicketRow
    version: int
    content: str
    place: str | None
    happened: str | None
    anonymous: bool
    confidential: bool
    wants_reply: bool
    phone: str | None
    name: str | None
    email: str | None
    evidence: Mapping[str, Any]
    assisting: tuple[str, ...]
    first_department: str | None
    reason_code: str | None
    outcome_code: str | None
    answer: str | None
    answer_basis: str | None
    conversation_id: UUID | None
    events: tuple[EventView, ...]
    clocks: tuple[ClockView, ...]
    actions: tuple[Action, ...]


def visible(actor: Actor) -> ColumnElement[bool]:
    """The tickets an actor may see: the hotline's people all, a department its own (主办 or 协办), others none."""
    if actor.role in EVERYTHING:
        return true()
    if actor.role is Role.DEPARTMENT and actor.department is not None:
        part = and_(
            Assignment.ticket_id == Ticket.id,
            Assignment.department == actor.department,
            Assignment.ended_at.is_(None),
        )
        return or_(Ticket.lead_department == actor.department, exists().where(part))
    return false()


_ROW = (
    Ticket.id,
    Ticket.number,
    Ticket.title,
    Ticket.kind,
    Ticket.status,
    Ticket.urgency,
    Ticket.channel,
    Ticket.region,
    Ticket.lead_department,
    Ticket.registered_at,
    Ticket.promised_at,
    Ticket.sign_due,
    Ticket.finish_due,
    Ticket.rework_count,
)


def tickets(
    session: Session,
    city: City,
    actor: Actor,
    *,
    statuses: frozenset[Status] | None = None,
    department: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> tuple[TicketRow, ...]:
    """The newest tickets an actor may see; `before` is the last id of the page before (keys sort by time)."""
    query = select(*_ROW).where(Ticket.city == city.code, visible(actor))
    if statuses is not None:
        query = query.where(Ticket.status.in_(statuses))
    if department is not None:
        query = query.where(Ticket.lead_department == department)
    if before is not None:
        query = query.where(Ticket.id < before)
    rows = session.execute(query.order_by(Ticket.id.desc()).limit(min(limit, MAX_ROWS)))
    return tuple(_row(row) for row in rows)


def overdue(session: Session, city: City, actor: Actor, now: datetime, *, limit: int = 50) -> tuple[TicketRow, ...]:
    """The open tickets an actor may see whose unit is late (超期), the longest overdue first."""
    query = (
        select(*_ROW).where(_late(city, now), visible(actor)).order_by(Ticket.finish_due).limit(min(limit, MAX_ROWS))
    )
    return tuple(_row(row) for row in session.execute(query))


def _late(city: City, now: datetime) -> ColumnElement[bool]:
    return and_(
        Ticket.city == city.code, Ticket.status.not_in(FINAL), Ticket.answered_at.is_(None), Ticket.finish_due < now
    )


def _row(row: Any) -> TicketRow:
    values = {column.key: getattr(row, column.key) for column in _ROW}
    return TicketRow(**values | {"status": Status(row.status)})


def counts(session: Session, city: City, actor: Actor, now: datetime) -> dict[str, int]:
    """How many tickets an actor may see in each status, and how many are overdue."""
    query = select(Ticket.status, func.count()).where(Ticket.city == city.code, visible(actor)).group_by(Ticket.status)
    found = dict.fromkeys(map(str, Status), 0) | {row[0]: row[1] for row in session.execute(query)}
    late = select(func.count()).select_from(Ticket).where(_late(city, now), visible(actor))
    return found | {"overdue": session.execute(late).scalar_one()}


def ticket_id(session: Session, actor: Actor, number: str) -> UUID:
    """The id of a number an actor may see."""
    found = session.execute(select(Ticket.id).where(Ticket.number == number[:20], visible(actor))).scalar()
    if found is None:
        raise NotFound("ticket_not_found")
    return found


def ticket_page(session: Session, actor: Actor, ticket_id: UUID) -> TicketPage:
    """One ticket with its history, for who may see it; for others it does not exist."""
    ticket = _visible_ticket(session, actor, ticket_id)
    contact = contact_of(session, ticket) if _may_know_who(actor, ticket) else Contact()
    return TicketPage(
        row=_row(ticket),
        version=ticket.version,
        content=_words(session, actor, ticket),
        place=_place(session, actor, ticket),
        happened=ticket.happened,
        anonymous=ticket.anonymous,
        confidential=ticket.confidential,
        wants_reply=ticket.wants_reply,
        phone=mask_phone(contact.phone) if contact.phone else None,
        name=mask_name(contact.name) if contact.name else None,
        email=mask_email(contact.email) if contact.email else None,
        evidence=ticket.evidence if actor.role in EVERYTHING else {},
        assisting=_assisting(session, ticket.id),
        first_department=ticket.first_department,
        reason_code=ticket.reason_code,
        outcome_code=ticket.outcome_code,
        answer=unseal(session, ticket.answer_sealed) if ticket.answer_sealed else None,
        answer_basis=ticket.answer_basis,
        conversation_id=ticket.conversation_id if actor.role in EVERYTHING else None,
        events=_events(session, ticket.id, open_=_may_know_who(actor, ticket)),
        clocks=tuple(story.latest for story in explain(session, ticket.id)),
        actions=permitted(Status(ticket.status), actor, facts_of(session, ticket)),
    )


def _visible_ticket(session: Session, actor: Actor, ticket_id: UUID) -> Ticket:
    ticket = session.execute(select(Ticket).where(Ticket.id == ticket_id, visible(actor))).scalar_one_or_none()
    if ticket is None:
        raise NotFound("ticket_not_found")
    return ticket


def _may_know_who(actor: Actor, ticket: Ticket) -> bool:
    """A confidential (保密) reporter is known to the hotline alone."""
    return not ticket.confidential or actor.role in EVERYTHING


def _words(session: Session, actor: Actor, ticket: Ticket) -> str:
    """The citizen's words; a department reads a confidential matter without what points at the person."""
    return unseal(session, ticket.content_sealed) if _may_know_who(actor, ticket) else ticket.content_redacted


def _place(session: Session, actor: Actor, ticket: Ticket) -> str | None:
    if ticket.place_sealed is None:
        return None
    place = unseal(session, ticket.place_sealed)
    return place if _may_know_who(actor, ticket) else redact(place).text


def _assisting(session: Session, ticket_id: UUID) -> tuple[str, ...]:
    running = and_(Assignment.ticket_id == ticket_id, Assignment.ended_at.is_(None), Assignment.part == "assisting")
    return tuple(session.scalars(select(Assignment.department).where(running).order_by(Assignment.id)))


def _events(session: Session, ticket_id: UUID, *, open_: bool) -> tuple[EventView, ...]:
    """The history; what points at a confidential reporter is blacked out for who may not know."""
    rows = session.execute(
        select(TicketEvent, Staff.display_name)
        .outerjoin(Staff, Staff.id == TicketEvent.actor_id)
        .where(TicketEvent.ticket_id == ticket_id)
        .order_by(TicketEvent.seq)
    )
    return tuple(_event(session, event, name, open_=open_) for event, name in rows)


def _event(session: Session, event: TicketEvent, name: str | None, *, open_: bool) -> EventView:
    note = unseal(session, event.note_sealed) if event.note_sealed else None
    if note and not open_:
        note = redact(note).text
    return EventView(
        event.seq,
        event.at,
        event.action,
        event.from_status,
        event.to_status,
        event.actor_role,
        name,
        event.department,
        note,
        event.data,
    )
