"""考核剔除: a ticket that shall not count against its department, with reason, evidence, decision and appeal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import record
from ticketing.cases import EXCLUSIONS, step
from ticketing.city import City
from ticketing.codes import ExclusionReason
from ticketing.errors import Conflict, Invalid, NotFound
from ticketing.models import Exclusion, ExclusionStatus, Role, Ticket, new_id
from ticketing.privacy import seal, unseal
from ticketing.reminders import remind
from ticketing.workflow import Actor, Facts, own_department

MAX_FILES = 20
_MAX_FILE = 200


@dataclass(frozen=True, slots=True)
class ExclusionView:
    """A request for exclusion as a page shows it."""

    id: UUID
    number: str
    title: str
    department: str
    status: str
    reason_code: str
    evidence: str
    files: Sequence[str]
    asked_at: datetime
    decided_by: UUID | None
    decision: str | None
    appeal: str | None
    ruling: str | None


def ask(
    session: Session,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    reason_code: str,
    evidence: str,
    files: Sequence[str] = (),
) -> UUID:
    """申请剔除, by the lead department, once while one is open or granted."""
    ticket = record.take(session, ticket_id)
    own_department(actor, Facts(lead_department=ticket.lead_department))
    if reason_code not in set(ExclusionReason):
        raise Invalid("code_unknown", field="reason_code")
    words, names = record.text_of(evidence, "evidence"), files_of(files)
    there = select(Exclusion.id).where(Exclusion.ticket_id == ticket_id, Exclusion.department == actor.department)
    if session.execute(there).first() is not None:
        raise Conflict("exclusion_asked")
    one = Exclusion(id=new_id(), ticket_id=ticket_id, department=actor.department, status=ExclusionStatus.PENDING)
    one.reason_code, one.evidence_sealed, one.files = reason_code, seal(session, words), names
    one.asked_by, one.asked_at = actor.staff_id, now
    session.add(one)
    _note(session, ticket, one, "ask_exclusion", actor, words, now)
    return one.id


def files_of(files: Sequence[str]) -> list[str]:
    """References of attached files (附件), bounded."""
    if len(files) > MAX_FILES or any(len(name) > _MAX_FILE for name in files):
        raise Invalid("field_too_long", field="files", limit=MAX_FILES)
    return list(files)


def act(session: Session, exclusion_id: UUID, action: str, actor: Actor, now: datetime, *, note: str) -> str:
    """同意, 不予, 申诉, 申诉未采纳: each with its reason; returns the new status."""
    ticket, one = _of(session, exclusion_id)
    words = record.text_of(note, "note")
    appealed = one.status == ExclusionStatus.APPEALED
    one.status = step(EXCLUSIONS, one.status, action, actor, one.department, one.decided_by)
    sealed = seal(session, words)
    if action == "appeal_exclusion":
        one.appeal_sealed, one.appealed_by, one.appealed_at = sealed, actor.staff_id, now
    elif appealed:
        one.ruling_sealed, one.ruled_by, one.ruled_at = sealed, actor.staff_id, now
    else:
        one.decision_sealed, one.decided_by, one.decided_at = sealed, actor.staff_id, now
    _note(session, ticket, one, action, actor, words, now)
    return one.status


def _note(
    session: Session, ticket: Ticket, one: Exclusion, action: str, actor: Actor, words: str, now: datetime
) -> None:
    data = {"exclusion": str(one.id), "reason": one.reason_code, "status": one.status, "department": one.department}
    record.write(session, ticket, action, actor, now, note=words, data=data, quiet=True)
    to = "department" if actor.role is Role.SUPERVISOR else "supervisor"
    remind(session, ticket.id, action, f"exclusion:{one.id}:{one.status}", now, to=to, department=one.department)


def _of(session: Session, exclusion_id: UUID) -> tuple[Ticket, Exclusion]:
    ticket_id = session.execute(select(Exclusion.ticket_id).where(Exclusion.id == exclusion_id)).scalar()
    if ticket_id is None:
        raise NotFound("case_not_found")
    ticket = record.take(session, ticket_id)
    fresh = select(Exclusion).where(Exclusion.id == exclusion_id).execution_options(populate_existing=True)
    return ticket, session.scalars(fresh).one()


def ledger(
    session: Session, city: City, actor: Actor, *, ticket_id: UUID | None = None, limit: int = 200
) -> tuple[ExclusionView, ...]:
    """The requests an actor may see, newest first; a department sees its own."""
    query = select(Exclusion, Ticket.number, Ticket.title).join(Ticket, Ticket.id == Exclusion.ticket_id)
    query = query.where(Ticket.city == city.code)
    if actor.role is Role.DEPARTMENT:
        query = query.where(Exclusion.department == actor.department)
    if ticket_id is not None:
        query = query.where(Exclusion.ticket_id == ticket_id)
    rows = session.execute(query.order_by(Exclusion.asked_at.desc()).limit(limit))
    return tuple(_view(session, one, number, title) for one, number, title in rows)


def _view(session: Session, one: Exclusion, number: str, title: str) -> ExclusionView:
    def words(blob: bytes | None) -> str | None:
        return unseal(session, blob) if blob else None

    return ExclusionView(
        one.id,
        number,
        title,
        one.department,
        one.status,
        one.reason_code,
        unseal(session, one.evidence_sealed),
        tuple(one.files),
        one.asked_at,
        one.decided_by,
        words(one.decision_sealed),
        words(one.appeal_sealed),
        words(one.ruling_sealed),
    )
