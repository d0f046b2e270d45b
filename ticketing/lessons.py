"""Lessons (改判学习): every ticket that is past its department's signature says who was competent after all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from routing.retraining import Lesson as Taught
from ticketing.city import City
from ticketing.models import Cause, Lesson, Status, Ticket, TicketEvent, new_id
from ticketing.workflow import Action

RECENT = timedelta(weeks=4)
_SETTLED = (Status.ANSWERED, Status.CALLBACK, Status.CLOSED)
_NOT_OURS = "not_ours"
_MOST = 5000


def harvest(session: Session, city: City, now: datetime) -> int:
    """Make a lesson of every settled ticket that has none yet; returns how many were new."""
    rows = session.scalars(
        select(Ticket)
        .where(
            Ticket.city == city.code,
            Ticket.status.in_(_SETTLED),
            Ticket.lead_department.is_not(None),
            Ticket.parent_id.is_(None),
            ~exists().where(Lesson.ticket_id == Ticket.id),
        )
        .order_by(Ticket.id)
        .limit(_MOST)
    ).all()
    taught = [values for ticket in rows if (values := _lesson(session, ticket, now))]
    if taught:
        session.execute(insert(Lesson), taught)
    return len(taught)


def _lesson(session: Session, ticket: Ticket, now: datetime) -> dict[str, object] | None:
    """The row of a ticket a person dispatched; one the machine sent on its own teaches it nothing."""
    recommended = (ticket.evidence or {}).get("department")
    moves = _moves(session, ticket)
    by_person = any(event.action == Action.DISPATCH and event.actor_id for event in moves)
    if not recommended or not by_person:
        return None
    returned = any(event.action == Action.RETURN and event.data.get("reason") == _NOT_OURS for event in moves)
    return {
        "id": new_id(),
        "ticket_id": ticket.id,
        "city": ticket.city,
        "cause": Cause.RETURN if returned else Cause.DISPATCH,
        "text": ticket.content_redacted,
        "kind": ticket.kind,
        "urgency": ticket.urgency,
        "recommended": recommended,
        "department": ticket.lead_department,
        "confidence": float((ticket.evidence or {}).get("confidence") or 0.0),
        "model_version": str((ticket.evidence or {}).get("model_version") or ""),
        "learned_at": ticket.answered_at or now,
    }


def _moves(session: Session, ticket: Ticket) -> Sequence[TicketEvent]:
    moves = TicketEvent.action.in_([Action.DISPATCH, Action.RETURN])
    return session.scalars(select(TicketEvent).where(TicketEvent.ticket_id == ticket.id, moves)).all()


def lessons(session: Session, city: City, now: datetime, trained_at: datetime | None) -> list[Taught]:
    """All lessons for a challenge; `trained_at` is when the model in use was trained on those before."""
    rows = session.scalars(select(Lesson).where(Lesson.city == city.code).order_by(Lesson.learned_at, Lesson.id))
    return [
        Taught(
            row.text,
            row.department,
            row.kind,
            row.urgency,
            recent=row.learned_at >= now - RECENT,
            seen=trained_at is not None and row.learned_at <= trained_at,
        )
        for row in rows
    ]
