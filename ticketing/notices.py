"""Telling the citizen: “this ticket, purpose X”. Which channel carries it is decided when it is sent."""

from __future__ import annotations

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


def reachable(ticket: Ticket) -> bool:
    """Whether there is a way to the citizen, and the citizen wants to hear."""
    return ticket.wants_reply and (ticket.citizen_id is not None or ticket.conversation_id is not None)


def askable(ticket: Ticket) -> bool:
    """Whether the citizen may be asked about the answer: 匿名 and 不需回访 are not."""
    return reachable(ticket) and not ticket.anonymous


def tell(session: Session, ticket: Ticket, purpose: Purpose, event: int, now: datetime) -> None:
    """Put one message to the citizen into the outbox; the event's number keeps it single."""
    if not reachable(ticket) or (purpose is Purpose.SURVEY and not askable(ticket)):
        return
    payload = {"ticket_id": str(ticket.id), "purpose": purpose.value, "event": event}
    jobs.enqueue(session, CITIZEN_MESSAGE, f"{CITIZEN_MESSAGE}:{ticket.id}:{event}:{purpose}", payload, now)
