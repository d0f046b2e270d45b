"""Telling the citizen: “this ticket, purpose X”. Which channel carries it is decided when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from ticketing import jobs
from ticketing.models import Ticket

CITIZEN_MESSAGE = "citizen_message"


class Purpose(StrEnum):
    """What a citizen is told."""

    REGISTERED = "registered"
    DISPATCHED = "dispatched"
    ANSWERED = "answered"
    SURVEY = "survey"
    REWORK = "rework"
    CLOSED = "closed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXTENDED = "extended"
    INTERIM = "interim"
    SUSPENDED = "suspended"
    RESUMED = "resumed"


def reachable(ticket: Ticket) -> bool:
    """Whether there is a way to the citizen, and the citizen wants to hear."""
    return ticket.wants_reply and (ticket.citizen_id is not None or ticket.conversation_id is not None)


def askable(ticket: Ticket) -> bool:
    """Whether the citizen may be asked about the answer: 匿名 and 不需回访 are not."""
    return reachable(ticket) and not ticket.anonymous


def tell(
    session: Session,
    ticket: Ticket,
    purpose: Purpose,
    event: int,
    now: datetime,
    *,
    more: Mapping[str, str] | None = None,
    secret: Mapping[str, str] | None = None,
) -> None:
    """Put one message to the citizen into the outbox; the event's number keeps it single.

    `more` joins the payload: `until` a due time, `request_id` a request that takes effect once the citizen is told.
    """
    if not reachable(ticket) or (purpose is Purpose.SURVEY and not askable(ticket)):
        return
    payload = {"ticket_id": str(ticket.id), "purpose": purpose.value, "event": event} | dict(more or {})
    key = f"{CITIZEN_MESSAGE}:{ticket.id}:{event}:{purpose}"
    jobs.enqueue(session, CITIZEN_MESSAGE, key, payload, now, secret=secret)
