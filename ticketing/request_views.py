"""Requests as pages show them: those of a ticket, and those that wait for somebody's decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from routing.language.redaction import redact
from ticketing.city import City
from ticketing.errors import Conflict, Forbidden
from ticketing.models import Request, RequestKind, RequestStatus, Role, Status, Ticket
from ticketing.privacy import unseal, unseal_json
from ticketing.request_rules import check_decide
from ticketing.workflow import Actor

TELLERS = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.CALLBACK, Role.REVIEWER, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request, and whether the person who looks may decide it or tell the citizen."""

    id: UUID
    number: str
    title: str
    kind: str
    status: str
    department: str | None
    asked_role: str
    asked_at: datetime
    due_at: datetime
    reason_code: str
    basis: str | None
    note: str
    interim: str | None
    to_department: str | None
    until: datetime | None
    decision: str | None
    decided_at: datetime | None
    effective_at: datetime | None
    may_decide: bool
    may_tell: bool


def of_ticket(session: Session, ticket_id: UUID, actor: Actor) -> tuple[RequestView, ...]:
    """The requests of a ticket, oldest first; the caller knows that the actor may see the ticket."""
    query = _query().where(Request.ticket_id == ticket_id).order_by(Request.id)
    rows = session.execute(query)
    return tuple(_view(session, request, ticket, actor) for request, ticket in rows)


def waiting(session: Session, city: City, actor: Actor, limit: int = 100) -> tuple[RequestView, ...]:
    """What this person may decide, or tell a citizen about, the most pressing first."""
    open_ = Request.status.in_((RequestStatus.PENDING, RequestStatus.APPROVED))
    rows = session.execute(_query().where(open_, Ticket.city == city.code).order_by(Request.due_at).limit(limit))
    views = (_view(session, request, ticket, actor) for request, ticket in rows)
    return tuple(view for view in views if view.may_decide or view.may_tell)


def _query() -> Select[Request, Ticket]:
    return select(Request, Ticket).join(Ticket, Ticket.id == Request.ticket_id)


def _view(session: Session, request: Request, ticket: Ticket, actor: Actor) -> RequestView:
    words = unseal_json(session, request.note_sealed)
    hidden = actor.role is Role.DEPARTMENT and ticket.confidential
    return RequestView(
        request.id,
        ticket.number,
        ticket.title,
        request.kind,
        request.status,
        request.department,
        request.asked_role,
        request.asked_at,
        request.due_at,
        request.reason_code,
        request.basis,
        redact(words["note"]).text if hidden else words["note"],
        words["interim"],
        request.to_department,
        request.until,
        unseal(session, request.decision_sealed) if request.decision_sealed else None,
        request.decided_at,
        request.effective_at,
        request.status == RequestStatus.PENDING and _may_decide(request, ticket, actor),
        request.status == RequestStatus.APPROVED and actor.role in TELLERS,
    )


def _may_decide(request: Request, ticket: Ticket, actor: Actor) -> bool:
    try:
        check_decide(RequestKind(request.kind), Status(ticket.status), actor, request.asked_by)
    except (Forbidden, Conflict):
        return False
    return True
