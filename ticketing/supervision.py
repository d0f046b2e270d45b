"""督办: an instruction with a level, an owner, a due time and a proof; visits on the spot; problem tickets.

`as_of` replays all of it for any past moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ticketing import record
from ticketing.city import City
from ticketing.deadlines import due
from ticketing.errors import Forbidden, IllegalTransition, Invalid, NotFound
from ticketing.exclusions import files_of
from ticketing.models import (
    Assignment,
    Part,
    Role,
    SiteVisit,
    Status,
    Supervision,
    SupervisionStatus,
    Ticket,
    new_id,
)
from ticketing.privacy import seal, unseal
from ticketing.reminders import remind
from ticketing.replay import Picture, as_of
from ticketing.workflow import FINAL, Actor

__all__ = [
    "Picture",
    "Problem",
    "SupervisionView",
    "Visit",
    "VisitView",
    "as_of",
    "end",
    "ledger",
    "problems",
    "prove",
    "reopen",
    "supervise",
    "visit",
    "visits",
]

SUPERVISORS = frozenset({Role.SUPERVISOR})
MAX_OWNER = 60


@dataclass(frozen=True, slots=True)
class SupervisionView:
    """An instruction as a page shows it."""

    id: UUID
    number: str
    title: str
    level: str
    status: str
    department: str
    owner: str
    issued_at: datetime
    due_at: datetime
    instruction: str
    proof: str | None
    files: Sequence[str]
    proved_at: datetime | None
    end_note: str | None


@dataclass(frozen=True, slots=True)
class Visit:
    """现场督办: when, who went, where, what was found, and the names of the photos."""

    visited_at: datetime
    people: str
    place: str
    result: str
    files: tuple[str, ...] = ()
    supervision_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class VisitView:
    """A visit as a page shows it."""

    number: str
    visited_at: datetime
    people: str
    place: str
    result: str
    files: Sequence[str]


@dataclass(frozen=True, slots=True)
class Problem:
    """问题工单: redone too often, or passed through many units and nobody leads."""

    number: str
    title: str
    status: Status
    department: str | None
    reworks: int
    units: int


def supervise(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    level: str,
    owner: str,
    instruction: str,
    department: str | None = None,
    due_at: datetime | None = None,
) -> UUID:
    """督办 a ticket; without a due time of its own the level's limit counts."""
    ticket = record.take(session, ticket_id)
    _by(actor, "supervise")
    if Status(ticket.status) in FINAL:
        raise IllegalTransition("supervise_not_now", status=ticket.status)
    if level not in city.watch.levels:
        raise Invalid("code_unknown", field="level")
    target = department or ticket.lead_department
    if target is None or target not in city.departments:
        raise Invalid("department_unknown", field="department")
    ends = due_at or due(city.calendar, now, city.watch.levels[level]).at
    if ends <= now:
        raise Invalid("until_unfit", field="due_at", limit=90)
    one = Supervision(id=new_id(), ticket_id=ticket.id, level=level, status=SupervisionStatus.OPEN, department=target)
    one.owner, words = record.text_of(owner, "owner", MAX_OWNER), record.text_of(instruction, "instruction")
    one.issued_by, one.issued_at, one.due_at = actor.staff_id, now, ends
    one.instruction_sealed, one.proof_files = seal(session, words), []
    session.add(one)
    _note(session, ticket, one, "supervise", actor, words, now)
    return one.id


def prove(
    session: Session, supervision_id: UUID, actor: Actor, now: datetime, *, proof: str, files: Sequence[str] = ()
) -> None:
    """报送结果: the department says what was done, with its evidence."""
    ticket, one = _of(session, supervision_id)
    if actor.role is not Role.DEPARTMENT or actor.department != one.department:
        raise Forbidden("not_your_case")
    _must_be(one, SupervisionStatus.OPEN)
    words = record.text_of(proof, "proof")
    one.proof_sealed, one.proof_files = seal(session, words), files_of(files)
    one.proved_by, one.proved_at, one.status = actor.staff_id, now, SupervisionStatus.PROVED
    _note(session, ticket, one, "prove", actor, words, now)


def end(session: Session, supervision_id: UUID, actor: Actor, now: datetime, *, note: str) -> None:
    """督办办结, on the strength of its proof."""
    ticket, one = _of(session, supervision_id)
    _by(actor, "end_supervision")
    _must_be(one, SupervisionStatus.PROVED)
    words = record.text_of(note, "note")
    one.ended_by, one.ended_at, one.status = actor.staff_id, now, SupervisionStatus.ENDED
    one.end_note_sealed = seal(session, words)
    _note(session, ticket, one, "end_supervision", actor, words, now)


def reopen(session: Session, supervision_id: UUID, actor: Actor, now: datetime, *, note: str) -> None:
    """督办退回: the proof does not do; the due time stays."""
    ticket, one = _of(session, supervision_id)
    _by(actor, "reopen_supervision")
    _must_be(one, SupervisionStatus.PROVED)
    one.status, one.proved_at, one.proved_by = SupervisionStatus.OPEN, None, None
    _note(session, ticket, one, "reopen_supervision", actor, record.text_of(note, "note"), now)


