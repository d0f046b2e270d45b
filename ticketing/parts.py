"""The parts in a ticket (主办, 协办, 转派) as rows: given, signed, reported, ended. Rows only; no rules of who may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from ticketing import units
from ticketing.city import City
from ticketing.deadlines import Limit
from ticketing.errors import Invalid
from ticketing.models import Assignment, Part, Post, Role, Staff, Status, Ticket, TicketEvent, new_id
from ticketing.privacy import unseal
from ticketing.statements import table_of

_ASSIGNMENT = table_of(Assignment)
_a = _ASSIGNMENT.c


@dataclass(frozen=True, slots=True)
class Given:
    """A part that was just given."""

    id: UUID
    unit_id: UUID | None


@dataclass(frozen=True, slots=True)
class Merged:
    """What the last merge event of a ticket kept."""

    at: datetime
    status: Status
    parent_before: str | None


def give(
    session: Session,
    city: City,
    ticket: Ticket,
    department: str,
    part: Part,
    now: datetime,
    due_at: datetime | None,
    limit: Limit | None,
    **more: Any,
) -> Given:
    """Give a department its part, at the nearest unit it has, with a due time of its own."""
    recommended = ((ticket.evidence or {}).get("unit") or {}).get("code")
    unit_id = more.pop("unit_id", None) or units.receiving(session, city, department, ticket.region, recommended)
    part_id = new_id()
    row = {"id": part_id, "ticket_id": ticket.id, "department": department, "unit_id": unit_id, "part": part}
    clock = {"due_at": due_at, "rule": limit.rule if limit else None, "basis": limit.basis if limit else None}
    session.execute(insert(_ASSIGNMENT), row | clock | {"given_at": now} | more)
    return Given(part_id, unit_id)


def running(ticket_id: UUID) -> ColumnElement[bool]:
    """The parts of a ticket that are not over."""
    return (_a.ticket_id == ticket_id) & _a.ended_at.is_(None)


def _lead(ticket_id: UUID) -> ColumnElement[bool]:
    return running(ticket_id) & (_a.part == Part.LEAD)


def end_all(session: Session, ticket_id: UUID, now: datetime) -> None:
    """The ticket is given anew: every part in it ends, and is kept."""
    session.execute(update(_ASSIGNMENT).where(running(ticket_id)).values(ended_at=now))


def lead_signed(session: Session, ticket_id: UUID, staff_id: UUID | None, now: datetime) -> None:
    """签收: the lead's part shows it."""
    session.execute(update(_ASSIGNMENT).where(_lead(ticket_id)).values(signed_at=now, signed_by=staff_id))


def lead_done(session: Session, ticket_id: UUID, now: datetime) -> list[str]:
    """The lead submitted; returns the departments whose part was not reported (协办未反馈)."""
    session.execute(update(_ASSIGNMENT).where(_lead(ticket_id)).values(done_at=now))
    still = running(ticket_id) & (_a.part == Part.ASSISTING) & _a.done_at.is_(None)
    return list(session.scalars(select(_a.department).where(still).order_by(_a.id)))


def lead_due(session: Session, ticket_id: UUID, due_at: datetime) -> None:
    """The lead's part is due when the ticket is."""
    session.execute(update(_ASSIGNMENT).where(_lead(ticket_id)).values(due_at=due_at))


def reopen_lead(session: Session, ticket_id: UUID, due_at: datetime | None, *, unsigned: bool = False) -> bool:
    """The answer did not do: the lead drafts and signs a new one; False when no lead's part is there to reopen."""
    fresh: dict[str, Any] = dict.fromkeys(("done_at", "drafted_at", "drafted_by", "approved_at", "approved_by"))
    fresh |= {"due_at": due_at} | (dict.fromkeys(("signed_at", "signed_by")) if unsigned else {})
    reopened = update(_ASSIGNMENT).where(_lead(ticket_id)).values(**fresh).returning(_a.id)
    return session.execute(reopened).first() is not None


def approval_missing(session: Session, ticket: Ticket) -> bool:
    """Whether the lead department has a leader here who did not sign its draft yet (领导审签)."""
    if ticket.status != Status.HANDLING or not has_leader(session, ticket.lead_department):
        return False
    signed = select(_a.id).where(_lead(ticket.id), _a.approved_at.is_not(None))
    return session.execute(signed).first() is None


def has_leader(session: Session, department: str | None) -> bool:
    """Whether a leader of the department works with this system."""
    leads = (Staff.role == Role.DEPARTMENT) & (Staff.department == department) & (Staff.post == Post.LEADER)
    return session.execute(select(Staff.id).where(leads, Staff.active).limit(1)).first() is not None


def check_signed(session: Session, ticket_id: UUID, answer: str, outcome: str) -> None:
    """What a leader signed is what leaves the department."""
    row = session.execute(
        select(_a.draft_sealed, _a.outcome_code).where(_lead(ticket_id), _a.approved_at.is_not(None))
    ).first()
    if row is not None and (unseal(session, row.draft_sealed) != answer or row.outcome_code != outcome):
        raise Invalid("answer_not_signed", field="answer")


def last_return(session: Session, ticket_id: UUID) -> dict[str, Any]:
    """What the newest dispatch of a returned ticket says about its return: the department it came from and why."""
    row = session.execute(
        select(TicketEvent.action, TicketEvent.data)
        .where(TicketEvent.ticket_id == ticket_id, TicketEvent.action.in_(("return", "dispatch")))
        .order_by(TicketEvent.seq.desc())
        .limit(1)
    ).first()
    if row is None or row.action != "return":
        return {}
    return {"returned": {"from": row.data["department"], "reason": row.data["reason"]}}


def last_merge(session: Session, ticket_id: UUID) -> Merged:
    """The newest merge of a ticket that is merged."""
    row = session.execute(
        select(TicketEvent.at, TicketEvent.from_status, TicketEvent.data)
        .where(TicketEvent.ticket_id == ticket_id, TicketEvent.action == "merge")
        .order_by(TicketEvent.seq.desc())
        .limit(1)
    ).one()
    return Merged(row.at, Status(row.from_status), row.data.get("parent_before"))
