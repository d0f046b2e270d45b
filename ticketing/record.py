"""What happens to a ticket besides its status (办理记录): the row locked, the version raised, the chain kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from ticketing import audit, reminders
from ticketing.errors import Invalid, Stale
from ticketing.models import Status, Ticket
from ticketing.transitions import MAX_NOTE, lock
from ticketing.workflow import Actor


def take(session: Session, ticket_id: UUID, expected_version: int | None = None) -> Ticket:
    """The locked ticket, or `Stale` when it is not what the caller saw."""
    ticket = lock(session, ticket_id)
    if expected_version is not None and ticket.version != expected_version:
        raise Stale("ticket_changed", version=ticket.version)
    return ticket


def write(
    session: Session,
    ticket: Ticket,
    action: str,
    actor: Actor,
    now: datetime,
    *,
    note: str | None = None,
    data: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> int:
    """Add an event to a locked ticket; returns its sequence number.

    A `quiet` one leaves the version alone: nobody's open form gets stale because the ticket was urged or watched.
    """
    if note is not None and len(note) > MAX_NOTE:
        raise Invalid("field_too_long", field="note", limit=MAX_NOTE)
    ticket.version += not quiet
    session.flush()
    status = Status(ticket.status)
    event = audit.append(
        session, ticket.id, action, actor, now, from_status=status, to_status=status, note=note, data=dict(data or {})
    )
    reminders.of_event(session, ticket, action, event, now)
    return event


def text_of(value: str | None, field: str, limit: int = MAX_NOTE) -> str:
    """A text that must be there and not too long."""
    text = (value or "").replace("\0", "").strip()
    if not text:
        raise Invalid("field_missing", field=field)
    if len(text) > limit:
        raise Invalid("field_too_long", field=field, limit=limit)
    return text
