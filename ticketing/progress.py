"""The citizen's view of a ticket (进度查询): by number and query code, or number and phone; attempts are limited."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import rounds
from ticketing.citizens import phone_index, read_phone
from ticketing.errors import Invalid, TooManyAttempts
from ticketing.models import Citizen, Status, Ticket, TicketEvent
from ticketing.numbering import read_number, same_code
from ticketing.privacy import unseal
from ticketing.workflow import Action

MAX_FAILURES = 5
LOCKED = timedelta(minutes=30)
PUBLIC = frozenset(Action) - {Action.MERGE, Action.UNMERGE, Action.SEND_BACK} | {"take_effect", "resume", "urge"}
ANSWER_SHOWN = frozenset({Status.CALLBACK, Status.CLOSED})
_TOLD = ("department", "assisting", "rework", "reason", "outlet", "kind", "until")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, as the citizen may know it: `code` is the action's label."""

    at: datetime
    code: str
    department: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a matter stands; `status` has its label, `answer` appears once it passed its review."""

    ticket_id: UUID
    number: str
    title: str
    kind: str
    status: Status
    department: str | None
    steps: tuple[Step, ...]
    promised_at: datetime
    answer: str | None
    can_rate: bool
    survey_token: str | None


def progress(
    session: Session, number: str, *, code: str | None = None, phone: str | None = None, now: datetime
) -> Progress | None:
    """The progress of a ticket for who knows its query code or its phone number; needs a writing session.

    None for an unknown number and for a wrong code alike; wrong codes are counted, so the caller's transaction must
    commit, and too many lock the query for a while.
    """
    known = read_number(number)
    found = select(Ticket).where(Ticket.number == known).with_for_update() if known else None
    ticket = session.execute(found).scalar_one_or_none() if found is not None else None
    if ticket is None:
        return None
    if ticket.query_locked_until is not None and ticket.query_locked_until > now:
        raise TooManyAttempts("query_locked", until=ticket.query_locked_until)
    if not _may_know(session, ticket, code, phone):
        _count_failure(ticket, now)
        session.flush()
        return None
    ticket.query_failures = 0
    session.flush()
    return of_ticket(session, ticket)


def _may_know(session: Session, ticket: Ticket, code: str | None, phone: str | None) -> bool:
    if code is not None and same_code(session, ticket.id, ticket.query_code_mac, code.strip()[:12]):
        return True
    if phone is None or ticket.citizen_id is None:
        return False
    try:
        given = phone_index(session, read_phone(phone))
    except Invalid:
        return False
    stored = session.execute(select(Citizen.phone_index).where(Citizen.id == ticket.citizen_id)).scalar_one()
    return hmac.compare_digest(stored, given)


def _count_failure(ticket: Ticket, now: datetime) -> None:
    ticket.query_failures += 1
    if ticket.query_failures >= MAX_FAILURES:
        ticket.query_failures, ticket.query_locked_until = 0, now + LOCKED


def of_ticket(session: Session, ticket: Ticket) -> Progress:
    """The citizen's view of a ticket whose asker is known already."""
    status = Status(ticket.status)
    token = rounds.link_token(session, ticket.id) if status is Status.CALLBACK else None
    shown = status in ANSWER_SHOWN and ticket.answer_sealed is not None
    return Progress(
        ticket.id,
        ticket.number,
        ticket.title,
        ticket.kind,
        status,
        ticket.lead_department,
        _steps(session, ticket.id),
        ticket.promised_at,
        unseal(session, ticket.answer_sealed) if shown and ticket.answer_sealed else None,
        can_rate=token is not None,
        survey_token=token,
    )


def of_conversation(session: Session, conversation_id: UUID, limit: int = 5) -> tuple[Progress, ...]:
    """The tickets registered in a conversation, newest first: who speaks there is known by the channel's identity."""
    tickets = session.scalars(
        select(Ticket)
        .where(Ticket.conversation_id == conversation_id)
        .order_by(Ticket.registered_at.desc())
        .limit(limit)
    )
    return tuple(of_ticket(session, ticket) for ticket in tickets)


def of_citizen(session: Session, citizen_id: UUID, limit: int = 10) -> tuple[Progress, ...]:
    """A citizen's own tickets, newest first, for who has proved to be that citizen."""
    own = select(Ticket).where(Ticket.citizen_id == citizen_id)
    tickets = session.scalars(own.order_by(Ticket.registered_at.desc()).limit(limit))
    return tuple(of_ticket(session, ticket) for ticket in tickets)


def _steps(session: Session, ticket_id: UUID) -> tuple[Step, ...]:
    rows = session.execute(
        select(TicketEvent.at, TicketEvent.action, TicketEvent.data)
        .where(TicketEvent.ticket_id == ticket_id, TicketEvent.action.in_(PUBLIC))
        .order_by(TicketEvent.seq)
    )
    return tuple(
        Step(row.at, row.action, row.data.get("department"), {k: v for k, v in row.data.items() if k in _TOLD})
        for row in rows
    )
