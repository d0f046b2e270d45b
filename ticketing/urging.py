"""催办: a citizen asks that it go faster, so often and no oftener; who supervises may always."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing import record
from ticketing.city import City
from ticketing.deadlines import due
from ticketing.errors import Forbidden, IllegalTransition, TooManyAttempts
from ticketing.models import Role, Status, Ticket, Urge, new_id
from ticketing.privacy import seal
from ticketing.reminders import remind
from ticketing.workflow import OPEN, Actor

URGERS = frozenset({Role.CITIZEN, Role.BOT, Role.OPERATOR, Role.DISPATCHER, Role.CALLBACK, Role.SUPERVISOR})
UNLIMITED = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
MAX_WORDS = 500
_STATUSES = frozenset(OPEN[:-1])


def urge(session: Session, city: City, ticket_id: UUID, actor: Actor, now: datetime, *, note: str | None = None) -> int:
    """催办; returns how often the matter was urged by now. A merged ticket's urge reaches the one it follows."""
    ticket = record.take(session, _answering(session, ticket_id))
    if actor.role not in URGERS:
        raise Forbidden("role_may_not", role=actor.role.value, action="urge")
    if Status(ticket.status) not in _STATUSES:
        raise IllegalTransition("urge_not_now", status=ticket.status)
    before = _by_citizen(session, ticket.id)
    if actor.role not in UNLIMITED:
        _check(city, before, now)
    words = record.text_of(note, "note", MAX_WORDS) if note else None
    urge_ = Urge(id=new_id(), ticket_id=ticket.id, at=now, by_role=actor.role, staff_id=actor.staff_id)
    urge_.department, urge_.note_sealed = ticket.lead_department, seal(session, words) if words else None
    count = _all(session, ticket.id) + 1
    session.add(urge_)
    record.write(session, ticket, "urge", actor, now, note=words, data={"count": count}, quiet=True)
    to = "department" if ticket.lead_department else "hotline"
    remind(session, ticket.id, "urge", f"urge:{urge_.id}", now, to=to, department=ticket.lead_department)
    return count


def _answering(session: Session, ticket_id: UUID) -> UUID:
    merged = (Ticket.id == ticket_id) & (Ticket.status == Status.MERGED)
    return session.execute(select(Ticket.parent_id).where(merged)).scalar() or ticket_id


def _check(city: City, before: list[datetime], now: datetime) -> None:
    rules = city.watch
    if len(before) >= rules.urges:
        raise TooManyAttempts("urged_enough", limit=rules.urges)
    if before and now < (again := due(city.calendar, max(before), rules.urges_apart).at):
        raise TooManyAttempts("urged_just_now", until=again)


def _by_citizen(session: Session, ticket_id: UUID) -> list[datetime]:
    mine = (Urge.ticket_id == ticket_id) & Urge.by_role.not_in(UNLIMITED)
    return list(session.scalars(select(Urge.at).where(mine)))


def _all(session: Session, ticket_id: UUID) -> int:
    counted = select(func.count()).select_from(Urge).where(Urge.ticket_id == ticket_id)
    return session.execute(counted).scalar_one()
