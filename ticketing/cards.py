"""红黄牌: rules propose a card with its evidence, a person issues it; the department may appeal to another person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing import record
from ticketing.cases import CARDS, step
from ticketing.city import City
from ticketing.deadlines import Limit, due
from ticketing.errors import NotFound
from ticketing.models import Card, Clock, Role, Supervision, SupervisionStatus, Ticket, new_id
from ticketing.privacy import seal, unseal
from ticketing.reminders import remind
from ticketing.statements import dialect_of, insert_or_skip, table_of
from ticketing.workflow import FINAL, Actor

_CARD = table_of(Card)
_PROPOSE = insert_or_skip(_CARD, "ticket_id", "rule", "occasion", returning=[_CARD.c.id])
_SYSTEM = Actor(Role.SYSTEM)
_LATE = ("late", "very_late")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A card that a rule asks for; `occasion` keeps it single."""

    ticket_id: UUID
    department: str
    rule: str
    occasion: int
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CardView:
    """A card as a page shows it."""

    id: UUID
    number: str
    title: str
    department: str
    colour: str
    status: str
    rule: str
    evidence: dict[str, Any]
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    note: str | None
    appeal: str | None
    ruling: str | None


def due_cards(session: Session, city: City, now: datetime) -> tuple[Proposal, ...]:
    """What the city's rules ask for now and nobody proposed yet; looking changes nothing."""
    wanted = [*_late(session, city, now), *_reworked(session, city), *_supervised(session, city, now)]
    there = set(session.execute(select(Card.ticket_id, Card.rule, Card.occasion)).all())
    return tuple(one for one in wanted if (one.ticket_id, one.rule, one.occasion) not in there)


def _late(session: Session, city: City, now: datetime) -> Iterator[Proposal]:
    """超期 by so many working days."""
    open_ = (Ticket.city == city.code) & Ticket.status.not_in(FINAL) & Ticket.suspended_at.is_(None)
    late = open_ & Ticket.answered_at.is_(None) & (Ticket.finish_due < now) & Ticket.lead_department.is_not(None)
    revision = select(func.max(Clock.revision)).where(Clock.ticket_id == Ticket.id, Clock.name == "finish")
    rows = session.execute(
        select(Ticket.id, Ticket.lead_department, Ticket.finish_due, revision.scalar_subquery()).where(late)
    ).all()
    for ticket_id, department, finish_due, occasion in rows:
        for name in _LATE:
            rule = city.watch.cards[name]
            reached = due(city.calendar, finish_due, Limit(rule.at_least, "wd", rule.basis)).at
            if reached <= now:
                evidence = {"due": finish_due.isoformat(), "days": rule.at_least, "basis": rule.basis}
                yield Proposal(ticket_id, department, name, occasion, evidence)


def _reworked(session: Session, city: City) -> Iterator[Proposal]:
    rule = city.watch.cards["reworked"]
    many = (Ticket.city == city.code) & Ticket.status.not_in(FINAL) & (Ticket.rework_count >= rule.at_least)
    rows = session.execute(
        select(Ticket.id, Ticket.lead_department, Ticket.rework_count).where(many, Ticket.lead_department.is_not(None))
    )
    for ticket_id, department, reworks in rows:
        yield Proposal(ticket_id, str(department), "reworked", reworks, {"reworks": reworks, "basis": rule.basis})


def _supervised(session: Session, city: City, now: datetime) -> Iterator[Proposal]:
    """督办 that nobody reported on in time; the occasion counts the ticket's instructions."""
    rule = city.watch.cards["supervision_late"]
    late = (Supervision.status == SupervisionStatus.OPEN) & (Supervision.due_at < now)
    rows = session.execute(
        select(Supervision).join(Ticket, Ticket.id == Supervision.ticket_id).where(late, Ticket.city == city.code)
    ).scalars()
    for one in rows:
        earlier = (Supervision.ticket_id == one.ticket_id) & (Supervision.id <= one.id)
        occasion = session.execute(select(func.count()).select_from(Supervision).where(earlier)).scalar_one()
        evidence = {"supervision": str(one.id), "due": one.due_at.isoformat(), "basis": rule.basis}
        yield Proposal(one.ticket_id, one.department, "supervision_late", occasion, evidence)


