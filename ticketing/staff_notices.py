"""The inbox of staff (站内消息): a reminder becomes one notice for each person it concerns, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from ticketing.models import Post, Role, Staff, StaffNotice, Ticket, new_id
from ticketing.statements import dialect_of, insert_or_skip, table_of

MAX_ROWS = 100
_NOTICE = table_of(StaffNotice)
_KEEP = insert_or_skip(_NOTICE, "staff_id", "key", returning=[_NOTICE.c.staff_id])
_ROLES: Mapping[str, tuple[Role, ...]] = MappingProxyType(
    {
        "supervisor": (Role.SUPERVISOR,),
        "hotline": (Role.DISPATCHER, Role.REVIEWER),
        "dispatcher": (Role.DISPATCHER,),
        "reviewer": (Role.REVIEWER,),
        "callback": (Role.CALLBACK,),
    }
)


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice as its reader sees it."""

    id: UUID
    matter: str
    number: str
    title: str
    at: datetime
    read: bool


def deliver(
    session: Session, ticket_id: UUID, matter: str, key: str, now: datetime, *, to: str, department: str | None
) -> tuple[UUID, ...]:
    """Give everybody concerned their notice; returns who has a new one. Doing it twice gives nobody a second."""
    people = session.scalars(select(Staff.id).where(Staff.active, _concerned(to, department)))
    row = {"key": key, "kind": matter, "ticket_id": ticket_id, "data": {"to": to}, "at": now}
    rows = [row | {"id": new_id(), "staff_id": staff_id} for staff_id in people]
    found = (session.execute(_KEEP[dialect_of(session)], one).scalar() for one in rows)
    return tuple(UUID(str(staff_id)) for staff_id in found if staff_id is not None)


def _concerned(to: str, department: str | None) -> ColumnElement[bool]:
    own = and_(Staff.role == Role.DEPARTMENT, Staff.department == department)
    if to == "leader":
        leads = select(Staff.id).where(own, Staff.post == Post.LEADER, Staff.active).exists()
        return and_(own, or_(Staff.post == Post.LEADER, ~leads))  # a small unit has none: then all of it
    if to == "department":
        return own
    return Staff.role.in_(_ROLES[to])


def inbox(session: Session, staff_id: UUID, limit: int = MAX_ROWS) -> tuple[NoticeView, ...]:
    """A person's notices: unread ones first, the newest on top."""
    read = StaffNotice.read_at.is_not(None)
    rows = session.execute(
        select(StaffNotice.id, StaffNotice.kind, Ticket.number, Ticket.title, StaffNotice.at, read)
        .join(Ticket, Ticket.id == StaffNotice.ticket_id)
        .where(StaffNotice.staff_id == staff_id)
        .order_by(read, StaffNotice.at.desc())
        .limit(limit)
    )
    return tuple(NoticeView(*row) for row in rows)


def unread(session: Session, staff_id: UUID) -> int:
    """How many notices a person has not read."""
    mine = (_NOTICE.c.staff_id == staff_id) & _NOTICE.c.read_at.is_(None)
    return session.execute(select(func.count()).select_from(_NOTICE).where(mine)).scalar_one()


def mark_read(session: Session, staff_id: UUID, now: datetime, notice_id: UUID | None = None) -> None:
    """已读: one notice, or all; nobody reads another's."""
    mine = (_NOTICE.c.staff_id == staff_id) & _NOTICE.c.read_at.is_(None)
    chosen = mine & (_NOTICE.c.id == notice_id) if notice_id is not None else mine
    session.execute(update(_NOTICE).where(chosen).values(read_at=now))
