"""Requests (申请) on a ticket: asked by a department or a citizen, decided by the hotline, each step in the chain.

退单, 延期, 法定程序, 认定复杂疑难, 协办, 挂起, 撤单. What moves the citizen's expectation takes effect only once the
citizen was told; where nobody can be told it does so at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing import clocks, record
from ticketing.city import City
from ticketing.clocks import ClockName
from ticketing.codes import ReturnReason
from ticketing.deadlines import due
from ticketing.errors import Conflict, Forbidden, IllegalTransition, Invalid, NotFound
from ticketing.models import Request, RequestKind, RequestStatus, Role, Status, Ticket, new_id
from ticketing.notices import Purpose, reachable, tell
from ticketing.privacy import seal, seal_json, unseal_json
from ticketing.request_effects import EFFECTS, Granted, go_on
from ticketing.request_rules import HEADS, MAX_PAUSE_DAYS, RULES, Asked, askable, check_ask, check_decide
from ticketing.transitions import facts_of
from ticketing.workflow import Actor

MAX_BASIS = 1000
_SYSTEM = Actor(Role.SYSTEM)
_GRANTED = (RequestStatus.APPROVED, RequestStatus.EFFECTIVE, RequestStatus.ENDED)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: `interim` is the answer that goes out before a statutory procedure ends."""

    kind: RequestKind
    reason_code: str
    note: str
    basis: str | None = None
    to_department: str | None = None
    until: datetime | None = None
    interim: str | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """A request that was made, and until when the hotline decides it."""

    request_id: UUID
    due_at: datetime


def ask(
    session: Session,
    city: City,
    ticket_id: UUID,
    actor: Actor,
    now: datetime,
    wish: Wish,
    *,
    expected_version: int | None = None,
) -> Filed:
    """提出申请; the hotline's own clock for deciding it starts."""
    ticket = record.take(session, ticket_id, expected_version)
    asked = judged_by(session, city, ticket, actor, now, wish)
    check_ask(wish.kind, Status(ticket.status), actor, asked)
    _check(city, ticket, wish, now)
    limit = city.steps.return_review if wish.kind is RequestKind.RETURN else city.steps.request_review
    due_at = clocks.start(session, city, ticket_id, ClockName.REQUEST, limit, now, "request").at
    request = Request(
        id=new_id(),
        ticket_id=ticket_id,
        kind=wish.kind,
        status=RequestStatus.PENDING,
        department=actor.department,
        asked_by=actor.staff_id,
        asked_role=actor.role,
        asked_at=now,
        due_at=due_at,
        reason_code=wish.reason_code,
        basis=wish.basis,
        note_sealed=seal_json(session, {"note": wish.note.strip(), "interim": wish.interim}),
        to_department=wish.to_department,
        until=wish.until,
        details={},
    )
    session.add(request)
    data = _data(request)
    record.write(session, ticket, "request", actor, now, note=wish.note.strip(), data=data)
    return Filed(request.id, due_at)


def judged_by(session: Session, city: City, ticket: Ticket, actor: Actor, now: datetime, wish: Wish | None) -> Asked:
    """What the table's guards look at."""
    mine = select(Request.kind, Request.status, Request.reason_code).where(
        Request.ticket_id == ticket.id, Request.department.is_not_distinct_from(actor.department)
    )
    rows = session.execute(mine).all()
    window = due(city.calendar, ticket.dispatched_at, city.return_window).at if ticket.dispatched_at else None
    granted = Counter(row.kind for row in rows if row.status in _GRANTED)
    returned = _incomplete_returns(session, ticket.id)
    return Asked(
        facts_of(session, ticket),
        now,
        wish.reason_code if wish else "",
        _given(wish) if wish else frozenset({"note", "basis", "interim", "to_department", "until"}),
        window,
        ticket.finish_due,
        city.profiles[ticket.profile].extension is not None,
        frozenset(row.kind for row in rows if row.status in (RequestStatus.PENDING, RequestStatus.APPROVED)),
        granted,
        returned,
    )


