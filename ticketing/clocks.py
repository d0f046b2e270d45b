"""Clocks (时限) of a ticket: each due time is a new revision with its rule; nothing is updated in place."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from ticketing.city import City
from ticketing.deadlines import Due, Limit, due
from ticketing.models import Clock, new_id
from ticketing.statements import table_of

_CLOCK = table_of(Clock)


class ClockName(StrEnum):
    """The citizen's clock, the unit's (sign, finish, first contact) and the hotline's own steps."""

    CITIZEN = "citizen"
    SIGN = "sign"
    FINISH = "finish"
    FIRST_CONTACT = "first_contact"
    DISPATCH = "dispatch"
    REVIEW = "review"
    CALLBACK = "callback"


def start(
    session: Session, city: City, ticket_id: UUID, name: ClockName, limit: Limit, now: datetime, cause: str
) -> Due:
    """Start a clock anew from now; the ticket's row is locked by the caller."""
    found = due(city.calendar, now, limit)
    revision = select(func.coalesce(func.max(_CLOCK.c.revision), 0) + 1).where(
        _CLOCK.c.ticket_id == ticket_id, _CLOCK.c.name == name
    )
    row = {
        "id": new_id(),
        "ticket_id": ticket_id,
        "name": name.value,
        "started_at": now,
        "due_at": found.at,
        "rule": found.rule,
        "basis": found.basis,
        "provisional": found.provisional,
        "cause": cause,
        "explanation": found.explanation(),
        "set_at": now,
    }
    session.execute(insert(_CLOCK).values(revision=revision.scalar_subquery(), **row))
    return found
