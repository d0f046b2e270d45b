"""A ticket's dossier (工单卷宗): what stands beside its page — requests, parts, family, hearing and supervision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing import cards, deliveries, exclusions, merging, offices, request_views, requests, rulings, supervision
from ticketing.cards import CardView
from ticketing.city import City
from ticketing.deliveries import DeliveryView
from ticketing.exclusions import ExclusionView
from ticketing.explaining import ClockStory, explain
from ticketing.merging import Child
from ticketing.models import RequestKind, Role, Staff, Status, Ticket, Unit, Urge
from ticketing.offices import PartView
from ticketing.request_rules import HEADS
from ticketing.request_views import RequestView
from ticketing.rulings import RulingView
from ticketing.supervision import SupervisionView, VisitView
from ticketing.units import UnitView
from ticketing.workflow import FRONT, MAX_RETURNS, MERGEABLE, Actor


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a part can be given to."""

    id: UUID
    name: str
    post: str | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything beside the page, as far as the person who looks may see it."""

    requests: tuple[RequestView, ...]
    may_ask: tuple[RequestKind, ...]
    suspended_at: datetime | None
    may_resume: bool
    first_contact_at: datetime | None
    return_count: int
    accused: str | None
    ruled: str | None
    stories: tuple[ClockStory, ...]
    parts: tuple[PartView, ...]
    sub_units: tuple[UnitView, ...]
    people: tuple[Person, ...]
    parent: str | None
    children: tuple[Child, ...]
    may_merge: bool
    ruling: RulingView | None
    disputed: bool
    urges: int
    supervisions: tuple[SupervisionView, ...]
    visits: tuple[VisitView, ...]
    cards: tuple[CardView, ...]
    exclusions: tuple[ExclusionView, ...]
    deliveries: tuple[DeliveryView, ...]


def dossier(session: Session, city: City, actor: Actor, ticket_id: UUID, now: datetime) -> Dossier:
    """The dossier of a ticket that the caller has checked to be visible."""
    ticket = session.get_one(Ticket, ticket_id)
    inside = actor.role is Role.DEPARTMENT and actor.department is not None
    lead = inside and actor.department == ticket.lead_department
    hotline = not inside
    return Dossier(
        requests=request_views.of_ticket(session, ticket_id, actor),
        may_ask=requests.may_ask(session, city, ticket, actor, now),
        suspended_at=ticket.suspended_at,
        may_resume=ticket.suspended_at is not None and (lead or actor.role in HEADS),
        first_contact_at=ticket.first_contact_at,
        return_count=ticket.return_count,
        accused=ticket.accused_department if hotline else None,
        ruled=ticket.ruled_department,
        stories=explain(session, ticket_id),
        parts=offices.inside(session, ticket, actor, now),
        sub_units=_sub_units(session, city, str(actor.department)) if inside else (),
        people=_people(session, str(actor.department)) if inside else (),
        parent=_number(session, ticket.parent_id) if hotline and ticket.parent_id else None,
        children=merging.children(session, ticket_id) if hotline or lead else (),
        may_merge=actor.role in FRONT and Status(ticket.status) in MERGEABLE,
        ruling=rulings.of_ticket(session, ticket_id) if hotline else None,
        disputed=hotline and _disputed(ticket),
        urges=_urges(session, ticket_id),
        supervisions=supervision.ledger(session, city, actor, ticket_id=ticket_id),
        visits=supervision.visits(session, city, ticket_id=ticket_id) if hotline or lead else (),
        cards=cards.ledger(session, city, actor, ticket_id=ticket_id),
        exclusions=exclusions.ledger(session, city, actor, ticket_id=ticket_id),
        deliveries=deliveries.of_ticket(session, ticket_id) if hotline else (),
    )


def _disputed(ticket: Ticket) -> bool:
    returned = ticket.return_count >= MAX_RETURNS and ticket.ruled_department is None
    return ticket.status == Status.ACCEPTED and returned


def _number(session: Session, ticket_id: UUID) -> str:
    return session.execute(select(Ticket.number).where(Ticket.id == ticket_id)).scalar_one()


def _urges(session: Session, ticket_id: UUID) -> int:
    return session.execute(select(func.count()).select_from(Urge).where(Urge.ticket_id == ticket_id)).scalar_one()


def _sub_units(session: Session, city: City, department: str) -> tuple[UnitView, ...]:
    """The units below a department's own (旗区 bureaus, stations)."""
    rows = session.execute(
        select(Unit.id, Unit.code, Unit.name, Unit.department, Unit.region)
        .where(Unit.city == city.code, Unit.department == department, Unit.active, Unit.parent_id.is_not(None))
        .order_by(Unit.region, Unit.code)
    )
    return tuple(UnitView(*row) for row in rows)


def _people(session: Session, department: str) -> tuple[Person, ...]:
    mine = (Staff.department == department) & (Staff.role == Role.DEPARTMENT) & Staff.active
    rows = session.execute(select(Staff.id, Staff.display_name, Staff.post).where(mine).order_by(Staff.display_name))
    return tuple(Person(*row) for row in rows)
