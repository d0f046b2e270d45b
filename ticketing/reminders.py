"""Telling staff (工作提醒): “this ticket, matter X, for whom”; which way it goes is decided when it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from ticketing import jobs

STAFF_REMINDER = "staff_reminder"


def remind(
    session: Session, ticket_id: UUID, matter: str, key: str, now: datetime, *, to: str, department: str | None
) -> bool:
    """Put one reminder into the outbox; False when the same `key` was asked for before.

    `to` is department, leader, supervisor or hotline; `department` says whose.
    """
    payload: dict[str, Any] = {"ticket_id": str(ticket_id), "matter": matter, "to": to, "department": department}
    return jobs.enqueue(session, STAFF_REMINDER, f"{STAFF_REMINDER}:{ticket_id}:{key}", payload, now)
