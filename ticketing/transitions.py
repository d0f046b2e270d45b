"""The only writer of a ticket's status: row lock, decision, consequences, event and messages in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ticketing import audit, parts, reminders, webhooks
from ticketing.city import City
from ticketing.consequences import CONSEQUENCES, PURPOSES, Change
from ticketing.errors import Invalid, NotFound, Stale
from ticketing.models import Role, Status, Ticket, TicketEvent
from ticketing.notices import tell
from ticketing.privacy import unseal
from ticketing.workflow import Action, Actor, Facts, decide

MAX_NOTE = 5000
_SYSTEM = Actor(Role.SYSTEM)
_FOR_CHILDREN: Mapping[Action, Action] = {
    Action.PASS: Action.FOLLOW,
    Action.ANSWER_DIRECTLY: Action.FOLLOW,
    Action.WITHDRAW: Action.UNMERGE,
    Action.REJECT: Action.UNMERGE,
}


@dataclass(frozen=True, slots=True)
class Applied:
    """What an action did: the ticket's new status and version, and the number of its event."""

    ticket_id: UUID
    number: str
    status: Status
    version: int
    event: int


def apply(
    session: Session,
    city: City,
    ticket_id: UUID,
    action: Action,
    actor: Actor,
    now: datetime,
    *,
    expected_version: int | None = None,
    note: str | None = None,
    **fields: Any,
) -> Applied:
    """Carry out one action, or raise and change nothing; a doubled or stale action says why it is refused."""
    ticket = lock(session, ticket_id)
    if expected_version is not None and ticket.version != expected_version:
        raise Stale("ticket_changed", version=ticket.version)
    if note is not None and len(note) > MAX_NOTE:
        raise Invalid("field_too_long", field="note", limit=MAX_NOTE)
    given = {name for name, value in {**fields, "note": note}.items() if _is_given(value)}
    before = Status(ticket.status)
    decision = decide(before, action, actor, facts_of(session, ticket, frozenset(given)))
    change = Change(session, city, ticket, action, actor, now, note, fields)
    data = CONSEQUENCES[action](change)
    ticket.status = decision.to
    ticket.version += 1
    session.flush()
    event = audit.append(
        session, ticket.id, action, actor, now, from_status=before, to_status=decision.to, note=note, data=data
    )
    for purpose in PURPOSES.get(action, ()):
        tell(session, ticket, purpose, event, now)
    reminders.of_event(session, ticket, action, event, now)
    webhooks.ticket_event(session, ticket, action, event, now)
    if action in _FOR_CHILDREN:
        _take_along(session, city, ticket, _FOR_CHILDREN[action], now)
    return Applied(ticket.id, ticket.number, decision.to, ticket.version, event)


def _take_along(session: Session, city: City, parent: Ticket, action: Action, now: datetime) -> None:
    """并单: merged tickets follow their parent's answer, and go on alone when it ends without one."""
    merged = (Ticket.parent_id == parent.id) & (Ticket.status == Status.MERGED)
    answer = _answer_of(session, parent) if action is Action.FOLLOW else {"reason_code": "parent_ended"}
    for child_id in session.scalars(select(Ticket.id).where(merged).order_by(Ticket.id)).all():
        apply(session, city, child_id, action, _SYSTEM, now, **answer)


def _answer_of(session: Session, parent: Ticket) -> dict[str, Any]:
    kept = ("outcome_code", "lead_department", "unit_id", "handler_id", "reviewer_id")
    sealed = parent.answer_sealed
    answer = {"answer": unseal(session, sealed) if sealed else None, "basis": parent.answer_basis}
    return answer | {name: getattr(parent, name) for name in kept}


def lock(session: Session, ticket_id: UUID, *, wait: bool = True) -> Ticket:
    """The ticket as it is now, its row locked until the transaction ends.

    Who holds one ticket and wants another does not `wait` for it: so nobody ever waits in a ring.
    """
    row = select(Ticket).where(Ticket.id == ticket_id).execution_options(populate_existing=True)
    try:
        with nullcontext() if wait else session.begin_nested():
            ticket = session.execute(row.with_for_update(nowait=not wait)).scalar_one_or_none()
    except OperationalError as error:
        if wait:
            raise
        raise Stale("ticket_changed") from error
    if ticket is None:
        raise NotFound("ticket_not_found")
    return ticket


def facts_of(session: Session, ticket: Ticket, given: frozenset[str] = frozenset()) -> Facts:
    """What the guards of the workflow look at."""
    merged_from = _status_before_merge(session, ticket.id) if ticket.status == Status.MERGED else None
    return Facts(
        ticket.lead_department,
        ticket.handler_id,
        ticket.rework_count,
        merged_from,
        given,
        ticket.return_count,
        ticket.ruled_department,
        suspended=ticket.suspended_at is not None,
        approval_missing=parts.approval_missing(session, ticket),
    )


def _is_given(value: Any) -> bool:
    return value is not None and (not isinstance(value, str) or value.strip() != "")


def _status_before_merge(session: Session, ticket_id: UUID) -> Status | None:
    kept = session.execute(
        select(TicketEvent.from_status)
        .where(TicketEvent.ticket_id == ticket_id, TicketEvent.action == Action.MERGE)
        .order_by(TicketEvent.seq.desc())
        .limit(1)
    ).scalar()
    return Status(kept) if kept else None
