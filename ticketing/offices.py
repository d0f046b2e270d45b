"""Inside a department (单位内部流转): 联络员签收 → 科室 → 承办人 → 领导审签 → submit; 转派 to sub-units; 协办 reports.

Every step is a row of the part it belongs to and an event of the ticket. Who has no post does all but 领导审签.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from ticketing import handling, parts, record
from ticketing.city import City
from ticketing.codes import Outcome
from ticketing.deadlines import Limit
from ticketing.errors import Conflict, Forbidden, IllegalTransition, Invalid, NotFound
from ticketing.models import Assignment, Part, Post, Role, Staff, Status, Ticket, Unit
from ticketing.privacy import seal, unseal
from ticketing.reminders import remind
from ticketing.transitions import Applied
from ticketing.workflow import Actor

MAX_OFFICE = 60
_WORKING = frozenset({Status.DISPATCHED, Status.HANDLING})
_HEADS = frozenset({Post.LIAISON, Post.LEADER, None})
POSTS: Mapping[str, frozenset[Post | None]] = MappingProxyType(
    {
        "hand_down": _HEADS,
        "sign_part": _HEADS,
        "assign_holder": _HEADS,
        "draft": frozenset({Post.HOLDER, Post.LIAISON, None}),
        "approve_draft": frozenset({Post.LEADER}),
        "return_draft": frozenset({Post.LEADER}),
        "report_part": _HEADS | {Post.HOLDER},
    }
)


@dataclass(frozen=True, slots=True)
class PartView:
    """One part as the department's page shows it, and the steps open to who looks."""

    id: UUID
    part: str
    department: str
    unit: str | None
    parent_id: UUID | None
    given_at: datetime
    due_at: datetime | None
    signed_at: datetime | None
    office: str | None
    holder: str | None
    draft: str | None
    draft_basis: str | None
    outcome_code: str | None
    drafted_at: datetime | None
    approved_at: datetime | None
    done_at: datetime | None
    overdue: bool
    needs_leader: bool
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Desk:
    """A running part under its ticket's lock, and the person at it."""

    ticket: Ticket
    part: Assignment
    actor: Actor


def hand_down(
    session: Session,
    city: City,
    part_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    unit_id: UUID,
    due_at: datetime | None = None,
    note: str | None = None,
) -> UUID:
    """转派 to a sub-unit, due no later than the part it comes from."""
    desk = _desk(session, part_id, actor, "hand_down")
    unit = session.get(Unit, unit_id)
    if unit is None or not unit.active or unit.city != city.code or not _below(session, unit, desk.part):
        raise Invalid("unit_unknown", field="unit_id")
    latest = desk.part.due_at
    ends = due_at or latest
    if ends is not None and (ends <= now or (latest is not None and ends > latest)):
        raise Invalid("part_due_unfit", field="due_at", until=latest)
    twice = parts.running(desk.ticket.id) & (Assignment.unit_id == unit_id) & (Assignment.part == Part.SUB)
    if session.execute(select(Assignment.id).where(twice)).first() is not None:
        raise Conflict("unit_has_it")
    limit = Limit.parse(desk.part.rule, desk.part.basis or "") if desk.part.rule and due_at is None else None
    more: dict[str, Any] = {"unit_id": unit_id, "parent_id": part_id, "given_by": actor.staff_id}
    more["note_sealed"] = seal(session, record.text_of(note, "note")) if note else None
    given = parts.give(session, city, desk.ticket, unit.department, Part.SUB, now, ends, limit, **more)
    data = {"part": str(given.id), "unit": unit.name, "department": unit.department}
    data["due"] = ends.isoformat() if ends else ""
    record.write(session, desk.ticket, "hand_down", actor, now, note=note, data=data, quiet=True)
    key = f"part:{given.id}"
    remind(session, desk.ticket.id, "hand_down", key, now, to="department", department=unit.department)
    return given.id


def sign_part(session: Session, part_id: UUID, actor: Actor, now: datetime) -> None:
    """签收 a 转派 or 协办 part; the lead's is signed by the workflow."""
    desk = _desk(session, part_id, actor, "sign_part")
    if desk.part.part == Part.LEAD or desk.part.signed_at is not None:
        raise IllegalTransition("part_not_now")
    desk.part.signed_at, desk.part.signed_by = now, actor.staff_id
    _note(session, desk, "sign_part", now)


