"""Clocks (时限) of a ticket: each due time is a new revision with its rule; nothing is updated in place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
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
    REQUEST = "request"


def start(
    session: Session, city: City, ticket_id: UUID, name: ClockName, limit: Limit, now: datetime, cause: str
) -> Due:
    """Start a clock anew from now; the ticket's row is locked by the caller."""
    found = due(city.calendar, now, limit)
    write(session, ticket_id, name, found, now, cause, started_at=now)
    return found


def write(
    session: Session,
    ticket_id: UUID,
    name: ClockName,
    found: Due,
    now: datetime,
    cause: str,
    *,
    started_at: datetime,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Add a revision of a clock; `more` joins its explanation (what a pause or an extension started from)."""
    revision = select(func.coalesce(func.max(_CLOCK.c.revision), 0) + 1).where(
        _CLOCK.c.ticket_id == ticket_id, _CLOCK.c.name == name
    )
    row = {
        "id": new_id(),
        "ticket_id": ticket_id,
        "name": name.value,
        "started_at": started_at,
        "due_at": found.at,
        "rule": found.rule,
        "basis": found.basis,
        "provisional": found.provisional,
        "cause": cause,
        "explanation": found.explanation() | dict(more or {}),
        "set_at": now,
    }
    session.execute(insert(_CLOCK).values(revision=revision.scalar_subquery(), **row))


def latest(session: Session, ticket_id: UUID, name: ClockName) -> Clock:
    """The revision of a clock that counts now; asking for a clock that never ran is a bug."""
    return session.scalars(
        select(Clock).where(Clock.ticket_id == ticket_id, Clock.name == name).order_by(Clock.revision.desc()).limit(1)
    ).one()


def limit_of(clock: Clock) -> Limit:
    """The limit a revision rests on."""
    return Limit.parse(clock.rule, clock.basis)
