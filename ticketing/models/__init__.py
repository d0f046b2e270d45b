"""The tables, one noun a file; importing this package registers them all."""

from __future__ import annotations

from ticketing.models.assignment import Assignment, Part
from ticketing.models.base import Base, UtcDateTime, new_id
from ticketing.models.callback import Callback, CallbackAttempt, CallbackStatus, Survey
from ticketing.models.citizen import Citizen
from ticketing.models.clock import Clock
from ticketing.models.conversation import Author, Conversation, Message, Owner
from ticketing.models.counter import NumberCounter
from ticketing.models.event import TicketEvent
from ticketing.models.outbox import OutboxRow
from ticketing.models.staff import LoginSession, Role, Staff
from ticketing.models.ticket import Kind, Status, Ticket, Urgency
from ticketing.models.unit import Unit

__all__ = [
    "Assignment",
    "Author",
    "Base",
    "Callback",
    "CallbackAttempt",
    "CallbackStatus",
    "Citizen",
    "Clock",
    "Conversation",
    "Kind",
    "LoginSession",
    "Message",
    "NumberCounter",
    "OutboxRow",
    "Owner",
    "Part",
    "Role",
    "Staff",
    "Status",
    "Survey",
    "Ticket",
    "TicketEvent",
    "Unit",
    "Urgency",
    "UtcDateTime",
    "new_id",
]