def _given(wish: Wish) -> frozenset[str]:
    values: Mapping[str, Any] = {
        name: getattr(wish, name) for name in ("note", "basis", "interim", "to_department", "until")
    }
    return frozenset(name for name, value in values.items() if value is not None and str(value).strip())


def _incomplete_returns(session: Session, ticket_id: UUID) -> int:
    done = (
        select(func.count())
        .select_from(Request)
        .where(
            Request.ticket_id == ticket_id,
            Request.kind == RequestKind.RETURN,
            Request.reason_code == ReturnReason.INCOMPLETE,
            Request.status == RequestStatus.EFFECTIVE,
        )
    )
    return session.execute(done).scalar_one()


def _check(city: City, ticket: Ticket, wish: Wish, now: datetime) -> None:
    """The fields fit the city's tables and the clock."""
    reasons = RULES[wish.kind].reasons
    if wish.reason_code not in (set(reasons) if reasons is not None else city.statutory.keys()):
        raise Invalid("code_unknown", field="reason_code")
    record.text_of(wish.note, "note")
    if len(wish.basis or "") > MAX_BASIS:
        raise Invalid("field_too_long", field="basis", limit=MAX_BASIS)
    if wish.interim is not None:
        record.text_of(wish.interim, "interim")
    if wish.until is not None and not now < wish.until <= now + timedelta(days=MAX_PAUSE_DAYS):
        raise Invalid("until_unfit", field="until", limit=MAX_PAUSE_DAYS)
    if wish.kind is RequestKind.ASSISTANCE:
        _check_assistance(city, ticket, wish)


def _check_assistance(city: City, ticket: Ticket, wish: Wish) -> None:
    """协办 by another department, due no later than the lead itself: together they take as long as the longest."""
    if wish.to_department not in city.departments or wish.to_department == ticket.lead_department:
        raise Invalid("department_unknown", field="to_department")
    if ticket.finish_due is not None and wish.until is not None and wish.until > ticket.finish_due:
        raise Invalid("assistance_too_late", field="until", until=ticket.finish_due)


def decide(
    session: Session, city: City, request_id: UUID, actor: Actor, now: datetime, *, approve: bool, note: str | None
) -> RequestStatus:
    """审批: approve or deny; a second decision changes nothing and says so."""
    ticket, request = _of(session, request_id)
    kind = RequestKind(request.kind)
    if request.status != RequestStatus.PENDING:
        raise Conflict("request_decided")
    check_decide(kind, Status(ticket.status), actor, request.asked_by)
    if not approve:
        note = record.text_of(note, "note")
    request.decided_by, request.decided_at = actor.staff_id, now
    request.decision_sealed = seal(session, note) if note else None
    request.status = RequestStatus.APPROVED if approve else RequestStatus.DENIED
    event = record.write(session, ticket, "approve" if approve else "deny", actor, now, note=note, data=_data(request))
    if approve and (not RULES[kind].told_first or not reachable(ticket)):
        take_effect(session, city, ticket, request, actor, now)
    elif approve:
        _tell_first(session, city, ticket, request, event, now)
    return RequestStatus(request.status)


def _tell_first(session: Session, city: City, ticket: Ticket, request: Request, event: int, now: datetime) -> None:
    """The citizen hears the new time before it counts."""
    moved = EFFECTS[RequestKind(request.kind)].moves(_granted(session, city, ticket, request, _SYSTEM, now))
    interim = unseal_json(session, request.note_sealed)["interim"]
    purpose = Purpose.INTERIM if interim else Purpose.EXTENDED
    more = {"request_id": str(request.id), "until": moved.at.isoformat()}
    tell(session, ticket, purpose, event, now, more=more, secret={"interim": interim} if interim else None)


