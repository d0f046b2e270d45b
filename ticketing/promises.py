"""Promises (承诺跟踪): what a department promised until when, the ledger, and the second callback on that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing import record
from ticketing.city import City
from ticketing.errors import Conflict, Forbidden, Invalid, NotFound
from ticketing.models import Promise, PromiseStatus, Role, Ticket, new_id
from ticketing.privacy import seal, unseal
from ticketing.reminders import remind
from ticketing.statements import table_of
from ticketing.workflow import Actor, Facts, own_department

MAX_DAYS = 730
MAX_TEXT = 500
CHECKERS = frozenset({Role.CALLBACK})
_PROMISE = table_of(Promise)


@dataclass(frozen=True, slots=True)
class PromiseView:
    """A promise as the ledger shows it."""

    id: UUID
    ticket_id: UUID
    number: str
    title: str
    department: str
    status: str
    text: str
    made_at: datetime
    due_at: datetime
    attempts: int
    checked_at: datetime | None
    note: str | None


def promise(session: Session, ticket_id: UUID, actor: Actor, now: datetime, *, text: str, due_at: datetime) -> UUID:
    """承诺: the lead department says what will be done until when; it becomes part of the ticket's history."""
    ticket = record.take(session, ticket_id)
    own_department(actor, Facts(lead_department=ticket.lead_department))
    words = record.text_of(text, "text", MAX_TEXT)
    if not now < due_at <= now + timedelta(days=MAX_DAYS):
        raise Invalid("promise_date_unfit", field="due_at", limit=MAX_DAYS)
    made = Promise(id=new_id(), ticket_id=ticket.id, department=actor.department, status=PromiseStatus.OPEN)
    made.text_sealed, made.due_at, made.made_at, made.made_by = seal(session, words), due_at, now, actor.staff_id
    made.attempts = 0
    session.add(made)
    data = {"promise": str(made.id), "department": actor.department, "due": due_at.isoformat()}
    record.write(session, ticket, "promise", actor, now, note=words, data=data)
    return made.id


def fall_due(session: Session, city: City, now: datetime, limit: int = 100) -> int:
    """The day came (二次回访): the promise goes to the callback officers; returns how many."""
    p = _PROMISE.c
    mine = select(p.id).join(Ticket, Ticket.id == p.ticket_id).where(Ticket.city == city.code)
    due = mine.where(p.status == PromiseStatus.OPEN, p.due_at <= now).order_by(p.due_at).limit(limit)
    moved = update(_PROMISE).where(p.id.in_(due), p.status == PromiseStatus.OPEN).values(status=PromiseStatus.DUE)
    rows = session.execute(moved.returning(p.id, p.ticket_id, p.department)).all()
    for row in rows:
        remind(session, row.ticket_id, "promise_due", f"promise:{row.id}", now, to="callback", department=None)
        remind(
            session,
            row.ticket_id,
            "promise_due",
            f"promise:{row.id}:unit",
            now,
            to="department",
            department=row.department,
        )
    return len(rows)


def check(
    session: Session, city: City, promise_id: UUID, actor: Actor, now: datetime, *, kept: bool | None, note: str | None
) -> PromiseStatus:
    """二次回访: what the citizen says of the promise on its day; None when nobody was reached.

    After the city's number of failed tries it ends as 未能联系, which is not 已兑现.
    """
    if actor.role not in CHECKERS:
        raise Forbidden("role_may_not", role=actor.role.value, action="promise")
    found = session.execute(select(Promise.ticket_id).where(Promise.id == promise_id)).scalar()
    if found is None:
        raise NotFound("promise_not_found")
    ticket = record.take(session, found)
    one = session.scalars(
        select(Promise).where(Promise.id == promise_id).execution_options(populate_existing=True)
    ).one()
    if one.status != PromiseStatus.DUE:
        raise Conflict("promise_checked")
    if kept is False:
        note = record.text_of(note, "note")
    one.attempts += 1
    one.status = _after(city, one.attempts, kept)
    if one.status != PromiseStatus.DUE:
        one.checked_at, one.checked_by = now, actor.staff_id
    one.note_sealed = seal(session, note) if note else None
    data = {"promise": str(one.id), "status": one.status, "attempt": one.attempts, "department": one.department}
    record.write(session, ticket, "check_promise", actor, now, note=note, data=data)
    if one.status == PromiseStatus.BROKEN:
        remind(
            session, ticket.id, "promise_broken", f"promise:{one.id}", now, to="supervisor", department=one.department
        )
    return PromiseStatus(one.status)


def _after(city: City, attempts: int, kept: bool | None) -> PromiseStatus:
    if kept is not None:
        return PromiseStatus.KEPT if kept else PromiseStatus.BROKEN
    return PromiseStatus.UNREACHED if attempts >= city.survey.attempts else PromiseStatus.DUE


def ledger(
    session: Session,
    city: City,
    actor: Actor,
    *,
    status: PromiseStatus | None = None,
    ticket_id: UUID | None = None,
    limit: int = 300,
) -> tuple[PromiseView, ...]:
    """承诺台账, the next dates first; a department sees its own."""
    query = select(Promise, Ticket.number, Ticket.title).join(Ticket, Ticket.id == Promise.ticket_id)
    query = query.where(Ticket.city == city.code)
    if actor.role is Role.DEPARTMENT:
        query = query.where(Promise.department == actor.department)
    if status is not None:
        query = query.where(Promise.status == status)
    if ticket_id is not None:
        query = query.where(Promise.ticket_id == ticket_id)
    over = Promise.status.in_((PromiseStatus.KEPT, PromiseStatus.BROKEN, PromiseStatus.UNREACHED))
    rows = session.execute(query.order_by(over, Promise.due_at).limit(limit))
    return tuple(_view(session, one, number, title) for one, number, title in rows)


def _view(session: Session, one: Promise, number: str, title: str) -> PromiseView:
    return PromiseView(
        one.id,
        one.ticket_id,
        number,
        title,
        one.department,
        one.status,
        unseal(session, one.text_sealed),
        one.made_at,
        one.due_at,
        one.attempts,
        one.checked_at,
        unseal(session, one.note_sealed) if one.note_sealed else None,
    )
