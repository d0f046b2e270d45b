"""Telling staff (工作提醒): “this ticket, matter X, for whom”; which way it goes is decided when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from ticketing import jobs
from ticketing.models import Ticket

STAFF_REMINDER, STAFF_EVENT = "staff_reminder", "staff_event"
OF_EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "dispatch": "department",
        "rework": "department",
        "send_back": "department",
        "withdraw": "department",
        "supplement": "department",
        "set_urgency": "department",
        "approve": "department",
        "deny": "department",
        "rule": "department",
        "return": "dispatcher",
        "unmerge": "dispatcher",
        "answer": "reviewer",
        "request": "reviewer",
    }
)
"""Who is told of an event of a ticket; whatever is watched over (预警, 督办, 红黄牌 …) reminds by itself."""


def remind(
    session: Session, ticket_id: UUID, matter: str, key: str, now: datetime, *, to: str, department: str | None
) -> bool:
    """Put one reminder into the outbox; False when the same `key` was asked for before.

    `to` is department, leader, supervisor, hotline, dispatcher, reviewer or callback; `department` says whose.
    """
    payload: dict[str, Any] = {"ticket_id": str(ticket_id), "matter": matter, "to": to, "department": department}
    return jobs.enqueue(session, STAFF_REMINDER, f"{STAFF_REMINDER}:{ticket_id}:{key}", payload, now)


def of_event(session: Session, ticket: Ticket, action: str, event: int, now: datetime) -> None:
    """Remind whoever has to go on after an event; without a department there is no department to tell."""
    to = OF_EVENTS.get(action)
    if to is None or (to == "department" and ticket.lead_department is None):
        return
    payload = {"ticket_id": str(ticket.id), "matter": str(action), "to": to, "department": ticket.lead_department}
    jobs.enqueue(session, STAFF_EVENT, f"{STAFF_EVENT}:{ticket.id}:{event}", payload, now)
