"""What an Open311 client may know of tickets (公开诉求): no contacts, no places, no confidential matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ticketing.city import City
from ticketing.errors import NotFound
from ticketing.models import Kind, Status, Ticket
from ticketing.queries import visible
from ticketing.workflow import FINAL, Actor

SPAN = timedelta(days=90)
MAX_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests: `numbers` alone, or the others together."""

    numbers: Sequence[str] = ()
    kinds: Sequence[Kind] = ()
    open: bool | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """One ticket as it is told; `description` is the redacted text."""

    number: str
    kind: Kind
    open: bool
    status: Status
    description: str
    department: str | None
    requested_at: datetime
    updated_at: datetime
    expected_at: datetime


def open_requests(session: Session, city: City, actor: Actor, wanted: Wanted, now: datetime) -> tuple[OpenRequest, ...]:
    """The newest requests an actor may see, of 90 days and a thousand at most."""
    query = select(Ticket).where(
        Ticket.city == city.code, visible(actor), ~Ticket.confidential, Ticket.kind != Kind.REPORT
    )
    chosen = [Ticket.number.in_(wanted.numbers)] if wanted.numbers else _filters(wanted, now)
    rows = session.scalars(query.where(*chosen).order_by(Ticket.registered_at.desc()).limit(MAX_ROWS))
    return tuple(_told(ticket) for ticket in rows)


def open_request(session: Session, city: City, actor: Actor, number: str, now: datetime) -> OpenRequest:
    """One request by its number."""
    found = open_requests(session, city, actor, Wanted(numbers=(number,)), now)
    if not found:
        raise NotFound("ticket_not_found")
    return found[0]


def _filters(wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    """A span is never longer than 90 days: an open end is set from the other one."""
    end = wanted.end or (wanted.start + SPAN if wanted.start else now)
    start = max(wanted.start or end - SPAN, end - SPAN)
    filters: list[ColumnElement[bool]] = [Ticket.registered_at >= start, Ticket.registered_at <= end]
    if wanted.kinds:
        filters.append(Ticket.kind.in_(wanted.kinds))
    if wanted.open is not None:
        filters.append(Ticket.status.not_in(FINAL) if wanted.open else Ticket.status.in_(FINAL))
    return filters


def _told(ticket: Ticket) -> OpenRequest:
    moments = (ticket.closed_at, ticket.answered_at, ticket.signed_at, ticket.dispatched_at, ticket.registered_at)
    return OpenRequest(
        number=ticket.number,
        kind=Kind(ticket.kind),
        open=ticket.status not in FINAL,
        status=Status(ticket.status),
        description=ticket.content_redacted,
        department=ticket.lead_department,
        requested_at=ticket.registered_at,
        updated_at=max(moment for moment in moments if moment is not None),
        expected_at=ticket.promised_at,
    )