def propose(session: Session, city: City, proposal: Proposal, now: datetime) -> UUID | None:
    """拟发牌: once for its occasion; None when it is there already."""
    ticket = record.take(session, proposal.ticket_id)
    colour = city.watch.cards[proposal.rule].colour
    row = {
        "id": new_id(),
        "ticket_id": ticket.id,
        "department": proposal.department,
        "colour": colour,
        "status": "proposed",
        "rule": proposal.rule,
        "occasion": proposal.occasion,
        "evidence": proposal.evidence,
        "proposed_at": now,
    }
    made = session.execute(_PROPOSE[dialect_of(session)], row).scalar()
    if made is None:
        return None
    data = {"card": str(made), "rule": proposal.rule, "colour": colour, "department": proposal.department}
    record.write(session, ticket, "propose_card", _SYSTEM, now, data=data | proposal.evidence, quiet=True)
    remind(session, ticket.id, "propose_card", f"card:{made}", now, to="supervisor", department=proposal.department)
    return UUID(str(made))


def act(session: Session, card_id: UUID, action: str, actor: Actor, now: datetime, *, note: str) -> str:
    """发牌, 不予发牌, 申诉, 申诉未采纳, 撤销: each with its reason; returns the card's new status."""
    ticket, card = _of(session, card_id)
    words = record.text_of(note, "note")
    card.status = step(CARDS, card.status, action, actor, card.department, card.decided_by)
    _keep(session, card, action, actor, words, now)
    data = {"card": str(card.id), "rule": card.rule, "colour": card.colour, "department": card.department}
    record.write(session, ticket, action, actor, now, note=words, data=data | {"status": card.status}, quiet=True)
    to = "supervisor" if action == "appeal_card" else "department"
    remind(session, ticket.id, action, f"card:{card.id}:{card.status}", now, to=to, department=card.department)
    return card.status


def _keep(session: Session, card: Card, action: str, actor: Actor, words: str, now: datetime) -> None:
    sealed = seal(session, words)
    if action == "appeal_card":
        card.appeal_sealed, card.appealed_by, card.appealed_at = sealed, actor.staff_id, now
    elif action in {"issue_card", "dismiss_card"}:
        card.note_sealed, card.decided_by, card.decided_at = sealed, actor.staff_id, now
    else:
        card.ruling_sealed, card.ruled_by, card.ruled_at = sealed, actor.staff_id, now


def _of(session: Session, card_id: UUID) -> tuple[Ticket, Card]:
    ticket_id = session.execute(select(Card.ticket_id).where(Card.id == card_id)).scalar()
    if ticket_id is None:
        raise NotFound("case_not_found")
    ticket = record.take(session, ticket_id)
    fresh = select(Card).where(Card.id == card_id).execution_options(populate_existing=True)
    return ticket, session.scalars(fresh).one()


def ledger(
    session: Session,
    city: City,
    actor: Actor,
    *,
    status: str | None = None,
    ticket_id: UUID | None = None,
    limit: int = 200,
) -> tuple[CardView, ...]:
    """The cards an actor may see, newest first: a department sees its own, and none that was only proposed."""
    query = select(Card, Ticket.number, Ticket.title).join(Ticket, Ticket.id == Card.ticket_id)
    query = query.where(Ticket.city == city.code)
    if actor.role is Role.DEPARTMENT:
        query = query.where(Card.department == actor.department, Card.status.not_in(("proposed", "dismissed")))
    if status is not None:
        query = query.where(Card.status == status)
    if ticket_id is not None:
        query = query.where(Card.ticket_id == ticket_id)
    rows = session.execute(query.order_by(Card.proposed_at.desc(), Card.id.desc()).limit(limit))
    return tuple(_view(session, card, number, title) for card, number, title in rows)


def _view(session: Session, card: Card, number: str, title: str) -> CardView:
    def words(blob: bytes | None) -> str | None:
        return unseal(session, blob) if blob else None

    return CardView(
        card.id,
        number,
        title,
        card.department,
        card.colour,
        card.status,
        card.rule,
        card.evidence,
        card.proposed_at,
        card.decided_by,
        card.decided_at,
        words(card.note_sealed),
        words(card.appeal_sealed),
        words(card.ruling_sealed),
    )