def told(session: Session, city: City, request_id: UUID, actor: Actor, now: datetime) -> bool:
    """The citizen was told (已告知), by message or by a person on the phone; False when there is nothing to do."""
    ticket, request = _of(session, request_id)
    if actor.role is Role.DEPARTMENT:
        raise Forbidden("role_may_not", role=actor.role.value, action="told")
    if (
        request.status != RequestStatus.APPROVED
        or Status(ticket.status) not in RULES[RequestKind(request.kind)].statuses
    ):
        return False
    request.told_at = now
    take_effect(session, city, ticket, request, actor, now)
    return True


def take_effect(session: Session, city: City, ticket: Ticket, request: Request, actor: Actor, now: datetime) -> None:
    """生效: the clock moves, the part is given, the ticket stands still, or goes back."""
    effect = EFFECTS[RequestKind(request.kind)]
    request.status, request.effective_at = RequestStatus.EFFECTIVE, now
    session.flush()
    data = effect.carry_out(_granted(session, city, ticket, request, actor, now))
    if data is None:
        return  # it was a step of the workflow, which has its own event
    event = record.write(session, ticket, "take_effect", actor, now, data=_data(request) | data)
    if effect.purpose is not None:
        tell(session, ticket, effect.purpose, event, now, more={"until": str(data.get("until", ""))})


def resume(
    session: Session, city: City, ticket_id: UUID, actor: Actor, now: datetime, *, note: str | None = None
) -> datetime:
    """恢复办理: the clock goes on with what was left; returns the new due time."""
    ticket = record.take(session, ticket_id)
    own = actor.role is Role.DEPARTMENT and actor.department == ticket.lead_department
    if not own and actor.role not in HEADS | {Role.SYSTEM}:
        raise Forbidden("role_may_not", role=actor.role.value, action="resume")
    if ticket.suspended_at is None:
        raise IllegalTransition("not_suspended")
    until = go_on(session, city, ticket, now)
    event = record.write(session, ticket, "resume", actor, now, note=note, data={"until": until.isoformat()})
    tell(session, ticket, Purpose.RESUMED, event, now, more={"until": until.isoformat()})
    return until


def resume_due(session: Session, city: City, now: datetime, limit: int = 20) -> int:
    """End the pauses that reached their planned end; returns how many."""
    over = select(Request.ticket_id).where(
        Request.kind == RequestKind.SUSPENSION, Request.status == RequestStatus.EFFECTIVE, Request.until <= now
    )
    found = session.scalars(
        select(Ticket.id)
        .where(Ticket.id.in_(over), Ticket.city == city.code, Ticket.suspended_at.is_not(None))
        .limit(limit)
    ).all()
    for ticket_id in found:
        resume(session, city, ticket_id, _SYSTEM, now)
    return len(found)


def may_ask(session: Session, city: City, ticket: Ticket, actor: Actor, now: datetime) -> tuple[RequestKind, ...]:
    """The kinds of request this person may make on a ticket now."""
    asked = judged_by(session, city, ticket, actor, now, None)
    return askable(Status(ticket.status), actor, asked)


def _of(session: Session, request_id: UUID) -> tuple[Ticket, Request]:
    """A request with its ticket locked first, as everywhere."""
    ticket_id = session.execute(select(Request.ticket_id).where(Request.id == request_id)).scalar()
    if ticket_id is None:
        raise NotFound("request_not_found")
    ticket = record.take(session, ticket_id)
    fresh = select(Request).where(Request.id == request_id).execution_options(populate_existing=True)
    return ticket, session.scalars(fresh).one()


def _granted(session: Session, city: City, ticket: Ticket, request: Request, actor: Actor, now: datetime) -> Granted:
    return Granted(session, city, ticket, request, actor, now)


def _data(request: Request) -> dict[str, Any]:
    data = {
        "request": str(request.id),
        "kind": request.kind,
        "reason": request.reason_code,
        "department": request.department,
        "to": request.to_department,
        "basis": request.basis,
    }
    return {name: value for name, value in data.items() if value is not None}