def assign(
    session: Session, part_id: UUID, actor: Actor, now: datetime, *, office: str, holder_id: UUID | None = None
) -> None:
    """分到科室, and to the person who handles it (承办人)."""
    desk = _signed(_desk(session, part_id, actor, "assign_holder"))
    if holder_id is not None:
        mine = (Staff.id == holder_id) & (Staff.department == desk.part.department) & Staff.active
        if session.execute(select(Staff.id).where(mine)).first() is None:
            raise Invalid("holder_unknown", field="holder_id")
    desk.part.office, desk.part.holder_id = record.text_of(office, "office", MAX_OFFICE), holder_id
    _note(session, desk, "assign_holder", now, {"office": desk.part.office})


def draft(
    session: Session,
    part_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    answer: str,
    outcome_code: str,
    basis: str | None = None,
) -> None:
    """拟办意见 by the person who handles it; a new draft needs a new signature."""
    desk = _signed(_desk(session, part_id, actor, "draft"))
    if desk.part.holder_id not in (None, actor.staff_id):
        raise Forbidden("not_the_holder")
    if outcome_code not in set(Outcome):
        raise Invalid("code_unknown", field="outcome_code")
    desk.part.draft_sealed = seal(session, record.text_of(answer, "answer"))
    desk.part.draft_basis = basis[:1000] if basis else None
    desk.part.outcome_code = outcome_code
    desk.part.drafted_at, desk.part.drafted_by = now, actor.staff_id
    desk.part.approved_at = desk.part.approved_by = None
    _note(session, desk, "draft", now, {"outcome": outcome_code})


def approve(session: Session, part_id: UUID, actor: Actor, now: datetime, *, note: str | None = None) -> None:
    """领导审签, by a leader who did not write it."""
    desk = _drafted(_desk(session, part_id, actor, "approve_draft"))
    if desk.part.drafted_by == actor.staff_id:
        raise Forbidden("signer_is_drafter")
    desk.part.approved_at, desk.part.approved_by = now, actor.staff_id
    _note(session, desk, "approve_draft", now, note=note)


def send_down(session: Session, part_id: UUID, actor: Actor, now: datetime, *, note: str) -> None:
    """审签退回: the draft does not do, and why."""
    desk = _drafted(_desk(session, part_id, actor, "return_draft"))
    desk.part.drafted_at = desk.part.approved_at = desk.part.approved_by = None
    _note(session, desk, "return_draft", now, note=record.text_of(note, "note"))


def submit(session: Session, city: City, part_id: UUID, actor: Actor, now: datetime) -> Applied | None:
    """The lead's draft becomes the answer (答复); a 转派 or 协办 part is reported to the lead."""
    desk = _desk(session, part_id, actor, "report_part")
    if desk.part.drafted_at is None or desk.part.draft_sealed is None or desk.part.done_at is not None:
        raise IllegalTransition("draft_missing")
    needs_leader = desk.part.part != Part.SUB and parts.has_leader(session, desk.part.department)
    if needs_leader and desk.part.approved_at is None:
        raise IllegalTransition("approval_missing")
    if desk.part.part == Part.LEAD:
        answer, outcome = unseal(session, desk.part.draft_sealed), str(desk.part.outcome_code)
        basis, ticket_id = desk.part.draft_basis, desk.ticket.id
        return handling.answer(session, city, ticket_id, actor, now, answer=answer, outcome_code=outcome, basis=basis)
    desk.part.done_at = now
    _note(session, desk, "report_part", now, {"outcome": desk.part.outcome_code})
    return None