def _note(
    session: Session, ticket: Ticket, one: Supervision, action: str, actor: Actor, words: str, now: datetime
) -> None:
    data = {
        "supervision": str(one.id),
        "level": one.level,
        "status": one.status,
        "department": one.department,
        "owner": one.owner,
        "due": one.due_at.isoformat(),
    }
    seq = record.write(session, ticket, action, actor, now, note=words, data=data, quiet=True)
    to = "supervisor" if action == "prove" else "department"
    remind(session, ticket.id, action, f"supervision:{one.id}:{seq}", now, to=to, department=one.department)


def visit(session: Session, ticket_id: UUID, actor: Actor, now: datetime, seen: Visit) -> UUID:
    """记录现场督办."""
    ticket = record.take(session, ticket_id)
    _by(actor, "visit")
    if seen.visited_at > now:
        raise Invalid("visit_in_future", field="visited_at")
    if seen.supervision_id is not None and _of(session, seen.supervision_id)[0].id != ticket_id:
        raise NotFound("case_not_found")
    one = SiteVisit(id=new_id(), ticket_id=ticket_id, supervision_id=seen.supervision_id)
    one.visited_at, one.recorded_at, one.recorded_by = seen.visited_at, now, actor.staff_id
    one.people, result = record.text_of(seen.people, "people", 200), record.text_of(seen.result, "result")
    one.place_sealed = seal(session, record.text_of(seen.place, "place", 300))
    one.result_sealed, one.files = seal(session, result), files_of(seen.files)
    session.add(one)
    data = {"visited_at": seen.visited_at.isoformat(), "people": one.people, "files": one.files}
    record.write(session, ticket, "visit", actor, now, note=result, data=data, quiet=True)
    return one.id


def visits(session: Session, city: City, *, ticket_id: UUID | None = None, limit: int = 100) -> tuple[VisitView, ...]:
    """The visits, newest first."""
    query = select(SiteVisit, Ticket.number).join(Ticket, Ticket.id == SiteVisit.ticket_id)
    query = query.where(Ticket.city == city.code)
    if ticket_id is not None:
        query = query.where(SiteVisit.ticket_id == ticket_id)
    rows = session.execute(query.order_by(SiteVisit.visited_at.desc()).limit(limit))
    return tuple(
        VisitView(
            number,
            one.visited_at,
            one.people,
            unseal(session, one.place_sealed),
            unseal(session, one.result_sealed),
            tuple(one.files),
        )
        for one, number in rows
    )


def ledger(
    session: Session, city: City, actor: Actor, *, ticket_id: UUID | None = None, limit: int = 200
) -> tuple[SupervisionView, ...]:
    """督办台账: open ones first, the most pressing on top; a department sees its own."""
    query = select(Supervision, Ticket.number, Ticket.title).join(Ticket, Ticket.id == Supervision.ticket_id)
    query = query.where(Ticket.city == city.code)
    if actor.role is Role.DEPARTMENT:
        query = query.where(Supervision.department == actor.department)
    if ticket_id is not None:
        query = query.where(Supervision.ticket_id == ticket_id)
    open_first = (Supervision.status == SupervisionStatus.ENDED, Supervision.due_at)
    rows = session.execute(query.order_by(*open_first).limit(limit))
    return tuple(_view(session, one, number, title) for one, number, title in rows)


def _view(session: Session, one: Supervision, number: str, title: str) -> SupervisionView:
    return SupervisionView(
        one.id,
        number,
        title,
        one.level,
        one.status,
        one.department,
        one.owner,
        one.issued_at,
        one.due_at,
        unseal(session, one.instruction_sealed),
        unseal(session, one.proof_sealed) if one.proof_sealed else None,
        tuple(one.proof_files),
        one.proved_at,
        unseal(session, one.end_note_sealed) if one.end_note_sealed else None,
    )


def problems(session: Session, city: City, limit: int = 100) -> tuple[Problem, ...]:
    """问题工单 now: so many reworks, or so many units without a lead."""
    units = (
        select(func.count(func.distinct(Assignment.department)))
        .where(Assignment.ticket_id == Ticket.id, Assignment.part == Part.LEAD)
        .correlate(Ticket)
        .scalar_subquery()
    )
    stuck = Ticket.lead_department.is_(None) & (units >= city.watch.problem_units)
    rows = session.execute(
        select(Ticket.number, Ticket.title, Ticket.status, Ticket.lead_department, Ticket.rework_count, units)
        .where(Ticket.city == city.code, Ticket.status.not_in(FINAL))
        .where(or_(Ticket.rework_count >= city.watch.problem_reworks, stuck))
        .order_by(Ticket.id)
        .limit(limit)
    )
    return tuple(Problem(row[0], row[1], Status(row[2]), *row[3:]) for row in rows)


def _by(actor: Actor, action: str) -> None:
    if actor.role not in SUPERVISORS or actor.staff_id is None:
        raise Forbidden("role_may_not", role=actor.role.value, action=action)


def _must_be(one: Supervision, status: SupervisionStatus) -> None:
    if one.status != status:
        raise IllegalTransition("case_not_now", status=one.status, action="")


def _of(session: Session, supervision_id: UUID) -> tuple[Ticket, Supervision]:
    ticket_id = session.execute(select(Supervision.ticket_id).where(Supervision.id == supervision_id)).scalar()
    if ticket_id is None:
        raise NotFound("case_not_found")
    ticket = record.take(session, ticket_id)
    fresh = select(Supervision).where(Supervision.id == supervision_id).execution_options(populate_existing=True)
    return ticket, session.scalars(fresh).one()
