"""会商 and 裁定: after two returns the departments are heard, then one is named, and it gets the ticket for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import record
from ticketing.city import City
from ticketing.errors import Forbidden, IllegalTransition, Invalid
from ticketing.models import Role, Ruling, Status, Ticket, new_id
from ticketing.privacy import seal, seal_json, unseal, unseal_json
from ticketing.workflow import MAX_RETURNS, RETURNS, Actor

HEARERS = RETURNS | {Role.SUPERVISOR}
JUDGES = frozenset({Role.SUPERVISOR})
MAX_OPINION = 2000


@dataclass(frozen=True, slots=True)
class RulingView:
    """A hearing and how it ended; `heard` are the opinions by department."""

    id: UUID
    opened_at: datetime
    heard: Mapping[str, str]
    department: str | None
    basis: str | None
    note: str | None
    proposal: str | None
    decided_at: datetime | None


def hear(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    department: str,
    opinion: str,
    expected_version: int | None = None,
) -> UUID:
    """会商: write down what a department (or 编办, 司法) says; the first opinion opens the hearing."""
    ticket = _disputed(session, ticket_id, actor, HEARERS, "hear", expected_version)
    if department not in city.departments:
        raise Invalid("department_unknown", field="department")
    opinion = record.text_of(opinion, "opinion", MAX_OPINION)
    ruling = _open(session, ticket, actor, now)
    opinions = unseal_json(session, ruling.heard_sealed) | {department: opinion}
    ruling.heard, ruling.heard_sealed = sorted(opinions), seal_json(session, opinions)
    record.write(session, ticket, "hear", actor, now, note=opinion, data={"department": department})
    return ruling.id


def rule(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    department: str,
    basis: str,
    note: str,
    proposal: str | None = None,
    expected_version: int | None = None,
) -> UUID:
    """裁定: name the department on a legal basis, after two were heard; `proposal` would amend the catalogue."""
    ticket = _disputed(session, ticket_id, actor, JUDGES, "rule", expected_version)
    if department not in city.departments:
        raise Invalid("department_unknown", field="department")
    ruling = _running(session, ticket.id)
    if ruling is None or len(ruling.heard) < 2:
        raise IllegalTransition("hearing_needed")
    ruling.department, ruling.basis = department, record.text_of(basis, "basis", MAX_OPINION)
    ruling.note_sealed = seal(session, record.text_of(note, "note"))
    ruling.proposal_sealed = seal(session, record.text_of(proposal, "proposal")) if proposal else None
    ruling.decided_by, ruling.decided_at = actor.staff_id, now
    ticket.ruled_department = department
    data = {"department": department, "basis": ruling.basis, "heard": ruling.heard, "proposal": bool(proposal)}
    record.write(session, ticket, "rule", actor, now, note=note, data=data)
    return ruling.id


def of_ticket(session: Session, ticket_id: UUID) -> RulingView | None:
    """The newest hearing of a ticket."""
    ruling = session.scalars(
        select(Ruling).where(Ruling.ticket_id == ticket_id).order_by(Ruling.id.desc()).limit(1)
    ).first()
    return _view(session, ruling) if ruling else None


def proposals(session: Session, limit: int = 100) -> tuple[tuple[UUID, RulingView], ...]:
    """The rulings that ask for a change of the catalogue (派单目录), newest first."""
    found = select(Ruling).where(Ruling.proposal_sealed.is_not(None)).order_by(Ruling.decided_at.desc()).limit(limit)
    return tuple((ruling.ticket_id, _view(session, ruling)) for ruling in session.scalars(found))


def _disputed(
    session: Session,
    ticket_id: UUID,
    actor: Actor,
    roles: frozenset[Role],
    action: str,
    expected_version: int | None,
) -> Ticket:
    ticket = record.take(session, ticket_id, expected_version)
    if actor.role not in roles:
        raise Forbidden("role_may_not", role=actor.role.value, action=action)
    ruled = ticket.ruled_department is not None
    if ticket.status != Status.ACCEPTED or ticket.return_count < MAX_RETURNS or ruled:
        raise IllegalTransition("no_dispute")
    return ticket


def _running(session: Session, ticket_id: UUID) -> Ruling | None:
    return session.scalars(select(Ruling).where(Ruling.ticket_id == ticket_id, Ruling.decided_at.is_(None))).first()


def _open(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> Ruling:
    if (running := _running(session, ticket.id)) is not None:
        return running
    ruling = Ruling(id=new_id(), ticket_id=ticket.id, opened_by=actor.staff_id, opened_at=now)
    ruling.heard, ruling.heard_sealed = [], seal_json(session, {})
    session.add(ruling)
    return ruling


def _view(session: Session, ruling: Ruling) -> RulingView:
    def open_(blob: bytes | None) -> str | None:
        return unseal(session, blob) if blob else None

    heard: dict[str, Any] = unseal_json(session, ruling.heard_sealed)
    return RulingView(
        ruling.id,
        ruling.opened_at,
        heard,
        ruling.department,
        ruling.basis,
        open_(ruling.note_sealed),
        open_(ruling.proposal_sealed),
        ruling.decided_at,
    )