def inside(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> tuple[PartView, ...]:
    """The running parts of a ticket an actor may see: the hotline all without their drafts, a department its own."""
    holder = aliased(Staff)
    rows = session.execute(
        select(Assignment, Unit.name, holder.display_name)
        .outerjoin(Unit, Unit.id == Assignment.unit_id)
        .outerjoin(holder, holder.id == Assignment.holder_id)
        .where(parts.running(ticket.id))
        .order_by(Assignment.id)
    )
    post = _post(session, actor)
    return tuple(
        _view(session, ticket, row[0], row[1], row[2], actor, post, now)
        for row in rows
        if actor.role is not Role.DEPARTMENT or _reads(actor, ticket, row[0])
    )


def overdue_parts(session: Session, city: City, now: datetime, limit: int = 200) -> int:
    """Remind each 协办 and 转派 part that is late, once; returns how many reminders are new."""
    late = (Assignment.due_at <= now) & Assignment.done_at.is_(None) & Assignment.ended_at.is_(None)
    rows = session.execute(
        select(Assignment.id, Assignment.ticket_id, Assignment.department)
        .join(Ticket, Ticket.id == Assignment.ticket_id)
        .where(late, Assignment.part != Part.LEAD, Ticket.city == city.code, Ticket.status.in_(_WORKING))
        .order_by(Assignment.due_at)
        .limit(limit)
    ).all()
    return sum(
        remind(
            session, row.ticket_id, "part_overdue", f"late:{row.id}", now, to="department", department=row.department
        )
        for row in rows
    )


def _reads(actor: Actor, ticket: Ticket, part: Assignment) -> bool:
    """The lead department reads all parts, an assisting one its own."""
    return actor.department in (ticket.lead_department, part.department)


def _view(
    session: Session,
    ticket: Ticket,
    part: Assignment,
    unit: str | None,
    holder: str | None,
    actor: Actor,
    post: Post | None,
    now: datetime,
) -> PartView:
    shown = part.draft_sealed if actor.role is Role.DEPARTMENT or part.done_at is not None else None
    late = part.due_at is not None and part.due_at < now and part.done_at is None
    mine = actor.role is Role.DEPARTMENT and actor.department == part.department
    return PartView(
        part.id,
        part.part,
        part.department,
        unit,
        part.parent_id,
        part.given_at,
        part.due_at,
        part.signed_at,
        part.office,
        holder,
        unseal(session, shown) if shown else None,
        part.draft_basis,
        part.outcome_code,
        part.drafted_at,
        part.approved_at,
        part.done_at,
        late,
        part.part != Part.SUB and part.approved_at is None and parts.has_leader(session, part.department),
        _steps(ticket, part, post) if mine else (),
    )


def _steps(ticket: Ticket, part: Assignment, post: Post | None) -> tuple[str, ...]:
    """The steps open to somebody of the part's own department."""
    if Status(ticket.status) not in _WORKING or ticket.suspended_at is not None or part.done_at is not None:
        return ()
    signed, drafted = part.signed_at is not None, part.drafted_at is not None
    now_open = {
        "sign_part": part.part != Part.LEAD and not signed,
        "assign_holder": signed,
        "hand_down": signed,
        "draft": signed,
        "approve_draft": drafted and part.approved_at is None,
        "return_draft": drafted,
        "report_part": drafted,
    }
    return tuple(step for step, open_ in now_open.items() if open_ and post in POSTS[step])


def _desk(session: Session, part_id: UUID, actor: Actor, action: str) -> _Desk:
    ticket_id = session.execute(select(Assignment.ticket_id).where(Assignment.id == part_id)).scalar()
    if ticket_id is None:
        raise NotFound("part_not_found")
    ticket = record.take(session, ticket_id)
    fresh = select(Assignment).where(Assignment.id == part_id).execution_options(populate_existing=True)
    part = session.scalars(fresh).one()
    if actor.role is not Role.DEPARTMENT or actor.department != part.department or actor.staff_id is None:
        raise Forbidden("not_your_ticket")
    if _post(session, actor) not in POSTS[action]:
        raise Forbidden("post_may_not")
    if part.ended_at is not None or Status(ticket.status) not in _WORKING:
        raise IllegalTransition("part_not_now")
    if ticket.suspended_at is not None:
        raise IllegalTransition("ticket_suspended")
    return _Desk(ticket, part, actor)


def _post(session: Session, actor: Actor) -> Post | None:
    post = session.execute(select(Staff.post).where(Staff.id == actor.staff_id)).scalar()
    return Post(post) if post else None


def _signed(desk: _Desk) -> _Desk:
    if desk.part.signed_at is None or desk.part.done_at is not None:
        raise IllegalTransition("part_not_now")
    return desk


def _drafted(desk: _Desk) -> _Desk:
    if desk.part.drafted_at is None or desk.part.done_at is not None:
        raise IllegalTransition("draft_missing")
    return desk


def _below(session: Session, unit: Unit, part: Assignment) -> bool:
    """Whether a unit stands under the part's own unit, or is another place of the same duty."""
    parent = unit.parent_id
    while parent is not None:
        if parent == part.unit_id:
            return True
        parent = session.execute(select(Unit.parent_id).where(Unit.id == parent)).scalar()
    return unit.department == part.department and unit.id != part.unit_id


def _note(
    session: Session,
    desk: _Desk,
    action: str,
    now: datetime,
    more: Mapping[str, Any] | None = None,
    note: str | None = None,
) -> None:
    data = {"part": str(desk.part.id), "department": desk.part.department} | dict(more or {})
    record.write(session, desk.ticket, action, desk.actor, now, note=note, data=data, quiet=True)
